"""Begin a run, join it from another process, and find the runs of a system on disk.

::

    .clinigate/ledger/                  all runs of this system
    .clinigate/runs/<run-id>/spool/     one file a process, as it happens
                            /blobs/     raw evidence by digest
                            /environment.json, inputs.json

The redaction key travels to the run's other processes in `CLINIGATE_REDACTION_KEY` and is never
written anywhere: it is gone when the last of them is, killed or not. A process that joins without
it makes its own and says so in its `start`; its tokens then match those of nobody else.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clinigate.core.canonical import canonical_bytes
from clinigate.core.codec import from_plain, to_plain
from clinigate.core.plan import Plan
from clinigate.core.results import Subject
from clinigate.errors import EvidenceError, UsageError
from clinigate.evidence.envelope import Signer
from clinigate.evidence.environment import capture_environment
from clinigate.evidence.files import naming, write_atomic
from clinigate.evidence.history import RunHistory, read_history
from clinigate.evidence.inputs import CONFIGURED, INPUTS, Input, inputs_to_plain
from clinigate.evidence.ledger import Ledger
from clinigate.evidence.names import ENVIRONMENT, RUN_ID
from clinigate.evidence.presence import alone
from clinigate.evidence.recorded import read_run
from clinigate.evidence.recorder import Recorder, is_sealed
from clinigate.evidence.redaction import Redactor
from clinigate.evidence.spool import RunStatus
from clinigate.evidence.times import Clock, system_clock, timestamp

__all__ = [
    "REDACTION_KEY_VARIABLE",
    "RUN_VARIABLE",
    "STAGE_VARIABLE",
    "Run",
    "RunHistory",
    "RunStore",
    "begin_run",
    "join_run",
    "resume_run",
]

RUN_VARIABLE = "CLINIGATE_RUN"
REDACTION_KEY_VARIABLE = "CLINIGATE_REDACTION_KEY"
#: The stage of `clinigate run` that a process belongs to.
STAGE_VARIABLE = "CLINIGATE_STAGE"


@dataclass(frozen=True, slots=True)
class RunStore:
    """The runs under one `.clinigate` directory."""

    root: Path

    @property
    def ledger_directory(self) -> Path:
        """Where the ledger lives."""
        return self.root / "ledger"

    def ledger(self, *, clock: Clock = system_clock, signer: Signer | None = None) -> Ledger:
        """Return a writer of the ledger."""
        return Ledger(self.ledger_directory, clock=clock, signer=signer)

    def directory(self, run: str) -> Path:
        """Return a run's directory.

        Raises:
            EvidenceError: there is no such run.
        """
        path = self.root / "runs" / run
        if not RUN_ID.fullmatch(run) or not path.is_dir():
            raise EvidenceError(f"{self.root}: no run {run!r} here")
        return path

    def runs(self) -> list[str]:
        """Return the ids of the runs on disk, oldest first."""
        folder = self.root / "runs"
        names = [entry.name for entry in folder.iterdir()] if folder.is_dir() else []
        return sorted(name for name in names if RUN_ID.fullmatch(name))

    def history(self) -> list[RunHistory]:
        """Return every run that ever began, by the ledger, oldest first: failed and abandoned too.

        Raises:
            IntegrityError: the ledger was edited or cut.
        """
        return read_history(self.ledger_directory)


class Run:
    """A run that this process began, and the recorder of its own part."""

    def __init__(self, directory: Path, *, recorder: Recorder, ledger: Ledger, key: bytes) -> None:
        self.id = directory.name
        self.directory = directory
        self.recorder = recorder
        self._ledger = ledger
        self._key = key

    def environ(self) -> dict[str, str]:
        """Return the variables by which other processes join: put them into their environment."""
        return {
            RUN_VARIABLE: str(self.directory.resolve()),
            REDACTION_KEY_VARIABLE: self._key.hex(),
        }

    def finish(self, status: RunStatus = RunStatus.COMPLETE) -> None:
        """End this process's part and the run; the others have finished theirs before.

        Raises:
            EvidenceError: the ledger cannot be written.
        """
        self.recorder.finish(status)
        self._ledger.append("run-finished", run=self.id, body={"status": status})


def begin_run(
    root: Path,
    *,
    producer: str,
    subject: Subject | Mapping[str, Any],
    plan: Plan | Mapping[str, Any],
    clock: Clock = system_clock,
    signer: Signer | None = None,
    environ: Mapping[str, str] = os.environ,
    inputs: Mapping[str, Input] | None = None,
) -> Run:
    """Begin a run: it stands in the ledger before anything is measured.

    Args:
        root: the `.clinigate` directory.
        producer: who begins it, as `pytest`.
        subject: the system under test; plain JSON of a `Subject` will do.
        plan: how the run looks at it; plain JSON of a `Plan` will do.
        clock: source of times.
        signer: who signs the ledger's checkpoint.
        environ: where the CI job's variables are read.
        inputs: digests of what its claims rest on; None where nobody took them.

    Raises:
        UsageError: a subject or plan that is none; the field is named.
        IntegrityError: the ledger was edited, cut or rolled back.
        EvidenceError: the disk refuses, or another process holds the ledger for too long.
    """
    run_id = f"{re.sub(r'[-:.]', '', timestamp(clock()))}-{os.urandom(4).hex()}"
    directory = root / "runs" / run_id
    key = os.urandom(16)
    redactor = Redactor(key)
    about = redactor.value(
        {"producer": producer, "subject": _plain(Subject, subject), "plan": _plain(Plan, plan)}
    )
    # 1. The ledger first: a run that was begun cannot be made to never have been.
    ledger = Ledger(root / "ledger", clock=clock, signer=signer)
    ledger.append("run-started", run=run_id, body=about)
    # 2. Its home and what it runs on.
    with naming(directory, "created"):
        directory.mkdir(parents=True, mode=0o700)
        (directory / "spool").mkdir()
    environment = capture_environment(Path.cwd(), environ)
    if inputs is not None:
        environment["inputs"] = {n: i.digest for n, i in inputs.items() if i.kind != CONFIGURED}
        write_atomic(directory / INPUTS, canonical_bytes(redactor.value(inputs_to_plain(inputs))))
    write_atomic(directory / ENVIRONMENT, canonical_bytes(redactor.value(environment)))
    # 3. The spool, whose first record repeats what the run is about.
    start = {"run": run_id, "tokens": "run", **about}
    recorder = Recorder(directory, producer, redactor=redactor, clock=clock, start=start)
    return Run(directory, recorder=recorder, ledger=ledger, key=key)


def resume_run(
    directory: Path, *, producer: str, clock: Clock = system_clock, signer: Signer | None = None
) -> Run:
    """Take over a run whose leader is gone; what it had recorded goes on to count.

    The redaction key went with the processes that knew it, so that tokens of this part match only
    those that come after.

    Raises:
        IncompleteRunError: the run died before its first record.
        IntegrityError: a spool or the ledger was edited.
        EvidenceError: there is no such run, it is sealed, one of its processes still writes, or
            the disk refuses.
    """
    recorded = read_run(directory)
    with alone(directory, doing="taken over"):
        if is_sealed(directory):
            raise EvidenceError(f"{directory}: this run is sealed; begin a new one")
        # 1. The ledger first, as at the beginning.
        ledger = Ledger(directory.parent.parent / "ledger", clock=clock, signer=signer)
        ledger.append("run-resumed", run=recorded.run, body={"producer": producer})
    # 2. The spool, whose first record says whose work goes on.
    key = os.urandom(16)
    start = {"run": recorded.run, "tokens": "resumed", "continues": sorted(recorded.leaders)}
    recorder = Recorder(directory, producer, redactor=Redactor(key), clock=clock, start=start)
    return Run(directory, recorder=recorder, ledger=ledger, key=key)


def join_run(environ: Mapping[str, str], *, producer: str, clock: Clock = system_clock) -> Recorder:
    """Join the run that `CLINIGATE_RUN` names, with a spool of this process's own.

    Args:
        environ: holds `CLINIGATE_RUN` (the run's directory) and `CLINIGATE_REDACTION_KEY`.
        producer: who writes, as `pytest-gw0`.
        clock: source of times.

    Raises:
        EvidenceError: no run is named, there is none, or it is sealed already.
    """
    named = environ.get(RUN_VARIABLE)
    if not named:
        raise EvidenceError(f"{RUN_VARIABLE} is not set: there is no run to join")
    directory = Path(named)
    if not (directory / "spool").is_dir():
        raise EvidenceError(f"{directory}: no run here to join; {RUN_VARIABLE} names it")
    key, tokens = _shared_key(environ)
    stage = environ.get(STAGE_VARIABLE)
    return Recorder(
        directory,
        producer,
        redactor=Redactor(key),
        clock=clock,
        start={
            "run": directory.name,
            "tokens": tokens,
            **({} if stage is None else {"stage": stage}),
        },
    )


def _plain(kind: type[Subject] | type[Plan], value: Any) -> Any:
    """The whole noun as plain JSON, fields that were left out filled in."""
    try:
        return to_plain(from_plain(kind, to_plain(value)))
    except ValueError as error:
        raise UsageError(f"the run cannot begin: {error}") from error


def _shared_key(environ: Mapping[str, str]) -> tuple[bytes, str]:
    text = environ.get(REDACTION_KEY_VARIABLE, "")
    if re.fullmatch(r"[0-9a-f]{32}", text):
        return bytes.fromhex(text), "run"
    return os.urandom(16), "own"
