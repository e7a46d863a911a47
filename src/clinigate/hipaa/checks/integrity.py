"""CG-HIPAA-INTEGRITY-001 — records that can be altered unnoticed. 45 CFR 164.312(c)(1), (c)(2).

A conversation is written through the API. Then one bit is flipped at a time in copies of the store
and of the audit log, in each column that holds content, and the service's own verifier must notice
each; a copy that nobody touched it must find intact. Records themselves are never altered. Limits:
the store must be SQLite, and what the verifier notices the service must act on.
"""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from clinigate.core.observation import Observation
from clinigate.errors import ConfigError
from clinigate.hipaa.named import Named
from clinigate.hipaa.planting import patients_for, tell
from clinigate.hipaa.premises import Premises, verifies
from clinigate.hipaa.tally import Tally, gap

__all__ = ["integrity_controls"]

#: Content is longer than what programs write beside it: numbers, dates, digests in hexadecimal.
_CONTENT = 65


def integrity_controls(named: Named, premises: Premises) -> Iterator[Observation]:
    """Flip bits in copies of records, and ask whether it is noticed."""
    integrity, audit = premises.table.integrity, premises.table.audit
    of_audit = audit.file if audit.verify else None
    of_store = integrity.store if integrity.verify else None
    if of_audit is None and of_store is None:
        reason = "name the service's own verifiers in [hipaa.integrity] and [hipaa.audit]"
        yield gap(named, reason)
        return
    tally = Tally(named)
    if premises.service is not None:
        for patient in patients_for(named.name, premises.seed):
            tell(premises.service, patient)
    with tempfile.TemporaryDirectory(prefix="clinigate-integrity-") as folder:
        if of_store is None:
            tally.cannot("the store; give [hipaa.integrity] store and verify")
        else:
            _store(tally, premises, premises.path(of_store), Path(folder) / "store")
        if of_audit is not None:
            _audit(tally, premises, premises.path(of_audit), Path(folder) / "audit")
    yield from tally.observations()


def _store(tally: Tally, premises: Premises, store: Path, copy: Path) -> None:
    verify = premises.table.integrity.verify
    _copy_store(store, copy)
    _ask(tally, premises, verify, copy, "store", flipped=None)
    with closing(sqlite3.connect(copy)) as database:
        columns = list(_content_columns(database))
    if not columns:
        tally.cannot(f"the store; no column of {store.name} holds any content")
    for table, column in columns:
        _copy_store(store, copy)
        with closing(sqlite3.connect(copy)) as database, database:
            _flip_in(database, table, column)
        _ask(tally, premises, verify, copy, "store", flipped=f"{table}.{column}")


def _copy_store(store: Path, copy: Path) -> None:
    copy.unlink(missing_ok=True)
    try:
        with (
            closing(sqlite3.connect(f"{store.absolute().as_uri()}?mode=ro", uri=True)) as source,
            closing(sqlite3.connect(copy)) as target,
        ):
            source.backup(target)
    except sqlite3.Error as error:
        raise ConfigError(f"[hipaa.integrity] store: {store.name}: {error}") from None


def _content_columns(database: sqlite3.Connection) -> Iterator[tuple[str, str]]:
    tables = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
    for (table,) in database.execute(tables).fetchall():
        for row in database.execute(f"PRAGMA table_info({_quoted(table)})").fetchall():
            column, is_key = row[1], row[5]
            longest = f"SELECT MAX(LENGTH({_quoted(column)})) FROM {_quoted(table)}"  # noqa: S608
            (length,) = database.execute(longest).fetchone()
            if not is_key and (length or 0) >= _CONTENT:
                yield table, column


def _flip_in(database: sqlite3.Connection, table: str, column: str) -> None:
    """Flip one bit in the longest value of a column."""
    table, column = _quoted(table), _quoted(column)
    longest = f"SELECT {column} FROM {table} ORDER BY LENGTH({column}) DESC LIMIT 1"  # noqa: S608
    (value,) = database.execute(longest).fetchone()
    update = f"UPDATE {table} SET {column} = ? WHERE {column} = ?"  # noqa: S608
    database.execute(update, (_flipped(value), value))


def _flipped(value: str | bytes) -> str | bytes:
    raw = bytearray(value.encode() if isinstance(value, str) else value)
    raw[len(raw) // 2] ^= 1
    return raw.decode("utf-8", "replace") if isinstance(value, str) else bytes(raw)


def _audit(tally: Tally, premises: Premises, log: Path, copy: Path) -> None:
    verify = premises.table.audit.verify
    content = log.read_bytes()
    copy.write_bytes(content)
    _ask(tally, premises, verify, copy, "audit log", flipped=None)
    for part in (1, 2, 3):
        spoilt = bytearray(content)
        spoilt[len(spoilt) * part // 4] ^= 1
        copy.write_bytes(spoilt)
        _ask(tally, premises, verify, copy, "audit log", flipped=f"{part}/4 of its length")


def _ask(
    tally: Tally,
    premises: Premises,
    command: list[str],
    copy: Path,
    what: str,
    *,
    flipped: str | None,
) -> None:
    intact = verifies(premises, command, copy)
    if intact is None:
        tally.cannot(f"the {what}: its verifier does not end")
    elif flipped is None:
        tally.expect(intact, what, f"its own verifier refuses the {what} as it is")
    else:
        tally.expect(not intact, what, f"a bit flipped at {flipped} is not noticed")


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
