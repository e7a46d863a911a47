"""Start the generator's processes, watch over them, and be sure that they end.

The generator is Locust, and Locust patches the interpreter: it never runs in this process. Its
processes end with this one, however this one ends (each watches its parent).
"""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clinigate.errors import ConfigError, MissingExtraError, TargetError
from clinigate.load.journal import JournalReader
from clinigate.load.orders import Orders

__all__ = ["Fleet", "Outcome", "generate", "require_locust"]

_POLL_S = 0.2
_READY_S = 60.0
_STOP_S = 20.0
#: How long past its schedule and its longest reply a generator may take before it is ended.
_OVERTIME_S = 60.0


@dataclass(frozen=True, slots=True)
class Fleet:
    """Who generates the load.

    Attributes:
        workers: processes of this machine; 1 generates alone, more are Locust's workers.
        expected: workers that join from elsewhere; 0 for none, and then `workers` counts.
        bind: where a master listens for them.
    """

    workers: int = 1
    expected: int = 0
    bind: tuple[str, int] = ("127.0.0.1", 0)

    @property
    def size(self) -> int:
        """How many generate."""
        return self.expected or self.workers


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a generator.

    Attributes:
        journal: all that was counted.
        stopped: why it ended early; None where it played to the end.
        trouble: why its numbers are no measurement; None where they are.
    """

    journal: JournalReader
    stopped: str | None
    trouble: str | None


def require_locust() -> None:
    """Raise where Locust is not installed; nothing is imported.

    Raises:
        MissingExtraError: it is not.
    """
    if importlib.util.find_spec("locust") is None:
        raise MissingExtraError("load testing", "load")


def generate(
    orders: Orders,
    fleet: Fleet,
    *,
    environ: Mapping[str, str],
    on_progress: Callable[[JournalReader], None] = lambda _journal: None,
) -> Outcome:
    """Play a profile to its end, or until SIGINT or SIGTERM; what was counted is kept.

    Raises:
        MissingExtraError: Locust is not installed.
        ConfigError: the workers' environment lacks a credential.
        TargetError: a process of the generator did not start.
    """
    require_locust()
    with tempfile.TemporaryDirectory(prefix="clinigate-load-") as name, _Processes(environ) as all_:
        folder = Path(name)
        (folder / "orders.json").write_text(json.dumps(orders.to_plain()), encoding="utf-8")
        journal = JournalReader(folder / "journal.ndjson")
        with _signals() as told:
            _start(all_, fleet, folder)
            limit = orders.profile.arrivals.duration_s + orders.profile.timeout_s + _OVERTIME_S
            stopped = _watch(all_, journal, told, limit_s=limit, on_progress=on_progress)
            all_.stop()
            journal.catch_up()
        return _outcome(journal, stopped, all_)


def _start(processes: _Processes, fleet: Fleet, folder: Path) -> None:
    files = ["--orders", str(folder / "orders.json"), "--journal", str(folder / "journal.ndjson")]
    if fleet.size == 1 and not fleet.expected:
        processes.start("alone", files, folder)
        return
    host, port = fleet.bind
    master = ["--workers", str(fleet.size), "--bind-host", host, "--bind-port", str(port)]
    processes.start("master", [*files, *master], folder)
    if fleet.expected:
        return
    joined = processes.port_of_master()
    for _ in range(fleet.workers):
        processes.start("worker", ["--master-port", str(joined)], folder)


def _watch(
    processes: _Processes,
    journal: JournalReader,
    told: Sequence[int],
    *,
    limit_s: float,
    on_progress: Callable[[JournalReader], None],
) -> str | None:
    """Follow the generator until it ends; return why it was ended early, if it was."""
    until: float | None = None
    while processes.leader_lives():
        if told:
            return f"interrupted by {signal.Signals(told[0]).name}"
        if journal.catch_up():
            on_progress(journal)
        if journal.how is not None:
            return None
        if until is None and journal.workers:
            until = time.monotonic() + limit_s
        if until is not None and time.monotonic() > until:
            return "the generator did not end in time"
        time.sleep(_POLL_S)
    return None


def _outcome(journal: JournalReader, stopped: str | None, processes: _Processes) -> Outcome:
    if not journal.workers and stopped is None:
        said = journal.trouble or processes.last_words()
        if said.startswith("["):  # a ConfigError's field comes first
            raise ConfigError(said)
        raise TargetError(f"the load generator did not start: {said}")
    trouble = journal.trouble
    if stopped is None and journal.how == "stopped":
        stopped = "the load generator was stopped from outside"
    elif stopped is None and journal.how is None:
        trouble = f"the load generator died ({processes.last_words()})"
    return Outcome(journal, stopped, trouble)


class _Processes:
    """The generator's processes; the first one leads."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        # What the workers count is recorded by this process: they take no part in the run.
        self._environ = {k: v for k, v in environ.items() if not k.startswith("CLINIGATE_RUN")}
        self._started: list[subprocess.Popen[bytes]] = []
        self._errors: list[Path] = []

    def __enter__(self) -> _Processes:
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._started:
            if process.poll() is None:
                process.kill()
            process.wait()
            if process.stdout is not None:
                process.stdout.close()

    def start(self, role: str, options: Sequence[str], folder: Path) -> None:
        """Start one more process."""
        errors = folder / f"{role}-{len(self._started)}.err"
        command = [sys.executable, "-P", "-m", "clinigate.load.engine", role, *options]
        with errors.open("wb") as sink:
            process = subprocess.Popen(  # noqa: S603 - this interpreter, options no shell reads
                [*command, "--parent", str(os.getpid())],
                env=self._environ,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=sink,
                # Ctrl-C reaches the processes through this one, not a second time by itself.
                start_new_session=True,
            )
        self._started.append(process)
        self._errors.append(errors)

    def port_of_master(self) -> int:
        """Where the master listens.

        Raises:
            TargetError: it does not.
        """
        stdout = self._started[0].stdout
        assert stdout is not None
        timer = threading.Timer(_READY_S, self._started[0].kill)
        timer.start()
        try:
            words = stdout.readline().split()
        finally:
            timer.cancel()
        if len(words) != 2:
            self._started[0].wait()
            raise TargetError(f"the load generator did not start: {self.last_words()}")
        return int(words[1])

    def leader_lives(self) -> bool:
        """Whether the process that writes the journal runs."""
        return self._started[0].poll() is None

    def stop(self) -> None:
        """Let every process end: those that still run are told to, then made to."""
        leader, *others = self._started
        _end(leader, _STOP_S)
        for process in others:
            _end(process, _STOP_S / 4)

    def last_words(self) -> str:
        """What the processes said last on standard error, in one line."""
        for path in self._errors:
            lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
            said = [line.strip() for line in lines if line.strip()]
            if said:
                return said[-1][:300]
        return "it said nothing"


def _end(process: subprocess.Popen[bytes], patience_s: float) -> None:
    if process.poll() is None:
        process.terminate()
    try:
        process.wait(patience_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@contextmanager
def _signals() -> Iterator[list[int]]:
    """Collect SIGINT and SIGTERM while the block runs: the generator is ended in good order."""
    told: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield told
        return
    with ExitStack() as stack:
        for number in (signal.SIGINT, signal.SIGTERM):
            before: Any = signal.signal(number, lambda each, _frame: told.append(each))
            stack.callback(signal.signal, number, before or signal.SIG_DFL)
        yield told
