"""The search for identifiers in logs and sources, beside its peers, on the same text in one run.

Promised, on one core and by processor time: 25 MB/s of logs and 100 MB/s of sources; 100 times
presidio's default recognizers on its NoOp engine on both; every planted identifier found; at most
0.3 finds a KB of log that nobody planted. Peers come as they are, with recognizers of their own:
it is what a user would run in our place.

Run it on a machine that does nothing else: `.venv/bin/python benchmarks/phi_bench.py [--mb N]
[--peer-kb N] [--docs] [--no-peers]`. `--docs` writes the table into docs/phi-speed.md.
"""

from __future__ import annotations

import argparse
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from _phi_corpora import generated_log, sources
from _phi_peers import peers

from clinigate.phi.finding import find_bytes, search_for
from clinigate.phi.matching.engines import ENGINES
from clinigate.phi.sweep import sights_in

LOGS_AT_LEAST, SOURCES_AT_LEAST, RATIO_AT_LEAST = 25.0, 100.0, 100.0
NOISE_PER_KB_AT_MOST = 0.3
_PIECE = 4096
DOCS = Path(__file__).resolve().parents[1] / "docs" / "phi-speed.md"
BEGIN, END = "<!-- written by benchmarks/phi_bench.py -->", "<!-- end -->"


@dataclass(frozen=True, slots=True)
class Speed:
    """Megabytes a second of processor, and finds a KB."""

    name: str
    log: float
    source: float
    noise: float


def seconds(work: Callable[[], object], rounds: int) -> float:
    """Return the least processor time of some rounds."""
    best = float("inf")
    for _ in range(rounds):
        start = time.process_time()
        work()
        best = min(best, time.process_time() - start)
    return best


def ours(log: bytes, code: bytes, rounds: int, engine: str) -> Speed:
    """Time the whole way from bytes to finds, with line, column and value."""
    search = search_for(0.8, engine=engine)
    found = [0]

    def run(data: bytes) -> None:
        found[0] = sum(1 for _ in sights_in([data], [search.hits]))

    slow = engine != ENGINES[0]
    log, code = (data[: 2**20] if slow else data for data in (log, code))
    source = len(code) / 1e6 / seconds(lambda: run(code), rounds)
    logs = len(log) / 1e6 / seconds(lambda: run(log), rounds)
    return Speed(f"clinigate, {engine}", logs, source, found[0] / (len(log) / 1024))


def theirs(log: str, code: str, rounds: int) -> list[Speed]:
    """Time the peers on pieces of 4 KB: none of them is made for more at once."""
    speeds = []
    for name, search in peers():
        found = [0]

        def run(text: str, search: Callable[[str], int] = search, found: list[int] = found) -> None:
            found[0] = sum(search(text[at : at + _PIECE]) for at in range(0, len(text), _PIECE))

        run(log[:_PIECE])
        source = len(code) / 1e6 / seconds(partial(run, code), rounds)
        logs = len(log) / 1e6 / seconds(partial(run, log), rounds)
        speeds.append(Speed(name, logs, source, found[0] / (len(log) / 1024)))
    return speeds


def table(speeds: list[Speed]) -> str:
    """Return the speeds as Markdown."""
    first = speeds[0]
    lines = [
        "| search | logs, MB/s | sources, MB/s | slower than ours | finds a KB of log |",
        "|---|---|---|---|---|",
    ]
    for each in speeds:
        times = f"{first.log / each.log:,.0f} / {first.source / each.source:,.0f} times"
        shown = "" if each is first else times
        lines.append(
            f"| {each.name} | {each.log:.3g} | {each.source:.3g} | {shown} | {each.noise:.2g} |"
        )
    return "\n".join(lines) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--mb", type=int, default=8, help="of each text that ours searches")
    parser.add_argument("--peer-kb", type=int, default=64, help="of each text that peers search")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--no-peers", action="store_true")
    parser.add_argument("--docs", action="store_true", help="write the table into the docs")
    options = parser.parse_args()
    text, planted = generated_log(options.mb * 10**6)
    log, code = text.encode(), sources(options.mb * 10**6)
    speeds = [ours(log, code, options.rounds, engine) for engine in ENGINES]
    if not options.no_peers:
        size = options.peer_kb * 1024
        speeds += theirs(text[:size], code[:size].decode("utf-8", "replace"), 1)
    print(shown := table(speeds))
    if options.docs:
        about = (
            f"Python {platform.python_version()}, {platform.machine()}, {options.mb} MB each, of "
            f"peers and slower engines less ({options.peer_kb} KB and 1 MB); processor time."
        )
        before, begin, rest = DOCS.read_text("utf-8").partition(BEGIN)
        _, end, after = rest.partition(END)
        DOCS.write_text(f"{before}{begin}\n{shown}\n{about}\n{end}{after}", "utf-8")
    spans = {(h.start, h.end) for h in find_bytes(log) if not h.placeholder}
    missed = [span for span in planted if span not in spans]
    noise = len(spans - set(planted)) / (len(log) / 1024)
    print(f"planted: {len(planted) - len(missed)} of {len(planted)} found; "
          f"not planted: {noise:.4f} a KB (at most {NOISE_PER_KB_AT_MOST:g})")  # fmt: skip
    first = speeds[0]
    ratios = [first.log / s.log for s in speeds if "presidio" in s.name]
    ratios += [first.source / s.source for s in speeds if "presidio" in s.name]
    held = {
        "logs": first.log >= LOGS_AT_LEAST,
        "sources": first.source >= SOURCES_AT_LEAST,
        "ratio": all(ratio >= RATIO_AT_LEAST for ratio in ratios),
        "planted": not missed,
        "noise": noise <= NOISE_PER_KB_AT_MOST,
    }
    print(", ".join(f"{name} {'holds' if ok else 'BROKEN'}" for name, ok in held.items()))
    return 0 if all(held.values()) else 1


if __name__ == "__main__":
    raise SystemExit(main())
