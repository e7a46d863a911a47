"""What a load run costs and how well it times, beside plain Locust and wrk in the same minutes.

Promised: at least 0.9 of the requests a second of processor that a plain FastHttpUser sends; p99 of
the arrivals' lag at most 10 ms at 100 arrivals a second; time to first token at most 8 ms off at 50
streams; p95 and p99 of a service that freezes 1 s in every 10 s within 2% of what its schedule
makes them. Run it: `.venv/bin/python benchmarks/load_bench.py [--rounds N] [--stall-s S]`.

Lag and times depend on how busy the machine is: of several rounds that one counts in which the
generator waited least for a processor, and how long it did is printed beside its figures.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import yaml

from clinigate.config.target import OpenAISpec
from clinigate.load.asking import asking_for
from clinigate.load.journal import JournalReader
from clinigate.load.launch import Fleet, generate
from clinigate.load.library import parse_profile
from clinigate.load.model import Arrivals
from clinigate.load.orders import Orders
from clinigate.load.shape import begins
from clinigate.load.tally import Signs
from clinigate.measure.histogram import Histogram

AT_LEAST_OF_PLAIN = 0.9
LAG_P99_AT_MOST_S = 0.010
FIRST_OFF_AT_MOST_S = 0.008
STALL_OFF_AT_MOST = 0.02

HERE = Path(__file__).parent
USERS = 32
TURNS = 20


class Server:
    """A running service of `_load_server.py`; what it noted is there once it has ended."""

    def __init__(self, process: subprocess.Popen[str], port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.process = process
        self.noted: list[float] = []


@contextmanager
def serving(mode: str) -> Iterator[Server]:
    process = subprocess.Popen(
        [sys.executable, str(HERE / "_load_server.py"), mode],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # asyncio complains there when plain Locust hangs up mid-stream
        text=True,
    )
    assert process.stdout is not None
    server = Server(process, int(process.stdout.readline()))
    try:
        yield server
    finally:
        out, _ = process.communicate("")
        server.noted = json.loads(out)


def played(
    server: Server,
    rate: float,
    seconds: float,
    *,
    turns: int = 1,
    stream: bool = False,
    seed: int = 0,
) -> JournalReader:
    """What our generator counted: conversations of so many turns, without a pause."""
    states: dict[str, Any] = {"last": {"say": ["Bye"], "end": True}}
    if turns > 1:
        ways = [{"to": "more", "p": 1 - 1 / turns}, {"to": "last", "p": 1 / turns}]
        states["more"] = {"say": ["I could not sleep again."], "next": ways}
    profile = {
        "schema": "clinigate.load-profile/1",
        "name": "bench",
        "title": "Bench",
        "arrivals": {"conversations_per_s": rate, "duration_s": seconds},
        "think": {"scale": 0},
        "personas": [
            {"name": "a", "weight": 1, "start": min(states, key="more".__ne__), "max_turns": turns}
        ],
        "states": states,
    }
    spec = OpenAISpec.model_validate(
        {"kind": "openai", "base_url": f"{server.url}/v1", "model": "m", "stream": stream}
    )
    loaded = parse_profile(yaml.safe_dump(profile), source="bench")
    orders = Orders(loaded.profile, asking_for(spec, HERE), seed)
    outcome = generate(orders, Fleet(), environ=os.environ)
    assert outcome.trouble is None, outcome.trouble
    assert outcome.journal.tally.failed == 0, outcome.journal.tally.errors
    return outcome.journal


def plain(mode: str, server: Server, seconds: float, users: int) -> dict[str, Any]:
    """What plain Locust measured."""
    done = subprocess.run(
        [
            sys.executable,
            str(HERE / "_plain_locust.py"),
            mode,
            server.url,
            str(seconds),
            str(users),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        check=True,
    )
    measured: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    assert not measured["failures"], measured
    return measured


def throughput(rounds: int) -> bool:
    """Requests a second of the generator's processor, in turns with a plain FastHttpUser."""
    ours, theirs = [], []
    with serving("fast") as server:
        for number in range(rounds):
            tally = played(server, 60, 5, turns=TURNS, seed=number).tally
            ours.append(tally.sent / sum(signs.cpu_s for signs in tally.signs.values()))
            measured = plain("post", server, 5, USERS)
            theirs.append(measured["requests"] / measured["cpu_s"])
    ratios = [a / b for a, b in zip(ours, theirs, strict=True)]
    print("requests a second of processor, conversations of 20 turns")
    print(f"  plain FastHttpUser        {median(theirs):8.0f}")
    print(f"  clinigate load            {median(ours):8.0f}   ratio {median(ratios):.2f}")
    return bool(median(ratios) >= AT_LEAST_OF_PLAIN)


def lag(rounds: int) -> bool:
    """How late conversations begin at 100 arrivals a second."""
    with serving("fast") as server:
        tried = [played(server, 100, 10, seed=number).tally for number in range(rounds)]
    tally = min(tried, key=lambda each: waited(each.signs))
    lag_p99 = tally.lag.quantile(0.99) or math.inf
    print(f"arrival lag at 100 arrivals a second, n={tally.lag.count}{delay(tally.signs)}")
    print(f"  p50 {(tally.lag.quantile(0.5) or 0) * 1e3:.2f} ms, p99 {lag_p99 * 1e3:.2f} ms")
    return lag_p99 <= LAG_P99_AT_MOST_S


