"""`python -m clinigate.load.engine`: one process of a generator.

Started by `clinigate load run`; by hand only as a worker on another machine:

    python -m clinigate.load.engine worker --master-host HOST --master-port 5557
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import resource
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

import gevent
from gevent.event import Event

from clinigate.errors import ClinigateError
from clinigate.load.engine import roles
from clinigate.load.orders import Orders

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Play the part that the arguments name; return the exit code."""
    options = _parser().parse_args(arguments)
    _allow_many_connections()
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        gevent.signal_handler(number, stop.set)
    if options.parent is not None:
        gevent.spawn(_end_with_parent, options.parent, stop)
    try:
        if options.role == "worker":
            return _work(options.master_host, options.master_port, stop)
        return _generate(options, stop)
    except ClinigateError as error:
        print(error, file=sys.stderr)
        return 1


def _generate(options: argparse.Namespace, stop: Event) -> int:
    orders = Orders.from_plain(json.loads(options.orders.read_text(encoding="utf-8")))
    journal = roles.journal_at(options.journal)
    if options.role == "alone":
        roles.alone(orders, journal, stop)
    else:
        roles.lead(
            orders,
            journal,
            stop,
            address=(options.bind_host, options.bind_port),
            workers=options.workers,
        )
    return 0


def _work(host: str, port: int, stop: Event) -> int:
    environment = roles.environment()
    runner = environment.create_worker_runner(host, port)
    roles.attach_worker(runner)
    # A worker ends when its master lets it go; when told to stop, it leaves a moment for that.
    while not stop.wait(0.2):
        if not runner.greenlet:
            return 0
    runner.greenlet.join(timeout=5.0)
    return 0


def _allow_many_connections() -> None:
    """Every conversation holds a descriptor: raise their number to what the system allows."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _end_with_parent(parent: int, stop: Event) -> None:
    """Nobody would take what a generator counts once its parent is gone."""
    while os.getppid() == parent:
        gevent.sleep(0.5)
    stop.set()
    gevent.sleep(5.0)
    os._exit(1)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m clinigate.load.engine", description=__doc__)
    parser.add_argument("role", choices=("alone", "master", "worker"))
    parser.add_argument("--orders", type=Path, help="file of the orders")
    parser.add_argument("--journal", type=Path, help="file for what is counted")
    parser.add_argument("--parent", type=int, help="process whose end ends this one")
    parser.add_argument("--workers", type=int, default=1, help="how many a master waits for")
    parser.add_argument("--bind-host", default="127.0.0.1", help="where a master listens")
    parser.add_argument("--bind-port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--master-host", default="127.0.0.1", help="whom a worker joins")
    parser.add_argument("--master-port", type=int, default=5557)
    return parser


if __name__ == "__main__":
    sys.exit(main())
