"""CG-HIPAA-ACCOUNTING-001 — disclosures that are not accounted for. 45 CFR 164.528.

For a synthetic patient disclosures are put on record, to recipients of our making: for each purpose
that counts, one of them twice, and for each that does not. The accounting must list exactly those
that count, each with date, recipient, description and purpose, and the other patient's not at all.
Where a program restarts the service, it is asked once more afterwards.
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from clinigate.config.hipaa_lifecycle import AccountingTable
from clinigate.core.observation import Observation
from clinigate.errors import ConfigError
from clinigate.hipaa.actors import told
from clinigate.hipaa.named import Named
from clinigate.hipaa.premises import Premises
from clinigate.hipaa.probes.lifecycle.record import Record, did, missing, telling
from clinigate.hipaa.programs import run_program
from clinigate.hipaa.rows import moment_of
from clinigate.hipaa.synthetic import written
from clinigate.hipaa.tally import Tally, gap

__all__ = ["accounting"]

_SKEW = timedelta(days=2)
_RESTART_S = 120.0


def accounting(named: Named, premises: Premises) -> Iterator[Observation]:
    """Put disclosures on record, and ask who was told."""
    table = premises.table.lifecycle.accounting
    if table is None:
        yield gap(named, missing("accounting"))
        return
    tally = Tally(named)
    with telling(tally), written(premises, tally, how_many=2) as (first, second):
        one, other = (Record(each, dict(each.values)) for each in (first, second))
        counted = [*table.counted, table.counted[0]]
        right = [_disclosed(premises, table, one, purpose) for purpose in counted]
        wrong = [_disclosed(premises, table, one, purpose) for purpose in table.excluded]
        if not table.excluded:
            tally.cannot("purposes that do not count; give [hipaa.lifecycle.accounting] excluded")
        _judge(tally, premises, table, one=one, right=right, wrong=wrong, when="")
        theirs = _report(premises, table, other)
        tally.expect(not theirs, "the accounting", "lists disclosures of somebody else")
        if table.restart:
            _restart(premises, table.restart)
            _judge(tally, premises, table, one=one, right=right, wrong=wrong, when=" a restart")
        else:
            tally.remarks.append("a restart was not tried; [hipaa.lifecycle.accounting] restart")
    yield from tally.observations()


def _disclosed(
    premises: Premises, table: AccountingTable, one: Record, purpose: str
) -> dict[str, str]:
    said = {
        "recipient": f"Clinigate recipient {secrets.token_hex(8)}",
        "description": f"clinigate synthetic description {secrets.token_hex(8)}",
        "purpose": purpose,
    }
    did(premises, table.record, {**one.values, **said})
    return said


def _judge(
    tally: Tally,
    premises: Premises,
    table: AccountingTable,
    *,
    one: Record,
    right: Sequence[Mapping[str, str]],
    wrong: Sequence[Mapping[str, str]],
    when: str,
) -> None:
    where = f"the accounting after{when}" if when else "the accounting"
    rows = _report(premises, table, one)
    by_recipient = Counter(str(row.get(table.recipient)) for row in rows)
    for said in right:
        there = by_recipient[said["recipient"]]
        message = f"has {there} rows of a disclosure for {said['purpose']}, in place of 1"
        tally.expect(there == 1, where, message)
    for said in wrong:
        message = f"lists a disclosure for {said['purpose']}, which does not count"
        tally.expect(said["recipient"] not in by_recipient, where, message)
    ours = {said["recipient"]: said for said in (*right, *wrong)}
    strange = sum(count for name, count in by_recipient.items() if name not in ours)
    tally.expect(not strange, where, f"lists {strange} disclosures that were none")
    for row in rows:
        made = ours.get(str(row.get(table.recipient)))
        if made is not None:
            lacks = _lacking(row, table, made)
            tally.expect(not lacks, where, f"has a row without the {' and '.join(lacks)}")


def _lacking(row: Mapping[str, Any], table: AccountingTable, said: Mapping[str, str]) -> list[str]:
    moment = moment_of(row.get(table.date))
    right = {
        "date": moment is not None and abs(datetime.now(UTC) - moment) < _SKEW,
        "description": row.get(table.description) == said["description"],
        "purpose": row.get(table.purpose) == said["purpose"],
    }
    return [name for name, is_so in right.items() if not is_so]


def _report(premises: Premises, table: AccountingTable, one: Record) -> list[Mapping[str, Any]]:
    found = told(did(premises, table.report, one.values), table.report.answer)
    if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
        raise ConfigError(
            "[hipaa.lifecycle.accounting] report: `answer` must lead to the list of its rows"
        )
    return found


def _restart(premises: Premises, command: Sequence[str]) -> None:
    field = "[hipaa.lifecycle.accounting] restart"
    done = run_program(
        command, field, cwd=premises.base_dir, environ=premises.environ, longest_s=_RESTART_S
    )
    if done is None:
        raise ConfigError(f"{field}: {command[0]} does not end in {_RESTART_S:g} s")
    if done.returncode != 0:
        raise ConfigError(f"{field}: {command[0]} ended with {done.returncode}")
