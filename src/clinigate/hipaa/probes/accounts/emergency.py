"""CG-HIPAA-EMERGENCY-001 — access in an emergency. 45 CFR 164.312(a)(2)(ii).

Somebody who may not read the record of a synthetic patient asks to, in an emergency: without a
reason they must be refused, with one they must read it at once. The accesses must be flagged in the
audit log, an alert must be raised, and when the time is over the record must be closed by itself.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterator, Mapping, Sequence

from clinigate.config.hipaa_accounts import EmergencyTable
from clinigate.core.observation import Observation
from clinigate.errors import ConfigError, TargetError
from clinigate.hipaa.actors import as_bearer, bearer_of, call, told
from clinigate.hipaa.named import Named
from clinigate.hipaa.premises import Premises
from clinigate.hipaa.probes.accounts.judging import REFUSALS, refused
from clinigate.hipaa.probes.accounts.synthetic import (
    login_table,
    needed,
    table_of,
)
from clinigate.hipaa.rows import Rows
from clinigate.hipaa.synthetic import Written, patients_table, written
from clinigate.hipaa.tally import Tally, gap
from clinigate.targets.service import Answer
from clinigate.targets.template import fill_values

__all__ = ["break_glass"]

_REASON = "clinigate-synthetic: an exercise of access in an emergency"
_MARGIN = 1.1
_PAUSE_S = 0.05


def break_glass(named: Named, premises: Premises) -> Iterator[Observation]:
    """Break the glass, with and without a reason."""
    table = table_of(premises).emergency
    reason = needed(premises, "emergency")
    if reason is not None or table is None:
        yield gap(named, reason or "")
        return
    tally = Tally(named)
    with written(premises, tally) as (patient,):
        one = _Emergency(tally, premises, table, patient)
        if one.is_closed():
            one.takes_a_reason()
            one.opens()
            one.ends()
    yield from tally.observations()


class _Emergency:
    """One patient, and somebody who may not read their record."""

    def __init__(
        self, tally: Tally, premises: Premises, table: EmergencyTable, patient: Written
    ) -> None:
        self._tally = tally
        self._premises = premises
        self._table = table
        self._patient = patient
        audit = premises.table.audit
        self._logged = audit.file is not None or bool(audit.command)

    def is_closed(self) -> bool:
        """Whether the role may not read the record anyhow; without it nothing can be shown."""
        answer = self._read()
        if not answer.refused:
            self._tally.cannot(
                f"reading as {self._table.begin.role} answers {answer.status} without an "
                "emergency; name a role of [hipaa.roles] in begin that must be refused"
            )
        return answer.refused

    def takes_a_reason(self) -> None:
        """Ask without one."""
        given = False
        for where, reason in {"without a reason": None, "with an empty reason": ""}.items():
            answer = self._begin(reason)
            given = given or answer.served
            if answer.served or answer.status in REFUSALS:
                message = "access in an emergency is given"
                self._tally.expect(not answer.served, where, message)
            else:
                self._tally.cannot(f"{where}: it answers {answer.status}, which refuses nobody")
        if not given:
            message = "the record is open although access was refused"
            refused(self._tally, self._read(), "after a refusal", message)

    def opens(self) -> None:
        """Ask with a reason: the record is open, and it shows."""
        before = self._alerts()
        # Of each access its own reader: what one has read is new to it no more.
        rows = [Rows(self._premises) for _ in range(2)] if self._logged else []
        since = time.monotonic()
        begun = self._begin(_REASON)
        answer = self._read()
        where = "with a reason"
        self._tally.expect(begun.served, where, "access in an emergency is refused")
        if answer.served or time.monotonic() - since < (self._table.lasts_s or math.inf):
            self._tally.expect(answer.served, where, "the record stays closed")
        else:
            self._tally.cannot(f"{where}: this machine or the service was slower than lasts_s")
        self._flagged(rows, {"asking for it": begun, "reading the record": answer})
        self._alerted(before)

    def ends(self) -> None:
        """Wait until it is over."""
        lasts, longest = self._table.lasts_s, login_table(self._premises).longest_wait_s
        if lasts is None or lasts * _MARGIN > longest:
            self._tally.cannot(
                "its end; say lasts_s in [hipaa.accounts.emergency], and start the test "
                f"environment with one below the {longest:g} s that are waited for"
            )
            return
        time.sleep(lasts * _MARGIN)
        message = "the record is still open"
        refused(self._tally, self._read(), "after its time", message)

    def _read(self) -> Answer:
        role = self._table.begin.role
        assert role is not None
        headers = as_bearer(bearer_of(self._premises, role))
        read = patients_table(self._premises).read
        return call(self._premises, read, self._patient.values, headers=headers)

    def _begin(self, reason: str | None) -> Answer:
        values = {**self._patient.values, "reason": reason}
        return call(self._premises, self._table.begin, values)

    def _flagged(self, rows: Sequence[Rows], answers: Mapping[str, Answer]) -> None:
        flag = self._table.flag
        if flag is None:
            self._tally.cannot("flags in the audit log; say flag in [hipaa.accounts.emergency]")
            return
        if not rows:
            self._tally.cannot("flags in the audit log; name [hipaa.audit] file or command")
        for reader, (where, answer) in zip(rows, answers.items(), strict=False):
            values = (value for row in reader.of(answer) for value in row.values())
            message = "leaves no audit row that is flagged as an emergency"
            self._tally.expect(any(flag in str(each) for each in values), where, message)

    def _alerted(self, before: int) -> None:
        if self._table.alerts is None and self._table.alerts_file is None:
            self._tally.cannot(
                "the alert; give alerts or alerts_file in [hipaa.accounts.emergency]"
            )
            return
        until = time.monotonic() + self._premises.table.patience_s
        while not (raised := self._alerts() > before) and time.monotonic() < until:
            time.sleep(_PAUSE_S)
        self._tally.expect(raised, "alerts", "no alert tells of it")

    def _alerts(self) -> int:
        """How often the alerts name this emergency."""
        known_by = str(fill_values(self._table.alert_names, self._patient.values))
        if self._table.alerts is not None:
            answer = call(self._premises, self._table.alerts, self._patient.values)
            if not answer.served:
                raise TargetError(
                    f"{self._table.alerts.method} {self._table.alerts.path}: answers "
                    f"{answer.status}; mend [hipaa.accounts.emergency] alerts"
                )
            return json.dumps(told(answer, self._table.alerts.answer)).count(known_by)
        if self._table.alerts_file is None:
            return 0
        try:
            path = self._premises.path(self._table.alerts_file)
            return path.read_text(encoding="utf-8", errors="replace").count(known_by)
        except FileNotFoundError:
            return 0
        except OSError as error:
            raise ConfigError(f"[hipaa.accounts.emergency] alerts_file: {error.strerror}") from None
