"""CG-HIPAA-ACTIVITY-REVIEW-001 — nobody notices what people do. 45 CFR 164.308(a)(1)(ii)(D).

One person reads many synthetic patients in a row, and another asks again and again for a record
that they may not read. A new alert about each must appear where alerts are read. Limits: what an
alert leads to, and how many are false, is for people to show; access in an emergency is what
`hipaa.break_glass` asks of.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Any

import jmespath

from clinigate.config.hipaa_traffic import ActivityTable
from clinigate.core.observation import Observation
from clinigate.errors import ConfigError, TargetError
from clinigate.hipaa.actors import as_bearer, bearer_of, filled, told
from clinigate.hipaa.premises import Premises
from clinigate.hipaa.probe import Named
from clinigate.hipaa.synthetic import Written, patients_table, written
from clinigate.hipaa.tally import Tally

__all__ = ["activity_review"]

_PAUSE_S = 0.05


def activity_review(named: Named, premises: Premises) -> Iterator[Observation]:
    """Read too much, be refused too often, and look for the alerts."""
    table = premises.table.traffic.activity
    assert table is not None
    tally = Tally(named)
    watched = _Alerts(premises, table)
    with written(premises, tally, how_many=table.charts) as patients:
        # Who logs in first: that may be told of too, and is no alert about what they read.
        headers = as_bearer(bearer_of(premises, table.role))
        before = watched.about(table.role)
        _reads(premises, table.role, headers, patients)
        told_of = watched.has_more(table.role, before)
        message = f"one person reads {table.charts} records in a row, and nobody is told"
        tally.expect(told_of, table.alerts.path, message)
        _denied(tally, premises, table, watched, patients[0])
    yield from tally.observations()


def _reads(
    premises: Premises, role: str, headers: Mapping[str, str], patients: tuple[Written, ...]
) -> None:
    for each in patients:
        status = _read(premises, headers, each)
        if not 200 <= status < 300:
            raise TargetError(
                f"[hipaa.traffic.activity] role: {role} reads a synthetic patient and is answered "
                f"{status}; name somebody who may read them"
            )


def _denied(
    tally: Tally,
    premises: Premises,
    table: ActivityTable,
    watched: _Alerts,
    one: Written,
) -> None:
    role = table.denied_role
    if role is None:
        tally.cannot(
            "a burst of refusals; name in [hipaa.traffic.activity] denied_role somebody who may "
            "not read the synthetic patients"
        )
        return
    headers = as_bearer(bearer_of(premises, role))
    before = watched.about(role)
    for _ in range(table.denials):
        status = _read(premises, headers, one)
        if status not in (401, 403, 404):
            tally.cannot(f"a burst of refusals; {role} is answered {status}, and not refused")
            return
    message = f"one person is refused {table.denials} times in a row, and nobody is told"
    tally.expect(watched.has_more(role, before), table.alerts.path, message)


def _read(premises: Premises, headers: Mapping[str, str], one: Written) -> int:
    service = premises.service
    assert service is not None
    return service.send_as(filled(patients_table(premises).read, one.values), headers).status


class _Alerts:
    """Where alerts are read, by who is let in once."""

    def __init__(self, premises: Premises, table: ActivityTable) -> None:
        self._premises = premises
        self._table = table
        role = table.alerts.role
        self._headers = None if role is None else as_bearer(bearer_of(premises, role))

    def about(self, role: str) -> int:
        """Return how many alerts there are about who a role is."""
        who = self._premises.table.roles.get(role)
        if who is None or who.login is None:
            raise ConfigError(
                f"[hipaa.traffic.activity]: [hipaa.roles.{role}] has no login, by which an alert "
                "could name them"
            )
        return sum(self._actor(each) == who.login for each in self._all())

    def has_more(self, role: str, before: int) -> bool:
        """Whether there are more of them soon."""
        until = time.monotonic() + self._table.within_s
        while True:
            if self.about(role) > before:
                return True
            if time.monotonic() > until:
                return False
            time.sleep(_PAUSE_S)

    def _actor(self, alert: Any) -> Any:
        return jmespath.search(self._table.actor, alert)

    def _all(self) -> list[Any]:
        service = self._premises.service
        assert service is not None
        request = filled(self._table.alerts, {})
        if self._headers is None:
            answer = service.send(request)
        else:
            answer = service.send_as(request, self._headers)
        found = told(answer, self._table.alerts.answer) if answer.served else None
        if not isinstance(found, list):
            raise TargetError(
                f"{request}: answers {answer.status} and gives no list at "
                f"{self._table.alerts.answer}; mend [hipaa.traffic.activity] alerts"
            )
        return found
