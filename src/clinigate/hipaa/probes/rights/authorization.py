"""CG-HIPAA-AUTHORIZATION-001 — a use beyond care without an authorization. 45 CFR 164.508.

A disclosure for research or marketing takes an authorization of that patient, for that purpose and
that recipient, complete, and in force: it ends when its time is over, and when it is revoked, from
the next request on. The disclosure that was made names it. Limits: whether a person signed, and
uses that the service lets nobody ask for, are not seen.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from clinigate.config.hipaa_rights import AuthorizationTable
from clinigate.core.observation import Observation
from clinigate.hipaa.actors import told
from clinigate.hipaa.named import Named
from clinigate.hipaa.premises import Premises
from clinigate.hipaa.probes.rights.asking import MADE_UP, Asking, observed, without
from clinigate.hipaa.probes.rights.running_out import expires
from clinigate.hipaa.probes.rights.times import LONG, expiry
from clinigate.hipaa.synthetic import Written, written
from clinigate.hipaa.tally import Tally, gap
from clinigate.targets.service import Answer

__all__ = ["authorization"]

_WHERE = "[hipaa.rights.authorization]"
_NAME = "authorization"

_Values = Mapping[str, Any]


def authorization(named: Named, premises: Premises) -> Iterator[Observation]:
    """Disclose for each purpose, with authorizations of all sorts."""
    table = premises.table.rights.authorization
    if table is None:
        yield gap(named, f"say in {_WHERE} how an authorization is recorded; docs/hipaa-rights.md")
        return
    tally = Tally(named)
    yield from observed(tally, lambda: _try(Asking(premises, tally, _WHERE), table))


def _try(asking: Asking, table: AuthorizationTable) -> None:
    with written(asking.premises, asking.tally, how_many=2) as (one, other):
        for purpose in table.purposes:
            _Purpose(asking, table, one, purpose).is_tried(other)
        _Purpose(asking, table, one, table.purposes[0]).is_complete()


class _Purpose:
    """What one purpose takes, of one patient."""

    def __init__(
        self, asking: Asking, table: AuthorizationTable, one: Written, purpose: str
    ) -> None:
        self._asking, self._table, self._purpose = asking, table, purpose
        said = {"purpose": purpose, "recipient": table.recipients[0]}
        self._values: _Values = {**one.values, **said}

    def is_tried(self, other: Written) -> None:
        """None, a made-up one, one in force, and that one for everything else."""
        asking, table = self._asking, self._table
        bare = asking.ask(without(table.use, _NAME), {**self._values, _NAME: ""})
        self._shut(bare, "without an authorization")
        self._shut(self._uses(MADE_UP), "with a made-up authorization")
        held = asking.made(table.give, {**self._values, **self._lasting()}, "give")
        self._elsewhere(held, other)
        if asking.opens(self._uses(held), f"{self._purpose}, with an authorization in force"):
            self._is_told(held)
        self._is_revoked(held)
        what = f"an authorization for {self._purpose}"
        expires(asking, table.give, self._values, use=self._uses, what=what)

    def is_complete(self) -> None:
        """Leave out each core element; without one an authorization is none. 164.508(b)(2)."""
        for member in self._table.core:
            body = dict(self._table.give.body or {})
            del body[member]
            give = self._table.give.model_copy(update={"body": body})
            given = self._asking.ask(give, {**self._values, **self._lasting()})
            held = self._asking.id_of(give, given)
            # It must be refused, or be of no effect.
            answer = given if held is None else self._uses(held)
            self._shut(answer, f"with an authorization without {member}")

    def _elsewhere(self, held: str, other: Written) -> None:
        table = self._table
        self._shut(self._uses(held, **other.values), "with another patient's authorization")
        for purpose in [each for each in table.purposes if each != self._purpose][:1]:
            answer = self._uses(held, purpose=purpose)
            self._shut(answer, f"with an authorization that is not for {purpose}")
        for recipient in table.recipients[1:2]:
            answer = self._uses(held, recipient=recipient)
            self._shut(answer, "with an authorization of another recipient")

    def _is_told(self, held: str) -> None:
        table = self._table.disclosures
        if table is None:
            self._asking.tally.cannot(f"which authorization was used; give {_WHERE} disclosures")
            return
        answer = self._asking.ask(table, self._values)
        found = told(answer, table.answer) if answer.served else None
        if not isinstance(found, list):
            self._asking.tally.cannot(
                f"which authorization was used; disclosures answers {answer.status} and has no "
                f"list at {table.answer}"
            )
            return
        named = held in [str(each) for each in found]
        message = "a disclosure does not name its authorization"
        self._asking.tally.expect(named, self._purpose, message)

    def _is_revoked(self, held: str) -> None:
        table = self._table.revoke
        if table is None:
            self._asking.tally.cannot(f"an authorization that is revoked; give {_WHERE} revoke")
            return
        answer = self._asking.ask(table, {**self._values, _NAME: held})
        if answer.served:
            self._shut(self._uses(held), "with a revoked authorization")
        else:
            self._asking.tally.cannot(
                f"an authorization that is revoked; revoke answers {answer.status}"
            )

    def _uses(self, held: str, **changes: Any) -> Answer:
        return self._asking.ask(self._table.use, {**self._values, **changes, _NAME: held})

    def _shut(self, answer: Answer, what: str) -> None:
        message = f"a record is disclosed {what}"
        self._asking.shut(answer, f"{self._purpose}, {what}", message)

    def _lasting(self) -> _Values:
        return expiry(LONG, self._table.give).values
