"""The three parts that a generator's process can play: alone, Locust's master, Locust's worker."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import gevent
from gevent.event import Event
from locust.env import Environment
from locust.runners import STATE_MISSING, MasterRunner, WorkerRunner

from clinigate.errors import ClinigateError
from clinigate.load.engine import LOCUST_VERSION
from clinigate.load.engine.session import Session
from clinigate.load.engine.user import ConversationUser
from clinigate.load.journal import Journal
from clinigate.load.orders import Orders

__all__ = ["alone", "attach_worker", "environment", "lead"]

#: Names of the messages between Locust's master and its workers.
BEGIN, STOP, DONE = "clinigate-begin", "clinigate-stop", "clinigate-done"
#: Key of the report that rides on Locust's own.
REPORT = "clinigate"

_REPORT_S = 1.0
_HEAD_START_S = 0.5
_WORKERS_WITHIN_S = 120.0
_STOPPED_WITHIN_S = 10.0
#: Fixed words: what the system says of a file may name a folder of the worker's machine.
_UNREADABLE = (
    "a worker cannot read a file that the target needs; its ca_file must lie at the same path on "
    "every machine"
)
_VERSIONS = {"locust": LOCUST_VERSION, "gevent": gevent.__version__}


def environment() -> Environment:
    """Return Locust's environment for conversations."""
    return Environment(user_classes=[ConversationUser])


def alone(orders: Orders, journal: Journal, stop: Event) -> None:
    """Generate all of the load in this process."""
    env = environment()
    env.create_local_runner()
    zero_wall = time.time() + _HEAD_START_S
    session = Session(env, orders, zero_wall=zero_wall)
    journal.begun(workers=1, zero_wall=zero_wall, versions=_VERSIONS)
    session.start()
    number = 0
    while not session.finished.wait(_REPORT_S) and not stop.is_set():
        journal.delta(0, number, session.take().to_plain())
        number += 1
    stopped = not session.finished.is_set()
    if stopped:
        session.stop()
    journal.delta(0, number, session.take().to_plain())
    how = "broken" if session.trouble else "stopped" if stopped else "complete"
    journal.end(how, session.trouble)


def attach_worker(runner: WorkerRunner) -> None:
    """Let a worker of Locust play what the master orders."""
    worker = _Worker(runner)
    runner.register_message(BEGIN, worker.begin)
    runner.register_message(STOP, worker.stop, concurrent=True)
    runner.environment.events.report_to_master.add_listener(worker.report)  # type: ignore[no-untyped-call]


class _Worker:
    """A worker between its master's messages."""

    def __init__(self, runner: WorkerRunner) -> None:
        self._runner = runner
        self._session: Session | None = None
        self._number = 0
        self._done = False

    def begin(self, msg: Any, **_: Any) -> None:
        """Begin as ordered; a worker that cannot says why."""
        try:
            orders = Orders.from_plain(msg.data["orders"])
            session = Session(
                self._runner.environment, orders, zero_wall=float(msg.data["zero_wall"])
            )
        except (ClinigateError, ValueError, KeyError) as error:
            self._runner.send_message(DONE, {"trouble": str(error)})
            return
        except OSError:
            self._runner.send_message(DONE, {"trouble": _UNREADABLE})
            return
        self._session = session
        session.start()
        gevent.spawn(self._finish, session)

    def stop(self, **_: Any) -> None:
        """End at once."""
        if self._session is not None:
            self._session.stop()
        else:
            self._runner.send_message(DONE, {"trouble": None})

    def report(self, data: dict[str, Any], **_: Any) -> None:
        """Let what was counted ride on Locust's own report."""
        if self._session is not None and not self._done:
            data[REPORT] = self._next(self._session)

    def _finish(self, session: Session) -> None:
        session.finished.wait()
        self._done = True
        self._runner.send_message(DONE, {"trouble": session.trouble, REPORT: self._next(session)})

    def _next(self, session: Session) -> dict[str, Any]:
        number, self._number = self._number, self._number + 1
        return {
            "worker": session.orders.worker,
            "number": number,
            "tally": session.take().to_plain(),
        }


