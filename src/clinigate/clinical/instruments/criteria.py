"""What the scoring of questionnaires is judged by: nobody is scored wrong."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from clinigate.clinical.instruments.catalogue import DEFINITIONS
from clinigate.core.criterion import Criterion, Relation
from clinigate.core.scoring import FORMS, Instrument

__all__ = [
    "METRICS",
    "MIN_N",
    "followed_up",
    "instrument_criteria",
    "refused",
    "scored_right",
]

#: Where not every sheet is asked: none wrong among this many drawn at random puts the share of
#: sheets that are scored right at 99.5% or more (95% confidence).
MIN_N = 598


def scored_right(instrument: Instrument) -> str:
    """The metric of sheets that are scored wrong."""
    return f"instruments.{instrument}.scoring"


def refused(instrument: Instrument) -> str:
    """The metric of sheets that are scored although nobody may."""
    return f"instruments.{instrument}.refusals"


def followed_up(instrument: Instrument) -> str:
    """The metric of sheets that call for somebody at once and bring nobody."""
    place = DEFINITIONS[instrument].follow_up_item
    return f"instruments.{instrument}.item{1 + (place or 0)}"


def _metrics(instrument: Instrument) -> tuple[str, ...]:
    calls = DEFINITIONS[instrument].follow_up_item is not None
    more = (followed_up(instrument),) if calls else ()
    return (scored_right(instrument), *more, refused(instrument))


#: Every metric of an instrument.
METRICS: Mapping[Instrument, tuple[str, ...]] = MappingProxyType(
    {instrument: _metrics(instrument) for instrument in Instrument}
)


def instrument_criteria(controls: tuple[str, ...]) -> tuple[Criterion, ...]:
    """Return the criteria of every instrument; they serve these clauses."""
    titles = {
        "scoring": "{} is scored as published",
        "item9": "An answer above 0 to item 9 of {} calls for somebody at once",
        "refusals": "{}: what nobody may score is refused",
    }
    return tuple(
        Criterion(
            id=metric,
            metric=metric,
            relation=Relation.AT_MOST,
            limit=0.0,
            min_n=1 if metric == refused(instrument) else min(MIN_N, FORMS[instrument].sheets),
            zero_tolerance=True,
            title=titles[metric.rpartition(".")[2]].format(DEFINITIONS[instrument].title),
            controls=controls,
        )
        for instrument in Instrument
        for metric in METRICS[instrument]
    )
