"""The `[target]` table for the embedded reference service, as a user would write it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from clinigate import __version__
from clinigate.core.canonical import canonical_bytes, sha256_hex

if TYPE_CHECKING:
    from clinigate.reference.launch import Connection

__all__ = ["reference_environment", "reference_tables"]

_ID = "CLINIGATE_REFERENCE_CLIENT_ID"
_SECRET = "CLINIGATE_REFERENCE_CLIENT_SECRET"  # noqa: S105 - the variable's name

_SCORED = ("total", "percent", "band", "positive", "follow_up")


def reference_tables(connection: Connection) -> dict[str, Any]:
    """Return `[subject]` and `[target]` of a configuration for a running reference service."""
    body = {"messages": "{{messages}}"}
    card = dict(connection.model)
    return {
        "subject": {
            "name": "Clinigate reference service",
            "version": __version__,
            "intended_use": "Calibrating Clinigate. It is no clinical model.",
            "digests": {"model": f"sha256:{sha256_hex(canonical_bytes(card))}"},
            "exposed_to": list(card["exposed_to"]),
        },
        "target": {
            "kind": "http",
            "name": f"reference service ({card['model']})",
            "base_url": connection.base_url,
            "tls": {"ca_file": str(connection.ca_file)},
            "auth": {
                "oauth2": {
                    "token_url": "/oauth/token",
                    "client_id_env": _ID,
                    "client_secret_env": _SECRET,
                }
            },
            "limits": {"concurrency": 16},
            "chat": {
                "path": "/v1/chat/completions",
                "request": {"model": card["model"], **body},
                "answer": {
                    "text": "choices[0].message.content",
                    "flag": "safety.crisis",
                    "score": "safety.score",
                    "events": "safety.escalation",
                },
            },
            "crisis": {
                "path": "/v1/crisis",
                "request": body,
                "answer": {"flag": "crisis", "score": "score"},
            },
            "emotion": {
                "path": "/v1/emotion",
                "request": body,
                "answer": {"emotion": "emotion"},
            },
            "scoring": {
                "path": "/v1/instruments/{{instrument}}/score",
                "request": {"answers": "{{answers}}"},
                "answer": {name: name for name in _SCORED},
                "batch": {
                    "path": "/v1/instruments/{{instrument}}/scores",
                    "request": {"sheets": "{{sheets}}"},
                    "results": "results",
                    "size": 4096,
                },
            },
        },
    }


def reference_environment(connection: Connection) -> dict[str, str]:
    """Return the variables that the table names, for `build_target` alone."""
    return {_ID: connection.client_id, _SECRET: connection.client_secret}