def first_token() -> bool:
    """The error of the time to first token at 50 streams, against the service's own clock."""
    with serving("stream") as server:
        # A stream lasts 1.18 s: so many arrivals hold 50 of them.
        tally = played(server, 50 / 1.18, 8, stream=True).tally
    ours: float = (tally.stratum("a").first.quantile(0.5) or math.inf) - median(server.noted)
    with serving("stream") as server:
        measured = plain("stream", server, 8, 50)
    theirs: float = median(measured["first_s"]) - median(server.noted)
    print(f"error of the time to first token at 50 streams, p50{delay(tally.signs)}")
    print(f"  clinigate load            {ours * 1e3:8.1f} ms")
    print(f"  FastHttpUser.iter_lines   {theirs * 1e3:8.1f} ms")
    return bool(abs(ours) <= FIRST_OFF_AT_MOST_S)


def stall(seconds: float, rounds: int) -> bool:
    """p95 and p99 of a service that freezes, against what the schedule makes them."""
    tried = []
    for number in range(rounds):
        with serving("stall") as server:
            journal = played(server, 100, seconds, seed=number)
        tried.append((journal, expected(journal, server.noted, seconds, number)))
    journal, truth = min(tried, key=lambda pair: waited(pair[0].tally.signs))
    latency = journal.tally.stratum("a").latency
    with serving("stall") as server:
        closed = plain("closed", server, seconds, 10)
    print(f"a service that freezes 1 s in every 10 s, for {seconds:g} s: p95 and p99", end="")
    print(delay(journal.tally.signs))
    print(f"  truth (open, 100/s)       {shown(truth)}")
    print(f"  clinigate load            {shown(latency)}   off by {off(latency, truth):.1%}")
    p95, p99 = (float(closed[name]) * 1e3 for name in ("p95_s", "p99_s"))
    print(f"  Locust, 10 users in turn  {p95:8.0f} ms {p99:8.0f} ms")
    if shutil.which("wrk"):
        print(f"  wrk, 10 connections              - ms {wrk_p99(seconds):>8} ms")
    return off(latency, truth) <= STALL_OFF_AT_MOST


def expected(
    journal: JournalReader, frozen: Sequence[float], seconds: float, seed: int
) -> Histogram:
    """What each arrival of the schedule had to wait, by when the service stood still."""
    arrivals = begins(Arrivals(conversations_per_s=100, duration_s=seconds), seed=seed)
    spans = list(zip(frozen[::2], frozen[1::2], strict=False))
    truth = Histogram()
    for at in arrivals:
        moment = journal.zero_wall + at
        rest = next((end - moment for begin, end in spans if begin <= moment < end), 0.0)
        truth.record(rest + 0.005)
    return truth


def wrk_p99(seconds: float) -> str:
    with serving("stall") as server:
        command = ["wrk", "-t1", "-c10", f"-d{seconds:g}s", "--latency", f"{server.url}/"]
        out = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
    found = re.search(r"99%\s+([\d.]+)(ms|s|us)", out)
    assert found is not None, out
    return f"{float(found[1]) * {'ms': 1, 's': 1000, 'us': 0.001}[found[2]]:.0f}"


def shown(histogram: Histogram) -> str:
    return " ".join(f"{(histogram.quantile(q) or 0) * 1e3:8.0f} ms" for q in (0.95, 0.99))


def off(found: Histogram, truth: Histogram) -> float:
    pairs = [(found.quantile(q) or 0.0, truth.quantile(q) or math.inf) for q in (0.95, 0.99)]
    return max(abs(a / b - 1) for a, b in pairs)


def waited(signs: Mapping[str, Signs]) -> float:
    """The share of the time in which a generator waited for a processor."""
    return sum(s.run_delay_s for s in signs.values()) / sum(s.wall_s for s in signs.values())


def delay(signs: Mapping[str, Signs]) -> str:
    return f" (generator waited for a processor {waited(signs):.1%} of the time)"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="of throughput and lag")
    parser.add_argument("--stall-s", type=float, default=40.0, help="length of the stall test")
    options = parser.parse_args()
    held = {
        f"throughput >= {AT_LEAST_OF_PLAIN} of plain": throughput(options.rounds),
        f"arrival lag p99 <= {LAG_P99_AT_MOST_S * 1e3:g} ms": lag(options.rounds),
        f"first token off by <= {FIRST_OFF_AT_MOST_S * 1e3:g} ms": first_token(),
        f"stall p95 and p99 off by <= {STALL_OFF_AT_MOST:.0%}": stall(options.stall_s, 2),
    }
    for promise, kept in held.items():
        print(f"{'holds ' if kept else 'BROKEN'}  {promise}")
    return int(not all(held.values()))


if __name__ == "__main__":
    raise SystemExit(main())
