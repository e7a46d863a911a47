"""Count the tries of one part: what held, what did not, what could not be tried."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from clinigate.core.measurement import Kind, Measurement
from clinigate.core.observation import Finding, Gap, Observation
from clinigate.quality.validation.parts import Part

__all__ = ["Tries"]


@dataclass(slots=True)
class Tries:
    """The tries of one part.

    Attributes:
        made: how many were made. wrong: where and what of those that went wrong.
        untried: why others could not be made; told beside the count.
    """

    part: Part
    made: int = 0
    wrong: list[tuple[str, str]] = field(default_factory=list)
    untried: list[str] = field(default_factory=list)

    def expect(self, holds: bool, where: str, message: str) -> None:
        """Count one try; `message` is told where it does not hold."""
        self.made += 1
        if not holds:
            self.wrong.append((where, message))

    def cannot(self, reason: str) -> None:
        """Count one that could not be made."""
        self.untried.append(reason)

    def observations(self) -> Iterator[Observation]:
        """Yield the count, then each thing that went wrong; a gap where nothing was tried."""
        part = self.part
        if not self.made:
            reason = "; ".join(self.untried) or "there was nothing to try"
            yield Observation(part.check, Gap(part.metric, reason), part.controls)
            return
        counted = Measurement(
            part.metric,
            Kind.CENSUS,
            float(len(self.wrong)),
            self.made,
            unit="findings",
            events=len(self.wrong),
            excluded=len(self.untried),
            caveats=tuple(f"not tried: {reason}" for reason in self.untried),
        )
        yield Observation(part.check, counted, part.controls)
        for where, message in self.wrong:
            yield Observation(part.check, Finding(part.metric, message, where=where), part.controls)
