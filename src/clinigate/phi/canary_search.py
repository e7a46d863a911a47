"""Find canaries in bytes of any kind."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from clinigate.phi.canaries import Patient
from clinigate.phi.forms import Literal, forms_of
from clinigate.phi.packed import unpacked

__all__ = ["CanaryHit", "CanarySearch"]


@dataclass(frozen=True, slots=True)
class CanaryHit:
    """Where a canary stands.

    Attributes:
        patient, field: which value of which patient.
        form: how it is written there.
        start, end: the span in the bytes.
    """

    patient: str
    field: str
    form: str
    start: int
    end: int


class CanarySearch:
    """Looks for the values of some patients in every form of them."""

    def __init__(self, patients: Iterable[Patient]) -> None:
        self._literals: list[tuple[Literal, str, str]] = [
            (literal, patient.id, field)
            for patient in patients
            for field, value in patient.values.items()
            for literal in forms_of(value)
        ]

    def __bool__(self) -> bool:
        return bool(self._literals)

    def search(self, data: bytes) -> list[CanaryHit]:
        """Return each place once, in order; of forms over each other the longest.

        What lies compressed there is searched too; its place is where the stream begins.
        """
        return sorted(
            [*self._plainly(data), *self._packed(data)], key=lambda hit: (hit.start, hit.end)
        )

    def _packed(self, data: bytes) -> Iterator[CanaryHit]:
        seen = set()
        for at, content in unpacked(data) if self._literals else ():
            for hit in self._plainly(content):
                if (at, hit.patient, hit.field) not in seen:
                    seen.add((at, hit.patient, hit.field))
                    yield CanaryHit(hit.patient, hit.field, "compressed", at, at)

    def _plainly(self, data: bytes) -> list[CanaryHit]:
        folded = data.lower()
        hits = [hit for entry in self._literals for hit in _places(entry, data, folded)]
        hits.sort(key=lambda hit: (hit.start, -hit.end))
        kept: list[CanaryHit] = []
        for hit in hits:
            if not kept or hit.start >= kept[-1].end:
                kept.append(hit)
        return kept


def _places(entry: tuple[Literal, str, str], data: bytes, folded: bytes) -> Iterator[CanaryHit]:
    literal, patient, field = entry
    where = folded if literal.folded else data
    at = where.find(literal.data)
    while at >= 0:
        end = at + len(literal.data)
        yield CanaryHit(patient, field, literal.form, at, end)
        at = where.find(literal.data, end)
