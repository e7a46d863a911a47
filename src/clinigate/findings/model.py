"""What one scanner saw: what it looked at, what it could not look at, and what it found."""

from __future__ import annotations

from dataclasses import dataclass, replace

from clinigate.core.flaw import Flaw

__all__ = ["Excluded", "Found", "ScanResult", "in_order"]


@dataclass(frozen=True, slots=True)
class Excluded:
    """A unit that could not be looked at.

    Attributes:
        unit: as it would stand in `ScanResult.units`.
        reason: why, in a few words: `does not parse`.
    """

    unit: str
    reason: str


@dataclass(frozen=True, slots=True)
class Found:
    """A flaw, and what is wrong in this one place of it, in one sentence without the value."""

    flaw: Flaw
    message: str

    @property
    def is_open(self) -> bool:
        """Whether it counts: nobody has accepted it."""
        return self.flaw.accepted is None


@dataclass(frozen=True, slots=True)
class ScanResult:
    """What came of one scanner.

    Attributes:
        scanner, version: who looked, as it calls itself.
        units: what was looked at: paths, resources, routes, packages.
        excluded: what could not be looked at; no pass while there is any.
        findings: all that was found, accepted or not.
    """

    scanner: str
    version: str
    units: tuple[str, ...]
    excluded: tuple[Excluded, ...] = ()
    findings: tuple[Found, ...] = ()

    def having(self, findings: tuple[Found, ...]) -> ScanResult:
        """Return the same scan with these findings, as after acceptance."""
        return replace(self, findings=findings)


def in_order(found: Found) -> tuple[str, int, int, str, str, str, str]:
    """Sort key of findings: by place, then by rule, then by all else; no two differ and tie."""
    flaw = found.flaw
    place = flaw.place
    return (
        place.uri,
        place.line or 0,
        place.column or 0,
        flaw.rule,
        flaw.fingerprint,
        found.message,
        repr(flaw),
    )
