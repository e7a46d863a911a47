"""A program that joins a run by CLINIGATE_RUN, without Clinigate: quick to start, easy to kill.

stub.py METRIC SECONDS [exit=N] [die | hang | open | silent | mute] [unless=FILE] [say=TEXT] [zero]
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from pathlib import Path


def main() -> int:
    metric, seconds, *words = sys.argv[1:]
    told = dict(word.split("=", 1) for word in words if "=" in word)
    if "unless" in told and Path(told["unless"]).exists():
        words, told, seconds = [word for word in words if word == "zero"], {}, "0"
    if "say" in told:
        print(told["say"], flush=True)
    code = int(told.get("exit", "0"))
    if "silent" in words:
        return code
    record(metric, float(seconds), words)
    return code


def record(metric: str, seconds: float, words: list[str]) -> None:
    run = Path(os.environ["CLINIGATE_RUN"])
    with (run / "spool" / f"stub-{os.getpid()}.ndjson").open("a", encoding="utf-8") as spool:

        def write(kind: str, body: object) -> None:
            line = {"body": body, "ts": moment(), "type": kind}
            spool.write(json.dumps(line, sort_keys=True, separators=(",", ":")) + "\n")
            spool.flush()

        write("start", {"producer": "stub", "run": run.name, "tokens": "own"})
        write("note", {"topic": "evaluation", "about": announced(metric, "zero" in words)})
        if "mute" not in words:
            write("observation", observed(metric, seconds, "zero" in words))
        print("recorded", flush=True)
        if "die" in words:
            os.kill(os.getpid(), signal.SIGKILL)
        if "hang" in words:
            signal.sigwait({signal.SIGINT})
        if "open" not in words:
            write("finish", {"records": 3, "redactions": [], "status": "COMPLETE"})


def announced(metric: str, zero: bool) -> object:
    criterion = {"id": metric, "metric": metric, "relation": "<", "limit": 30.0}
    if zero:
        criterion |= {"relation": "<=", "limit": 0.0, "zero_tolerance": True, "min_n": 1}
    return {"target": "stub", "declared": [], "criteria": [criterion], "packs": []}


def observed(metric: str, seconds: float, zero: bool) -> object:
    about = {"_type": "Measurement", "metric": metric, "kind": "worst", "value": seconds, "n": 1}
    about |= {"unit": "s", "events": 0}
    if zero:
        about |= {"kind": "rate", "unit": "1", "value": seconds, "events": int(seconds)}
    return {"check": "CG-STUB-001", "about": about, "controls": [], "evidence": []}


def moment() -> str:
    now = time.time_ns() // 1000
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(now // 10**6))}.{now % 10**6:06}Z"


if __name__ == "__main__":
    raise SystemExit(main())
