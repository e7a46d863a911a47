"""CG-HIPAA-RETENTION-002 — a retention job that forgets too soon, or never.

45 CFR 164.316(b)(2)(i), GDPR Art. 5(1)(e). Documents of a synthetic patient are dated back: one
that is over its time; one that is younger than six years; one that came to be long ago and was in
effect until lately, for the time runs from whichever is later; one of today. The job runs: the
first must be gone, and the others must be there. Limits: what else the job looks at is not seen.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from clinigate.config.hipaa_lifecycle import RetentionJobTable
from clinigate.core.observation import Observation
from clinigate.hipaa.actors import call
from clinigate.hipaa.named import Named
from clinigate.hipaa.premises import Premises
from clinigate.hipaa.probes.lifecycle.record import did, made, missing, planted, telling
from clinigate.hipaa.synthetic import Written, written
from clinigate.hipaa.tally import Tally, gap

__all__ = ["retention_job"]

_SIX_YEARS = 2192
_MARGIN = 30
_PAUSE_S = 0.05
_GONE = (404, 410)


@dataclass(frozen=True, slots=True)
class _Paper:
    """A document: how old it is, and for how long it is out of effect, in days."""

    what: str
    age: int
    out_of_effect: int
    stays: bool


def retention_job(named: Named, premises: Premises) -> Iterator[Observation]:
    """Date documents back, run the job, and read them."""
    table = premises.table.lifecycle.retention
    if table is None:
        yield gap(named, missing("retention"))
        return
    tally = Tally(named)
    with telling(tally), written(premises, tally) as (one,):
        papers = {paper: _filed(premises, table, one, paper) for paper in _papers(table)}
        unread = [
            paper for paper, id_ in papers.items() if _status(premises, table, one, id_) >= 300
        ]
        for paper in unread:
            tally.cannot(f"{paper.what}: it cannot be read before the job runs either")
        did(premises, table.run, one.values)
        for paper, id_ in papers.items():
            if paper not in unread:
                _judge(tally, premises, table, one=one, paper=paper, id_=id_)
    yield from tally.observations()


def _papers(table: RetentionJobTable) -> tuple[_Paper, ...]:
    young, over = _SIX_YEARS - _MARGIN, table.limit_days + _MARGIN
    return (
        _Paper("a document that is over its time", over, over, stays=False),
        _Paper("a document that is younger than six years", young, young, stays=True),
        _Paper("an older one that was in effect within six years", over + 365, young, stays=True),
        _Paper("a document of today", 0, 0, stays=True),
    )


def _filed(premises: Premises, table: RetentionJobTable, one: Written, paper: _Paper) -> str:
    return made(
        premises,
        table.write,
        {
            **one.values,
            "value": planted("document"),
            "created": str(premises.today - timedelta(paper.age)),
            "effective": str(premises.today - timedelta(paper.out_of_effect)),
        },
    )


def _judge(
    tally: Tally,
    premises: Premises,
    table: RetentionJobTable,
    *,
    one: Written,
    paper: _Paper,
    id_: str,
) -> None:
    status = _status(premises, table, one, id_)
    until = time.monotonic() + premises.table.patience_s
    while not paper.stays and status < 300 and time.monotonic() < until:
        time.sleep(_PAUSE_S)
        status = _status(premises, table, one, id_)
    if status >= 300 and status not in _GONE:
        tally.cannot(f"{paper.what}: reading it answers {status}")
    elif paper.stays:
        tally.expect(status < 300, "the job", f"removes {paper.what}")
    else:
        tally.expect(status in _GONE, "the job", f"leaves {paper.what}")


def _status(premises: Premises, table: RetentionJobTable, one: Written, id_: str) -> int:
    return call(premises, table.read, {**one.values, "document": id_}).status
