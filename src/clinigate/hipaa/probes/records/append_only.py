"""CG-HIPAA-AUDIT-APPEND-ONLY-001 — audit rows that can be changed or removed. 21 CFR 11.10(e).

In transactions that are taken back, UPDATE, DELETE and what amounts to them (on SQLite a row put
over another, on PostgreSQL TRUNCATE) are tried on the audit table, as the service itself reaches
it. Limits: an owner of the table who takes its safeguards away first.
"""

from __future__ import annotations

from collections.abc import Iterator

from clinigate.core.observation import Observation
from clinigate.errors import ConfigError
from clinigate.hipaa.named import Named
from clinigate.hipaa.premises import Premises
from clinigate.hipaa.probes.records.asking import Voices
from clinigate.hipaa.probes.records.store import Cell, Link, NotDone, linked, quoted
from clinigate.hipaa.synthetic import patients_table, written
from clinigate.hipaa.tally import Tally, gap

__all__ = ["audit_append_only"]


def audit_append_only(named: Named, premises: Premises) -> Iterator[Observation]:
    """Try to change and remove a row of the audit table, and take it back."""
    store = premises.table.records.store
    if store is None or store.audit is None:
        yield gap(named, "give [hipaa.records.store] with audit, the table of the audit rows")
        return
    tally = Tally(named)
    with written(premises, tally) as (one,), linked(premises) as link:
        # There is a row by now: that of the patient who was just read.
        Voices(premises).served(patients_table(premises).read, one.values)
        _tried(tally, link, store.audit)
    yield from tally.observations()


def _tried(tally: Tally, link: Link, table: str) -> None:
    name = quoted(table)
    try:
        columns = link.columns(table)
        rows = link.rows(f"SELECT * FROM {name} LIMIT 1")  # noqa: S608 - quoted
    except NotDone as error:
        raise ConfigError(
            f"[hipaa.records.store] audit: {table} cannot be read ({error}); mend it"
        ) from None
    if not rows:
        tally.cannot(f"{table} has no rows; is it where the service writes them?")
        return
    if link.is_postgres and not _may_add(link, table):
        tally.cannot(
            f"{table}, as the service reaches it: who connects may not add rows either; give the "
            "service's own role in [hipaa.records.store] dsn_env"
        )
        return
    where = "ctid" if link.is_postgres else "rowid"
    first = f"WHERE {where} = (SELECT {where} FROM {name} LIMIT 1)"  # noqa: S608 - quoted
    _update(tally, link, table, dict(zip(columns, rows[0], strict=True)), first)
    _expect_refused(tally, link, table, "DELETE", f"DELETE FROM {name} {first}")  # noqa: S608
    if link.is_postgres:
        _expect_refused(tally, link, table, "TRUNCATE", f"TRUNCATE {name}")
    else:
        _replace(tally, link, table)


def _may_add(link: Link, table: str) -> bool:
    """Whether who is connected may add rows, as the service must: a reader is refused anything."""
    asked = "SELECT CAST(has_table_privilege(?, 'INSERT') AS INTEGER)"
    return link.rows(asked, quoted(table)) == [(1,)]


def _update(tally: Tally, link: Link, table: str, row: dict[str, Cell], first: str) -> None:
    """Change one column after the other: a safeguard may look at some of them alone."""
    before = tally.tried
    for column, cell in row.items():
        grown = "|| 'x'" if isinstance(cell, str) else "+ 1"
        if not isinstance(cell, str | int | float):
            continue
        name = quoted(column)
        sql = f"UPDATE {quoted(table)} SET {name} = {name} {grown} {first}"  # noqa: S608 - quoted
        changed = _changed(link, sql)
        if changed is not None:
            tally.expect(not changed, f"{table}.{column}", "takes an UPDATE of its rows")
    if tally.tried == before:
        tally.cannot(f"UPDATE of {table}; no column takes another value")


def _expect_refused(tally: Tally, link: Link, table: str, what: str, sql: str) -> None:
    changed = _changed(link, sql)
    if changed is None:
        tally.cannot(f"{what} of {table}; the store refuses it for other reasons")
        return
    tally.expect(not changed, table, f"takes a {what} of its rows")


def _changed(link: Link, sql: str) -> bool | None:
    """Whether a statement concerned any row; None where the store says nothing of that."""
    try:
        with link.undone():
            # TRUNCATE counts none, and says -1.
            return link.run(sql) != 0
    except NotDone as error:
        return None if error.unclear else False


def _replace(tally: Tally, link: Link, table: str) -> None:
    """Put a row over itself: where that adds none, the row before was removed."""
    name = quoted(table)
    count = f"SELECT COUNT(*) FROM {name}"  # noqa: S608 - quoted
    try:
        with link.undone():
            before = link.rows(count)
            link.run(f"INSERT OR REPLACE INTO {name} SELECT * FROM {name} LIMIT 1")  # noqa: S608
            replaced = link.rows(count) == before
    except NotDone as error:
        if error.unclear:
            tally.cannot(f"a row put over another in {table}; the store refuses it otherwise")
            return
        replaced = False
    tally.expect(not replaced, table, "takes a row that is put over another one")
