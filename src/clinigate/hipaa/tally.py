"""Count what was tried: what held, what did not, and what could not be tried."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from clinigate.core.measurement import Kind, Measurement
from clinigate.core.observation import Finding, Gap, Observation
from clinigate.hipaa.named import Named

__all__ = ["Tally", "gap"]

_NAMED = 6


@dataclass(slots=True)
class Tally:
    """The tries of one check.

    Attributes:
        tried: how many could be made. broken: where and what of those that went wrong.
        untried: why others could not be made; one of them forbids a pass.
        remarks: what the reader must know of the count.
    """

    named: Named
    tried: int = 0
    broken: list[tuple[str, str]] = field(default_factory=list)
    untried: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    def expect(self, holds: bool, where: str, message: str) -> None:
        """Count one try; `message` is told where it does not hold."""
        self.tried += 1
        if not holds:
            self.broken.append((where, message))

    def cannot(self, reason: str) -> None:
        """Count one that could not be made."""
        self.untried.append(reason)

    def observations(self) -> Iterator[Observation]:
        """Yield the count and each thing that was found; a gap where nothing could be tried."""
        named = self.named
        if not self.tried:
            yield gap(named, "; ".join(self.untried) or "there was nothing to try")
            return
        measured = Measurement(
            named.metric,
            Kind.CENSUS,
            float(len(self.broken)),
            self.tried,
            unit="findings",
            events=len(self.broken),
            excluded=len(self.untried),
            caveats=tuple(self._caveats()),
        )
        yield Observation(named.check, measured, named.controls)
        for where, message in self.broken:
            yield Observation(
                named.check, Finding(named.metric, message, where=where), named.controls
            )

    def _caveats(self) -> Iterator[str]:
        yield from self.remarks
        if self.untried:
            more = len(self.untried) - _NAMED
            shown = "; ".join(self.untried[:_NAMED])
            yield f"not tried: {shown}" + (f"; and {more} more" if more > 0 else "")


def gap(named: Named, reason: str) -> Observation:
    """What cannot be looked at, and what to do about it."""
    return Observation(named.check, Gap(named.metric, reason), named.controls)
