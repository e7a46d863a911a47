"""`python -m clinigate.reference.verify`: is a copy of the records as the service wrote it?

    python -m clinigate.reference.verify audit COPY
    python -m clinigate.reference.verify store COPY

The exit code is 0 for an intact copy and 3 for one that was altered. The store is opened with the
key in the variable CLINIGATE_REFERENCE_STORE_KEY.
"""

from __future__ import annotations

import argparse
import os
import sqlite3
import sys
from pathlib import Path

from clinigate.errors import ClinigateError, IntegrityError, UsageError
from clinigate.reference.credentials import STORE_KEY_VARIABLE, key_of
from clinigate.reference.defects import Keeping

__all__ = ["main"]

_EXIT_OK, _EXIT_ALTERED, _EXIT_USAGE = 0, 3, 4


def main(argv: list[str] | None = None) -> int:
    """Verify a copy, say what was found, and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m clinigate.reference.verify")
    parser.add_argument("what", choices=("audit", "store"))
    parser.add_argument("copy", type=Path)
    parser.add_argument("--keeping", type=Keeping, default=Keeping.SEALED, help=argparse.SUPPRESS)
    arguments = parser.parse_args(argv)
    try:
        if arguments.what == "audit":
            found = f"{_audit(arguments.copy)} lines"
        else:
            found = f"{_store(arguments.copy, arguments.keeping)} conversations"
    except IntegrityError as error:
        print(f"altered: {error}", file=sys.stderr)
        return _EXIT_ALTERED
    except (ClinigateError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return _EXIT_USAGE
    print(f"intact: {found}")
    return _EXIT_OK


def _audit(copy: Path) -> int:
    from clinigate.reference.records.audit import verify_chain

    return verify_chain(copy).length


def _store(copy: Path, keeping: Keeping) -> int:
    from clinigate.reference.records.consent import Consent
    from clinigate.reference.records.sealing import SealedRow, Sealer

    try:
        key = key_of(os.environ.get(STORE_KEY_VARIABLE, ""))
    except ValueError as error:
        raise UsageError(f"{STORE_KEY_VARIABLE} {error}") from None
    conversations = "SELECT id, created_at, client, messages, reply FROM conversations"
    consents = "SELECT person, granted, text, at, mark FROM consents"
    try:
        with sqlite3.connect(f"file:{copy}?mode=ro", uri=True) as database:
            rows = database.execute(conversations).fetchall()
            agreed = database.execute(consents).fetchall()
    except sqlite3.Error as error:
        raise IntegrityError(f"store {copy}: {error}") from None
    sealer = Sealer(key, f"store {copy}", keeping=keeping)
    for row in rows:
        sealer.open(SealedRow(*row))
    for person, granted, text, at, mark in agreed:
        sealer.check(Consent(person, bool(granted), text, at), mark)
    return len(rows)


if __name__ == "__main__":
    sys.exit(main())
