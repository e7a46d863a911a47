"""The run that one process writes to: begun here, or joined where another began it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from clinigate.core.codec import from_plain
from clinigate.core.plan import Plan
from clinigate.errors import UsageError
from clinigate.evidence.envelope import Signer
from clinigate.evidence.recorded import read_run
from clinigate.evidence.runs import (
    REDACTION_KEY_VARIABLE,
    RUN_VARIABLE,
    STAGE_VARIABLE,
    resume_run,
)
from clinigate.pipeline.conclude import Conclusion, conclude
from clinigate.pipeline.recording import Recording, begin_recording, join_recording
from clinigate.pipeline.setup import Setup

__all__ = ["ProcessRun", "run_from_outside"]


class ProcessRun:
    """One process's part of a run, and the run itself where this process began it.

    Attributes:
        id: the run's. recording: where observations go.
        environ: the variables by which this process's children join.
    """

    def __init__(
        self, recording: Recording, *, environ: Mapping[str, str], signer: Signer | None
    ) -> None:
        self.id = Path(environ[RUN_VARIABLE]).name
        self.recording = recording
        self.environ = environ
        self._signer = signer

    @classmethod
    def begin(cls, setup: Setup, *, producer: str, signer: Signer | None) -> ProcessRun:
        """Begin a run, which this process then ends and seals.

        Raises:
            EvidenceError: the disk refuses, or the ledger is damaged.
        """
        recording = begin_recording(setup, producer=producer, signer=signer)
        assert recording.run is not None
        return cls(recording, environ=recording.run.environ(), signer=signer)

    @classmethod
    def join(cls, environ: Mapping[str, str], *, producer: str, plan: Plan) -> ProcessRun:
        """Join the run that variables name.

        Raises:
            EvidenceError: it is gone, or sealed already.
            UsageError: `plan` is a sample, and the run was begun as a full evaluation.
        """
        recording = join_recording(environ, producer=producer)
        run = cls(recording, environ=environ, signer=None)
        if plan.is_sample and not _begun_as(run.directory).is_sample:
            recording.finish("a sample does not belong into a full evaluation")
            raise UsageError(
                f"run {run.id} was begun as a full evaluation, and this is a sample; leave the "
                "profile out, or begin the run as a sample"
            )
        return run

    @classmethod
    def resume(cls, directory: Path, *, producer: str, signer: Signer | None) -> ProcessRun:
        """Take over a run whose leader is gone.

        Raises:
            EvidenceError: it is sealed, somebody still writes, or it cannot be read.
        """
        run = resume_run(directory, producer=producer, signer=signer)
        return cls(Recording(run.recorder, run), environ=run.environ(), signer=signer)

    @property
    def directory(self) -> Path:
        """The run's home."""
        return Path(self.environ[RUN_VARIABLE])

    @property
    def owned(self) -> bool:
        """Whether this process began the run."""
        return self.recording.run is not None

    def end(self, reason: str | None, *, allow_incomplete: bool = False) -> Conclusion | None:
        """End this process's part; where it began the run, seal it and return what it holds.

        Args:
            reason: why it ended early, if it did.
            allow_incomplete: seal the run as INCOMPLETE where another part never finished.

        Raises:
            IncompleteRunError: nothing was evaluated, or another part never finished.
            ClinigateError: the run cannot be sealed.
        """
        self.recording.finish(reason)
        if self.recording.run is None:
            return None
        return conclude(self.directory, signer=self._signer, allow_incomplete=allow_incomplete)

    def leave(self) -> None:
        """Let go of a run without ending it: it stays INCOMPLETE, and can be resumed."""
        self.recording.recorder.close()


def _begun_as(directory: Path) -> Plan:
    return from_plain(Plan, read_run(directory).about["plan"])


def run_from_outside() -> Mapping[str, str]:
    """The run that whoever called this process wants it to join: a pipeline of several tools."""
    if not os.environ.get(RUN_VARIABLE):
        return {}
    names = (RUN_VARIABLE, REDACTION_KEY_VARIABLE, STAGE_VARIABLE)
    return {name: os.environ[name] for name in names if name in os.environ}