def lead(
    orders: Orders, journal: Journal, stop: Event, *, address: tuple[str, int], workers: int
) -> None:
    """Be the master of `workers` workers, which join at `address`; port 0 takes a free one."""
    env = environment()
    master = _Master(env.create_master_runner(*address), journal)
    print(f"listening {master.port}", flush=True)
    try:
        if not master.gather(workers, stop):
            journal.end("stopped" if stop.is_set() else "broken", master.trouble)
            return
        master.begin(orders, workers)
        how = master.follow(workers, stop)
        journal.end(how, master.trouble)
    finally:
        master.dismiss()


class _Master:
    """The master between its workers' messages."""

    def __init__(self, runner: MasterRunner, journal: Journal) -> None:
        self.trouble: str | None = None
        self._runner = runner
        self._journal = journal
        self._done: set[str] = set()
        runner.register_message(DONE, self._on_done)
        runner.environment.events.worker_report.add_listener(self._on_report)  # type: ignore[no-untyped-call]

    @property
    def port(self) -> int:
        """Where workers join."""
        return int(self._runner.server.port)

    def gather(self, workers: int, stop: Event) -> bool:
        """Wait until all are here; return whether they came."""
        until = time.monotonic() + _WORKERS_WITHIN_S
        while len(self._runner.clients.ready) < workers and not stop.is_set():
            if time.monotonic() > until:
                here = len(self._runner.clients.ready)
                self.trouble = f"{here} of {workers} workers joined within {_WORKERS_WITHIN_S:g} s"
                return False
            gevent.sleep(0.05)
        return not stop.is_set()

    def begin(self, orders: Orders, workers: int) -> None:
        """Hand each worker its part, and one moment at which all begin."""
        zero_wall = time.time() + _HEAD_START_S
        plain = orders.to_plain()
        self._journal.begun(workers=workers, zero_wall=zero_wall, versions=_VERSIONS)
        for number, client in enumerate(sorted(self._runner.clients)[:workers]):
            part = {**plain, "worker": number, "workers": workers}
            self._runner.send_message(BEGIN, {"orders": part, "zero_wall": zero_wall}, client)

    def follow(self, workers: int, stop: Event) -> str:
        """Wait until every worker is done, or one is in trouble or gone; return how it ended."""
        while len(self._done) < workers:
            if stop.wait(0.05):
                self._runner.send_message(STOP)
                self._await_done(workers)
                return "stopped"
            gone = self._gone()
            if gone:
                self.trouble = f"{gone} of {workers} workers vanished while the run was under way"
            if self.trouble:
                self._runner.send_message(STOP)
                self._await_done(workers - gone)
                return "broken"
        return "broken" if self.trouble else "complete"

    def dismiss(self) -> None:
        """Let the workers go home."""
        self._runner.quit()

    def _await_done(self, workers: int) -> None:
        until = time.monotonic() + _STOPPED_WITHIN_S
        while len(self._done) < workers and time.monotonic() < until:
            gevent.sleep(0.05)

    def _gone(self) -> int:
        clients = self._runner.clients
        missing = [name for name, node in clients.items() if node.state == STATE_MISSING]
        return len([name for name in missing if name not in self._done])

    def _on_done(self, msg: Any, **_: Any) -> None:
        self._done.add(msg.node_id)
        self._append(msg.data)
        self.trouble = msg.data.get("trouble") or self.trouble

    def _on_report(self, data: Mapping[str, Any], **_: Any) -> None:
        self._append(data)

    def _append(self, data: Mapping[str, Any]) -> None:
        report = data.get(REPORT)
        if report is not None:
            self._journal.delta(report["worker"], report["number"], report["tally"])


def journal_at(path: Path) -> Journal:
    """Open the journal, or end with a sentence that the parent shows."""
    try:
        return Journal(path)
    except OSError as error:
        sys.exit(f"{path}: {error.strerror}")
