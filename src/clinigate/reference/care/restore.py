"""`python -m clinigate.reference.care.restore`: put a backup into an empty database.

    python -m clinigate.reference.care.restore BACKUP FILE
    python -m clinigate.reference.care.restore BACKUP --dsn-env VARIABLE

The key is that of the store, in the variable CLINIGATE_REFERENCE_STORE_KEY. The exit code is 0
when every row is there, 3 for a backup that was altered, and 4 for anything else.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from clinigate.errors import ClinigateError, IntegrityError, UsageError
from clinigate.reference.care.backups import opened_backup
from clinigate.reference.care.base import Base
from clinigate.reference.care.sealing import RecordSealer
from clinigate.reference.credentials import STORE_KEY_VARIABLE, key_of
from clinigate.reference.records.sealing import Sealer

__all__ = ["main", "restore"]

_EXIT_OK, _EXIT_ALTERED, _EXIT_USAGE = 0, 3, 4


def main(argv: list[str] | None = None) -> int:
    """Restore, say how many rows, and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m clinigate.reference.care.restore")
    parser.add_argument("backup", type=Path)
    parser.add_argument("into", type=Path, nargs="?", help="a SQLite file that is not there yet")
    parser.add_argument("--dsn-env", help="variable with the address of an empty PostgreSQL")
    arguments = parser.parse_args(argv)
    try:
        key = key_of(os.environ.get(STORE_KEY_VARIABLE, ""))
        dsn = None if arguments.dsn_env is None else os.environ.get(arguments.dsn_env)
        count = restore(arguments.backup, arguments.into, key=key, dsn=dsn)
    except IntegrityError as error:
        print(f"altered: {error}", file=sys.stderr)
        return _EXIT_ALTERED
    except (ClinigateError, OSError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return _EXIT_USAGE
    print(f"restored: {count} rows")
    return _EXIT_OK


def restore(backup: Path, into: Path | None, *, key: bytes, dsn: str | None = None) -> int:
    """Put every row of a backup into an empty database, and return how many there are.

    Raises:
        UsageError: neither or both of a file and an address are given, or it is not empty.
        IntegrityError: the backup was altered.
        EvidenceError: the database refuses.
    """
    if (into is None) == (dsn is None):
        raise UsageError("restore: give a file that is not there yet, or the address of a server")
    tables = opened_backup(backup, RecordSealer(Sealer(key, "records of care")))
    base = Base(into or Path(), dsn=dsn)
    try:
        if base.tables():
            raise UsageError("restore: the database is not empty; give an empty one")
        with base.transaction():
            for each in tables:
                columns = ", ".join(f'"{name}" {kind}' for name, kind in each["columns"])
                base.run(f'CREATE TABLE "{each["table"]}" ({columns})')
                marks = ", ".join("?" for _ in each["columns"])
                for row in each["rows"]:
                    base.run(f'INSERT INTO "{each["table"]}" VALUES ({marks})', *row)  # noqa: S608
    finally:
        base.close()
    return sum(len(each["rows"]) for each in tables)


if __name__ == "__main__":
    sys.exit(main())
