"""`python -m clinigate.reference.cluster`: run a cluster until Ctrl-C, or until stdin ends."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import threading
from pathlib import Path

from clinigate.errors import ClinigateError, UsageError
from clinigate.reference import MODELS, NOTICE
from clinigate.reference.cluster.running import running_cluster

_EXIT_OK, _EXIT_FAILED, _EXIT_USAGE = 0, 2, 4


def main(argv: list[str] | None = None) -> int:
    """Run until told to stop, and return the exit code."""
    options = vars(_parser().parse_args(argv))
    lifeline = options.pop("exit_with_stdin")
    try:
        for name in ("dsn", "cache_url"):
            options[name] = _from_environment(options.pop(f"{name}_env"))
        with running_cluster(options.pop("replicas"), **options) as topology:
            entry = json.loads(topology.read_text(encoding="utf-8"))["entry"]
            said = {"topology": str(topology), "url": entry["url"]}
            print(json.dumps({"status": "ready", **said}), flush=True)
            _wait(lifeline=lifeline)
    except UsageError as error:
        return _say(error, _EXIT_USAGE)
    except ClinigateError as error:
        return _say(error, _EXIT_FAILED)
    return _EXIT_OK


def _wait(*, lifeline: bool) -> None:
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    if lifeline:
        threading.Thread(target=_until_stdin_ends, args=(stop,), daemon=True).start()
    stop.wait()


def _until_stdin_ends(stop: threading.Event) -> None:
    sys.stdin.buffer.read()
    stop.set()


def _from_environment(name: str | None) -> str:
    if name is None:
        return ""
    if not os.environ.get(name):
        raise UsageError(f"the environment variable {name} is empty; put the address there")
    return os.environ[name]


def _parser() -> argparse.ArgumentParser:
    program = "python -m clinigate.reference.cluster"
    parser = argparse.ArgumentParser(prog=program, description=NOTICE)
    add = parser.add_argument
    add("--replicas", type=int, default=2)
    add("--model", default="calibrator", help=f"one of: {', '.join(MODELS)}")
    add("--defect", dest="defects", action="append", default=[], help="may be given several times")
    add("--directory", type=Path, help="files go here; without it, to a temporary folder")
    add("--records-dir", type=Path, help="where the database lies, as a place that can be full")
    add("--dsn-env", metavar="NAME", help="variable with a DSN of PostgreSQL; without it, SQLite")
    add(
        "--cache-url-env", metavar="NAME", help="variable with a URL of Redis; without it, no cache"
    )
    add("--requests-per-minute", type=int, default=0, help="of one client; 0 sets no limit")
    add("--tokens-per-s", type=float, default=0.0, help="how fast replies are said; 0: at once")
    add("--first-token-s", type=float, default=0.0, help="how long the first word takes")
    add("--patience", type=float, default=1.0, help="multiplies deadlines, on a slow host")
    add("--exit-with-stdin", action="store_true", help="end when standard input ends")
    return parser


def _say(error: ClinigateError, code: int) -> int:
    print(f"error: {error}", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
