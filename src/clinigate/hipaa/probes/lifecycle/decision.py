"""CG-HIPAA-DECISION-001 — decisions of a model that nobody can change. GDPR Art. 22(3).

The model decides of a synthetic patient. A person then decides otherwise: from then on their
outcome must hold, and not the model's. Limits: whether they look at the case is not seen.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from clinigate.config.hipaa_lifecycle import DecisionTable
from clinigate.core.observation import Observation
from clinigate.hipaa.actors import call, told
from clinigate.hipaa.named import Named
from clinigate.hipaa.premises import Premises
from clinigate.hipaa.probes.lifecycle.record import did, made, missing, planted, telling
from clinigate.hipaa.synthetic import written
from clinigate.hipaa.tally import Tally, gap

__all__ = ["automated_decision"]

_NO_ROUTE = (404, 405, 410, 501)


def automated_decision(named: Named, premises: Premises) -> Iterator[Observation]:
    """Have the model decide, and a person decide otherwise."""
    table = premises.table.lifecycle.decision
    if table is None:
        yield gap(named, missing("decision"))
        return
    tally = Tally(named)
    with telling(tally), written(premises, tally) as (one,):
        values = dict(one.values)
        values["decision"] = made(premises, table.decide, values)
        before = _outcome(premises, table, values)
        if before not in table.outcomes:
            tally.cannot(
                "a review: the model's outcome is none of [hipaa.lifecycle.decision] outcomes"
            )
        else:
            other = next(each for each in table.outcomes if each != before)
            _reviewed(tally, premises, table, {**values, "outcome": other})
    yield from tally.observations()


def _reviewed(
    tally: Tally, premises: Premises, table: DecisionTable, values: Mapping[str, Any]
) -> None:
    where = f"{table.review.method} {table.review.path}"
    answer = call(premises, table.review, {**values, "reason": planted("reason")})
    if answer.status in _NO_ROUTE:
        tally.expect(False, where, "there is no way for a person to decide")
    elif not answer.served:
        tally.cannot(f"{where}: it answers {answer.status}; mend [hipaa.lifecycle.decision] review")
    else:
        holds = _outcome(premises, table, values) == values["outcome"]
        tally.expect(holds, where, "what a person decides does not hold in place of the model's")


def _outcome(premises: Premises, table: DecisionTable, values: Mapping[str, Any]) -> Any:
    return told(did(premises, table.read, values), table.read.answer)
