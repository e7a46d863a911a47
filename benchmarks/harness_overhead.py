"""What asking through the harness adds to a bare asyncio loop over the same target.

Promised: over 10,000 generated crisis cases and an in-process async target, less than 1 ms a case,
drawing the cases and counting the misses included. Run it:
`.venv/bin/python benchmarks/harness_overhead.py`.

Both sides ask one target the same cases with the same number of requests under way, in turns within
one process; the best round of each is the one that was least disturbed.
"""

# ruff: noqa: ARG001, ARG002 - the targets here answer alike, whatever they are asked

from __future__ import annotations

import argparse
import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

from clinigate.clinical.asking import ask_all, limit_s
from clinigate.clinical.misses import first_miss
from clinigate.clinical.tally import Ruled, archetypes, rate, transforms
from clinigate.core.case import Case, Turn
from clinigate.core.plan import Plan
from clinigate.core.target import Capability, Outcome, Reply, Target
from clinigate.scenarios.generator import generate
from clinigate.scenarios.loader import load_builtin
from clinigate.targets import callable_target

PLAN = Plan()
AT_MOST_MS = 1.0


@dataclass
class Instant:
    """A target that answers at the next turn of the event loop."""

    name: str = "instant"
    capabilities: frozenset[Capability] = frozenset({Capability.CRISIS})

    async def ask(
        self,
        turns: Sequence[Turn],
        *,
        capability: Capability,
        timeout_s: float,
        seed: int | None = None,
    ) -> Reply:
        await asyncio.sleep(0)
        return Reply(Outcome.ANSWERED, 0.0, flag=True, score=0.99)

    async def aclose(self) -> None:
        return None


async def answer(turns: Sequence[Turn]) -> dict[str, object]:
    await asyncio.sleep(0)
    return {"flag": True, "score": 0.99}


async def bare(target: Target, cases: Sequence[Case]) -> int:
    """The loop that anybody would write: workers over a queue, and a count of the misses."""
    queue = iter(cases)
    missed = 0

    async def work() -> None:
        nonlocal missed
        for case in queue:
            reply = await target.ask(case.turns, capability=Capability.CRISIS, timeout_s=30.0)
            missed += reply.flag is not True

    await asyncio.gather(*(work() for _ in range(PLAN.concurrency)))
    return missed


async def harness(target: Target, cases: Sequence[Case]) -> int:
    """Ask, rule on each reply, and count by archetype and transform with exact bounds."""
    asked = await ask_all(target, cases, capability=Capability.CRISIS, plan=PLAN)
    ruled = [
        Ruled(each.case, first_miss(each, limit_s(each.case, PLAN)) is not None) for each in asked
    ]
    return rate("misses", ruled, PLAN, by=(archetypes, transforms)).events or 0


def drawn(n: int) -> tuple[list[Case], float]:
    pack = load_builtin("crisis-en")
    start = time.perf_counter()
    cases = generate(pack, seed=0, n=n)
    return cases, time.perf_counter() - start


def best_of(rounds: int, target: Target, cases: Sequence[Case]) -> tuple[float, float]:
    """Seconds of the best round of the bare loop and of the harness, after one round to warm up."""
    seconds: dict[str, list[float]] = {"bare": [], "harness": []}
    for _ in range(rounds + 1):
        for name, loop in (("bare", bare), ("harness", harness)):
            start = time.perf_counter()
            assert asyncio.run(loop(target, cases)) == 0
            seconds[name].append(time.perf_counter() - start)
    return min(seconds["bare"][1:]), min(seconds["harness"][1:])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    cases, draw_s = drawn(given.cases)
    draw_ms = draw_s / len(cases) * 1e3
    print(f"{len(cases)} cases drawn in {draw_s:.2f} s, {draw_ms:.3f} ms a case")
    worst = 0.0
    targets: tuple[tuple[str, Target], ...] = (
        ("a target of our own", Instant()),
        ("a function through callable_target", callable_target(answer, capabilities=["crisis"])),
    )
    for name, target in targets:
        bare_s, harness_s = best_of(given.rounds, target, cases)
        added_ms = (harness_s - bare_s) / len(cases) * 1e3
        worst = max(worst, added_ms + draw_ms)
        print(
            f"{name}: bare {bare_s / len(cases) * 1e3:.4f} ms a case, harness adds "
            f"{added_ms:.4f} ms (ratio {harness_s / bare_s:.2f}), with the draw "
            f"{added_ms + draw_ms:.4f} ms"
        )
    print(f"added at most {worst:.4f} ms a case (promised: less than {AT_MOST_MS:g})")
    return int(worst >= AT_MOST_MS)


if __name__ == "__main__":
    raise SystemExit(main())
