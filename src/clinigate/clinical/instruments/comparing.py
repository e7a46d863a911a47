"""What a system made of a sheet, held against what it comes to."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence

from clinigate.clinical.instruments.definition import Definition
from clinigate.clinical.instruments.golden import TRAPS, Trap
from clinigate.clinical.instruments.oracle import Score
from clinigate.core.scoring import Scored, Terms

__all__ = ["Compared", "known_fields", "same_band", "trap_behind"]

_HALF = 0.5


class Compared:
    """Compares sheets of one instrument, scored on its terms, by the fields that are given."""

    def __init__(self, definition: Definition, terms: Terms, fields: Collection[str]) -> None:
        self._definition = definition
        self._terms = terms
        self._fields = known_fields(definition, fields)
        own = terms.bands
        usual = [band.name for band in definition.bands]
        self._bands = dict(zip(usual, own or usual, strict=True))

    @property
    def tells_calls(self) -> bool:
        """Whether its answers say that somebody must look at once."""
        return "follow_up" in self._fields

    def wrong(self, scored: Scored, right: Score) -> tuple[str, str] | None:
        """Return the field that is wrong and what is wrong with it, or None."""
        if trouble := self._total(scored, right):
            return "total", trouble
        if "percent" in self._fields and (trouble := self._percent(scored, right)):
            return "percent", trouble
        if "band" in self._fields and (trouble := self._band(scored, right)):
            return "band", trouble
        if "positive" in self._fields and scored.positive is not right.positive:
            if right.prorated:
                return None  # by which of the totals that are right, nobody says
            return "positive", f"screen {_word(right.positive)}, {_word(scored.positive)} given"
        return None

    def _total(self, scored: Scored, right: Score) -> str | None:
        wanted = right.percent if self._terms.percent and right.percent is not None else right.total
        if scored.total is not None and _is(scored.total, wanted, right):
            return None
        return f"total {wanted:g}, {_number(scored.total)} given"

    def _percent(self, scored: Scored, right: Score) -> str | None:
        assert right.percent is not None
        if scored.percent is not None and _is(scored.percent, right.percent, right):
            return None
        return f"{right.percent:g} of 100, {_number(scored.percent)} given"

    def _band(self, scored: Scored, right: Score) -> str | None:
        # Of a prorated sheet the system's own rounding of the total decides; it is right by now.
        total = right.total if not right.prorated or scored.total is None else scored.total
        wanted = self._bands[str(self._definition.band_of(total))]
        if scored.band is not None and same_band(scored.band, wanted):
            return None
        given = "none" if scored.band is None else repr(scored.band[:40])
        return f"band {wanted!r} for a total of {total:g}, {given} given"


def known_fields(definition: Definition, fields: Iterable[str]) -> frozenset[str]:
    """Return the fields that mean something for this instrument."""
    means = {"positive"}
    if definition.bands:
        means.add("band")
    if definition.percent_factor is not None:
        means.add("percent")
    if definition.follow_up_item is not None:
        means.add("follow_up")
    return frozenset(fields) & means


def same_band(given: str, wanted: str) -> bool:
    """Whether two names of a band are the same but for case, blanks and punctuation."""
    return given == wanted or _letters(given) == _letters(wanted) != ""


def trap_behind(definition: Definition, wrong: Sequence[tuple[Score, Scored]]) -> Trap | None:
    """Return the known wrong rule that explains all that was wrong, if one does."""
    for trap in TRAPS[definition.instrument]:
        if wrong and all(_explains(trap, right, scored) for right, scored in wrong):
            return trap
    return None


def _explains(trap: Trap, right: Score, scored: Scored) -> bool:
    if trap.percent is not None:
        factor, less = trap.percent
        by_rule = (right.total - less) * factor
        return by_rule in (scored.percent, scored.total)
    names = [name for name, lowest in trap.bands if right.total >= lowest]
    return scored.band is not None and bool(names) and same_band(scored.band, names[-1])


def _is(given: float, wanted: float, right: Score) -> bool:
    # A prorated total is rounded or not, as the system has it.
    return abs(given - wanted) <= (_HALF if right.prorated else 0)


def _letters(name: str) -> str:
    return re.sub(r"[\W_]+", " ", name).strip().casefold()


def _word(positive: bool | None) -> str:
    return {True: "positive", False: "negative", None: "nothing"}[positive]


def _number(value: float | None) -> str:
    return "none" if value is None else f"{value:g}"
