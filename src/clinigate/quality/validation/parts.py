"""The parts of the qualification, each with the criterion that its tries must meet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from clinigate.core.criterion import Criterion, Relation

__all__ = ["PARTS", "Part", "Qualification", "criterion_of"]

#: 21 CFR 11.10(a): validation of systems, to ensure accuracy, reliability, consistent intended
#: performance, and the ability to discern invalid or altered records.
_CONTROLS = ("11.10(a)",)


class Qualification(StrEnum):
    """What a part qualifies (GAMP 5: installation, then operation)."""

    INSTALLATION = "installation qualification"
    OPERATION = "operational qualification"


@dataclass(frozen=True, slots=True)
class Part:
    """One part.

    Attributes:
        name: as `--part` takes it. check: id of its observations.
        title: what must hold. tries: what one try is, in the plural.
        least: tries that a pass needs; fewer are INCONCLUSIVE.
    """

    name: str
    check: str
    qualifies: Qualification
    title: str
    tries: str
    least: int
    controls: tuple[str, ...] = _CONTROLS

    @property
    def metric(self) -> str:
        """The metric that counts what went wrong."""
        return f"quality.own_{self.name}"


PARTS: Mapping[str, Part] = MappingProxyType(
    {
        part.name: part
        for part in (
            Part(
                "installation",
                "CG-OWN-INSTALLATION-001",
                Qualification.INSTALLATION,
                "every installed file is the one that was shipped, and what it needs is there",
                "files and requirements",
                least=20,
            ),
            Part(
                "statistics",
                "CG-OWN-STATISTICS-001",
                Qualification.OPERATION,
                "bounds, sizes and verdicts are those of published tables and closed forms",
                "reference values",
                least=20,
            ),
            Part(
                "calibration",
                "CG-OWN-CALIBRATION-001",
                Qualification.OPERATION,
                "every planted defect is found by the checks that exist for it, and a clean "
                "service passes them",
                "defects and clean checks",
                least=150,
            ),
            Part(
                "tamper",
                "CG-OWN-TAMPER-001",
                Qualification.OPERATION,
                "every change of a sealed bundle is found, under the name of its file",
                "changes",
                least=20,
                controls=("11.10(a)", "11.10(c)", "164.312(c)(1)"),
            ),
            Part(
                "crash",
                "CG-OWN-CRASH-001",
                Qualification.OPERATION,
                "of a killed run nothing that was acknowledged is lost, and it says that it was "
                "interrupted",
                "kills",
                least=3,
                controls=("11.10(a)", "11.10(c)"),
            ),
        )
    }
)
"""All parts, by name, in their order."""


def criterion_of(part: Part) -> Criterion:
    """Return what a part must show: nothing went wrong, in enough tries."""
    return Criterion(
        part.metric,
        part.metric,
        Relation.AT_MOST,
        0.0,
        min_n=part.least,
        title=f"Clinigate itself: {part.title}",
        controls=part.controls,
        possible=(0.0, 0.0),
    )
