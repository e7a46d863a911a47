"""`clinigate repro`: replay one case with everything shown."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import click

from clinigate.cli.exits import ExitCode
from clinigate.cli.options import config_option
from clinigate.clinical import draw
from clinigate.config.loader import load_config
from clinigate.core.canonical import canonical_text
from clinigate.core.case import Case
from clinigate.core.plan import Plan
from clinigate.core.target import Capability, Outcome, Reply, Target
from clinigate.errors import ConfigError, TargetError, UsageError
from clinigate.pipeline.setup import Overrides, prepare
from clinigate.reports.text import visible
from clinigate.targets import build_target

__all__ = ["DRAWN", "command"]

#: Between them they draw every case that a check asks.
DRAWN = (
    draw.detection,
    draw.crises,
    draw.emotions,
    draw.therapy,
    draw.idioms,
    draw.pairs,
)

_ASKED = (Capability.CRISIS, Capability.CHAT, Capability.EMOTION)

#: An empty reply and a refusal are how a system behaves; the rest says that nobody was there.
_HEARD = frozenset({Outcome.ANSWERED, Outcome.EMPTY, Outcome.REFUSED})


@click.command("repro")
@click.argument("case_id")
@config_option
@click.option(
    "--seed", type=click.IntRange(min=0), help="Seed of case generation (default: [run] seed)."
)
@click.option("--offline", is_flag=True, help="Show the case without asking the target.")
def command(case_id: str, config: Path | None, seed: int | None, offline: bool) -> int:
    """Replay CASE_ID against the configured target and show all that was sent and answered.

    The answer goes to your terminal and into no evidence; characters that act unseen are written
    out. The exit code is 2 when the target could not be asked.
    """
    loaded = load_config(config)
    case = _find(prepare(loaded, Overrides(seed=seed, only_cases=frozenset({case_id}))).plan)
    for line in _describe(case):
        click.echo(line)
    if offline:
        return ExitCode.OK
    if loaded.config.target is None:
        raise ConfigError(f"{loaded.source}: no [target] to ask; --offline shows the case alone")
    target = build_target(loaded.config.target, base_dir=loaded.base_dir)
    replies = asyncio.run(_ask(target, case))
    for capability, reply in replies.items():
        for line in _answer(capability, reply):
            click.echo(visible(line))
    unheard = [name for name, reply in replies.items() if reply.outcome not in _HEARD]
    if unheard:
        raise TargetError(f"{target.name}: no usable answer to {', '.join(unheard)}; see above why")
    return ExitCode.OK


def _find(plan: Plan) -> Case:
    """Draw as the checks do, and keep the one case that the plan is restricted to."""
    for drawn in DRAWN:
        for case in drawn(plan):
            if case.id in plan.only_cases:
                return case
    raise UsageError(
        f"no case {next(iter(plan.only_cases))!r} in the configured packs at seed {plan.seed}; "
        "ids are printed with each finding, and --seed must be the run's"
    )


async def _ask(target: Target, case: Case) -> dict[Capability, Reply]:
    try:
        return {
            capability: await target.ask(
                case.turns, capability=capability, timeout_s=case.expect.max_latency_s
            )
            for capability in _ASKED
            if capability in target.capabilities
        }
    finally:
        await target.aclose()


def _describe(case: Case) -> Iterator[str]:
    yield f"case       {case.id}  ({case.pack}, core {case.cluster.core}, {case.split})"
    yield f"archetype  {case.archetype}  severity {case.severity}  label {case.label}"
    if case.slice:
        yield f"slice      {', '.join(f'{k}={v}' for k, v in case.slice.items())}"
    chain = " → ".join(f"{t.name}/{t.version} (seed {t.seed})" for t in case.transforms)
    yield f"transforms {chain or 'none'}"
    expected = [f"flag {case.expect.flag}"] if case.expect.flag is not None else []
    expected += [f"emotion {case.expect.emotion}"] if case.expect.emotion else []
    yield f"expected   {', '.join(expected) or 'a reply'}"
    yield f"obliged    {' '.join(case.expect.obligations) or '-'}"
    yield f"forbidden  {' '.join(case.expect.forbidden) or '-'}"
    for turn in case.turns:
        yield f"{turn.role:>9} │ {turn.text}"


def _answer(capability: Capability, reply: Reply) -> Iterator[str]:
    took = f"{reply.latency_s * 1000:.1f} ms, {reply.attempts} attempt(s)"
    yield f"\n{capability}: {reply.outcome}, {took}"
    for failure in reply.failures:
        yield f"   failed before: {failure}"
    for name in ("error", "flag", "score", "emotion", "text"):
        value = getattr(reply, name)
        if value is not None:
            yield f"   {name}: {value}"
    if reply.raw:
        yield f"   raw: {canonical_text(dict(reply.raw))}"
