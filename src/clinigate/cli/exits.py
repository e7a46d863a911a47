"""One table of exit codes for every command."""

from __future__ import annotations

from enum import IntEnum

from clinigate.errors import (
    CheckDefinitionError,
    ClinigateError,
    CriticalSafetyTestFailure,
    EvidenceError,
    IncompleteRunError,
    IntegrityError,
    ModelValidationError,
    TargetError,
    UsageError,
)

__all__ = ["ExitCode", "code_for"]


class ExitCode(IntEnum):
    """What a process that calls `clinigate` may rely on."""

    OK = 0
    NOT_PASSED = 1
    UNFINISHED = 2
    INTEGRITY = 3
    USAGE = 4


_CODES: tuple[tuple[type[ClinigateError], ExitCode], ...] = (
    (UsageError, ExitCode.USAGE),
    (CheckDefinitionError, ExitCode.USAGE),
    (IntegrityError, ExitCode.INTEGRITY),
    (IncompleteRunError, ExitCode.UNFINISHED),
    (EvidenceError, ExitCode.UNFINISHED),
    (TargetError, ExitCode.UNFINISHED),
    (ModelValidationError, ExitCode.NOT_PASSED),
    (CriticalSafetyTestFailure, ExitCode.NOT_PASSED),
)


def code_for(error: ClinigateError) -> ExitCode:
    """Return the exit code for an error; the first row that fits decides."""
    return next((code for kind, code in _CODES if isinstance(error, kind)), ExitCode.UNFINISHED)
