"""CG-HIPAA-AMENDMENT-001 — amendments that wipe out what stood there. 45 CFR 164.526.

A synthetic record is amended: the record must say what is new, and the history both that and what
stood there before (164.526(c)(1)). A second amendment is denied: the record must stay as it was,
and the statement of who disagrees must be linked to what was asked for (164.526(d)(2) and (4)).
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator

from clinigate.config.hipaa_lifecycle import AmendmentTable
from clinigate.core.observation import Observation
from clinigate.errors import ConfigError
from clinigate.hipaa.actors import call, told
from clinigate.hipaa.named import Named
from clinigate.hipaa.premises import Premises
from clinigate.hipaa.probes.lifecycle.record import Record, did, made, missing, planted, telling
from clinigate.hipaa.synthetic import patients_table, written
from clinigate.hipaa.tally import Tally, gap

__all__ = ["amendment"]

_HISTORY, _RECORD = "the history", "the record"


def amendment(named: Named, premises: Premises) -> Iterator[Observation]:
    """Amend a record, and have an amendment denied."""
    table = premises.table.lifecycle.amendment
    if table is None:
        yield gap(named, missing("amendment"))
        return
    tally = Tally(named)
    with telling(tally), written(premises, tally) as (person,):
        one = Record(person, dict(person.values))
        accepted = _accepted(tally, premises, table, one)
        if table.deny is None or table.disagree is None:
            tally.cannot("a denial; give [hipaa.lifecycle.amendment] deny and disagree")
        else:
            _denied(tally, premises, table, one, accepted)
    yield from tally.observations()


def _accepted(tally: Tally, premises: Premises, table: AmendmentTable, one: Record) -> str:
    """Amend the record, and return what it says now."""
    old = one.values.get(table.replaces)
    if old is None:
        raise ConfigError(
            f"[hipaa.lifecycle.amendment] replaces: {table.replaces} is nothing of a synthetic "
            "patient"
        )
    new = _value()
    values = {**one.values, "value": new}
    values["amendment"] = made(premises, table.ask, values)
    if table.accept is not None:
        did(premises, table.accept, values)
    tally.expect(_says(premises, one, new), _RECORD, "does not say what it was amended to")
    rows = _history(premises, table, one)
    told_of = [row for row in rows if new in row]
    tally.expect(bool(told_of), _HISTORY, "does not tell of the amendment")
    kept = any(str(old) in row for row in rows)
    tally.expect(kept, _HISTORY, "does not keep what stood there before")
    return new


def _denied(
    tally: Tally, premises: Premises, table: AmendmentTable, one: Record, accepted: str
) -> None:
    """Have an amendment denied, and disagree."""
    assert table.deny is not None
    assert table.disagree is not None
    asked, statement = _value(), planted("statement")
    values = {**one.values, "value": asked, "statement": statement}
    values["amendment"] = made(premises, table.ask, values)
    did(premises, table.deny, values)
    answer = call(premises, table.disagree, values)
    stays = _says(premises, one, accepted) and not _says(premises, one, asked)
    tally.expect(stays, _RECORD, "says what was denied")
    if not answer.served:
        tally.cannot(f"a statement of disagreement: the service answers {answer.status} to it")
        return
    linked = any(asked in row and statement in row for row in _history(premises, table, one))
    message = "does not link the statement of disagreement to what was asked for"
    tally.expect(linked, _HISTORY, message)


def _says(premises: Premises, one: Record, text: str) -> bool:
    read = patients_table(premises).read
    return text in _text(told(did(premises, read, one.values), read.answer))


def _history(premises: Premises, table: AmendmentTable, one: Record) -> list[str]:
    found = told(did(premises, table.history, one.values), table.history.answer)
    if not isinstance(found, list):
        raise ConfigError("[hipaa.lifecycle.amendment] history: `answer` must lead to a list")
    return [_text(row) for row in found]


def _value() -> str:
    # What is amended may have to look like an address.
    return f"clinigate.{secrets.token_hex(8)}@example.com"


def _text(node: object) -> str:
    return json.dumps(node, ensure_ascii=False)
