"""`[hipaa.records]` for the embedded reference service, as a user would write it."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from clinigate.reference.launch import Connection

__all__ = ["environment", "tables"]

_STORE = "care.db"
_DSN_ENV = "CLINIGATE_REFERENCE_CARE_DSN"
_RESTORE = "clinigate.reference.care.restore"


def tables(connection: Connection) -> dict[str, Any]:
    """Return what is added to `[hipaa]`; the store is a server's where the service was told so."""
    folder = connection.data_dir
    in_file = {"sqlite": str(folder / _STORE)}
    store = {"dsn_env": _DSN_ENV} if os.environ.get(_DSN_ENV) else in_file
    notes = "/v1/patients/{{patient}}/notes"
    return {
        "records": {
            "store": {**store, "table": "patients", "sealed": ["sealed"], "audit": "audit"},
            "backup": {
                "places": [str(folder / "care-backups")],
                "scheduled": [str(folder / "care-backups" / "scheduled")],
                "make": {"path": "/v1/backups"},
                "restore": [sys.executable, "-P", "-m", _RESTORE, "{backup}", "{into}"],
            },
            "sealing": {
                "told": {"path": "/v1/encryption", "method": "GET"},
                "query": "SELECT DISTINCT substr(sealed, 1, 7) FROM patients",
            },
            "replay": {
                "write": {
                    "path": notes,
                    "body": {"text": "{{value}}"},
                    "headers": {"Idempotency-Key": "{{nonce}}"},
                },
                "read": {"path": notes, "method": "GET", "answer": "notes[].text"},
            },
            "denied_role": "auditor",
        }
    }


def environment(_connection: Connection) -> dict[str, str]:
    """Return the variables that it names beside those of this process: none."""
    return {}
