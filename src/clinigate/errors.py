"""Every error that Clinigate raises on purpose, in one tree.

::

    ClinigateError
    ├── UsageError               an option, argument or call that cannot be meant
    │   ├── ConfigError          clinigate.toml: the file and the field are named
    │   ├── PackError            a scenario pack: file, line and field are named
    │   ├── PolicyError          a gate policy, waiver or other record that is malformed
    │   ├── ControlError         an unknown or malformed control id or catalogue
    │   ├── KeyFileError         a signing key that is missing, exposed, locked or unreadable
    │   └── MissingExtraError    an optional dependency that the command needs
    ├── CheckDefinitionError     a check that is registered wrongly or does not load
    ├── TargetError              the system under test cannot be reached or understood
    ├── EvidenceError            evidence that cannot be written or read
    │   ├── IncompleteRunError   a run that was started and never finished
    │   └── IntegrityError       bytes, digests or signatures that do not agree
    ├── ModelValidationError     a validation suite whose verdict is not PASS
    └── CriticalSafetyTestFailure   a zero-tolerance safety criterion was violated

A message is one sentence or two: what was found, what was wanted, what to do next. It never holds
a secret or protected health information. Exit codes are the command line's business alone.
"""

from __future__ import annotations

__all__ = [
    "CheckDefinitionError",
    "ClinigateError",
    "ConfigError",
    "ControlError",
    "CriticalSafetyTestFailure",
    "EvidenceError",
    "IncompleteRunError",
    "IntegrityError",
    "KeyFileError",
    "MissingExtraError",
    "ModelValidationError",
    "PackError",
    "PolicyError",
    "TargetError",
    "UsageError",
]


class ClinigateError(Exception):
    """Base of every error that Clinigate raises on purpose."""


class UsageError(ClinigateError):
    """An option, argument or call that cannot be meant as given."""


class ConfigError(UsageError):
    """A configuration file or value that is wrong; the message names file and field."""


class PackError(UsageError):
    """A scenario pack that is wrong; the message names file, line and field."""


class PolicyError(UsageError):
    """A gate policy or a signed record (waiver, attestation, …) that is malformed."""


class ControlError(UsageError):
    """An unknown control id, or a catalogue that does not load."""


class KeyFileError(UsageError):
    """A signing key that is missing, readable by others, locked or not a key."""


class MissingExtraError(UsageError):
    """An optional dependency that the command needs is not installed."""

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(f"{what} needs an extra: pip install 'clinigate[{extra}]'")
        self.extra = extra


class CheckDefinitionError(ClinigateError):
    """A check that is registered wrongly, twice, or whose entry point does not load."""


class TargetError(ClinigateError):
    """The system under test cannot be reached, or its answer cannot be understood."""


class EvidenceError(ClinigateError):
    """Evidence that cannot be written or read."""


class IncompleteRunError(EvidenceError):
    """A run that was started and never finished, or has nothing to seal."""


class IntegrityError(EvidenceError):
    """Bytes, digests, signatures or proofs that do not agree; the message names the file."""


class ModelValidationError(ClinigateError):
    """A validation suite ended with a verdict other than PASS."""


class CriticalSafetyTestFailure(ClinigateError):  # noqa: N818 - the requirement's own name
    """A zero-tolerance safety criterion was violated; the run stops and is sealed as it is."""
