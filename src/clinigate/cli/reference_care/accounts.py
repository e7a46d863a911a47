"""`[hipaa.accounts]` for the embedded reference service, as a user would write it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from clinigate.reference.launch import Connection

__all__ = ["environment", "tables"]

_ONE = "/v1/accounts/{{account}}"
_BRIEF_S = 900.0
_DSN_ENV = "CLINIGATE_REFERENCE_CARE_DSN"


def tables(connection: Connection) -> dict[str, Any]:
    """Return what is added to `[hipaa]`."""
    # What is there for a short time alone lasts half of what a session may idle.
    brief_s = min(_BRIEF_S, connection.idle_timeout_s / 2)
    account = {"login": "{{login}}", "password": "{{password}}"}
    return {
        "accounts": {
            "add": {
                "path": "/v1/accounts",
                "body": {**account, "role": "clinician", "facility": "north"},
                "answer": "id",
            },
            "secret_answer": "totp",
            "remove": {"path": _ONE, "method": "DELETE"},
            "disable": {"path": f"{_ONE}/disable"},
            "use": {"path": "/v1/patients?mrn=clinigate", "method": "GET"},
            "locked_after": 5,
            "source": "address",
            "roles": {
                "change": {
                    "path": f"{_ONE}/role",
                    "method": "PUT",
                    "body": {"role": "{{role}}"},
                    "role": "admin",
                },
                "before": "clinician",
                "after": "auditor",
                "actor": "admin",
            },
            "passwords": _passwords(brief_s),
            "digests": {**_store(connection), "query": "SELECT password FROM people"},
            "emergency": {
                "begin": {
                    "path": "/v1/emergency",
                    "body": {"patient": "{{patient}}", "reason": "{{reason}}"},
                    "role": "clinician_south",
                },
                "lasts_s": brief_s,
                "flag": "emergency",
                "alerts_file": str(connection.data_dir / "emergency-alerts.jsonl"),
            },
        }
    }


def _store(connection: Connection) -> dict[str, str]:
    """Where accounts lie: on a server where the service was told so."""
    if os.environ.get(_DSN_ENV):
        return {"dsn_env": _DSN_ENV}
    return {"file": str(connection.data_dir / "care.db")}


def environment(_connection: Connection) -> dict[str, str]:
    """Return the variables that it names."""
    return {}


def _passwords(brief_s: float) -> dict[str, Any]:
    return {
        "change": {
            "path": "/v1/session/password",
            "body": {"old": "{{old_password}}", "password": "{{password}}"},
        },
        "begin_reset": {"path": f"{_ONE}/reset", "answer": "reset_token"},
        "reset": {
            "path": "/v1/session/reset",
            "body": {"reset_token": "{{reset_token}}", "password": "{{password}}"},
        },
        "reset_lasts_s": brief_s,
    }
