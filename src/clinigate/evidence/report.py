"""What a verification found, level by level."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from clinigate.evidence.spool import RunStatus
from clinigate.evidence.standing import Standing
from clinigate.evidence.trust import TrustedKey

__all__ = ["Level", "LevelResult", "LevelStatus", "VerificationReport"]


class Level(StrEnum):
    """What is verified, each level on top of the one before it."""

    DIGESTS = "L0"
    SIGNATURE = "L1"
    LEDGER = "L2"
    TIME = "L3"
    MEANING = "L4"

    @property
    def claim(self) -> str:
        """What holds when the level is OK, in a few words."""
        return _CLAIMS[self]


_CLAIMS = {
    Level.DIGESTS: "every file as it was sealed, none missing, none added",
    Level.SIGNATURE: "stated by keys that count",
    Level.LEDGER: "in the ledger, and the ledger not rewritten",
    Level.TIME: "time proven by someone else",
    Level.MEANING: "results that follow from what was recorded",
}


class LevelStatus(StrEnum):
    """How a level came out. What could not be looked at is never OK."""

    OK = "ok"
    FAILED = "failed"
    NOT_ASSESSED = "not-assessed"


@dataclass(frozen=True, slots=True)
class LevelResult:
    """One level's outcome: sentences that name the file, for OK too where there is more to say."""

    level: Level
    status: LevelStatus
    sentences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class VerificationReport:
    """Whether a bundle can be believed.

    Attributes:
        run, run_status: which run, and how it ended as the statement says.
        signed: whether it carries a signature; UNSIGNED otherwise.
        signed_by: the trusted keys that signed.
        levels: L0 to L4, in order.
        standings: what each signature of a known key was worth when it was made, and is now.
    """

    run: str
    run_status: RunStatus
    signed: bool
    signed_by: tuple[TrustedKey, ...]
    levels: tuple[LevelResult, ...]
    standings: tuple[Standing, ...] = ()

    @property
    def overall(self) -> LevelStatus:
        """FAILED if any level failed; OK if all but the proof of time are OK."""
        statuses = {result.status for result in self.levels}
        if LevelStatus.FAILED in statuses:
            return LevelStatus.FAILED
        needed = (result for result in self.levels if result.level is not Level.TIME)
        if all(result.status is LevelStatus.OK for result in needed):
            return LevelStatus.OK
        return LevelStatus.NOT_ASSESSED

    @property
    def problems(self) -> tuple[str, ...]:
        """The sentences of all levels that failed."""
        return tuple(
            f"{result.level}: {sentence}"
            for result in self.levels
            if result.status is LevelStatus.FAILED
            for sentence in result.sentences
        )

    def level(self, level: Level) -> LevelResult:
        """Return one level's outcome."""
        return next(result for result in self.levels if result.level is level)
