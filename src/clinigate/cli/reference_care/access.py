"""`[hipaa.access]` for the embedded reference service, as a user would write it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from clinigate.reference.launch import Connection

__all__ = ["environment", "tables"]

_KEY = "CLINIGATE_REFERENCE_SIGNING_KEY"
_DEMOGRAPHIC = ["family_name", "given_name", "birth_date", "phone", "email", "address"]
_OF_A_RECORD = ["id", "facility", "version"]
_CLINICAL = [*_DEMOGRAPHIC, "mrn", "member_id", "gender"]
_FIELDS = {
    "clinician_north": _CLINICAL,
    "nurse_north": [each for each in _CLINICAL if each != "email"],
    "desk_north": [*_DEMOGRAPHIC, "payer"],
    "billing_north": ["family_name", "given_name", "birth_date", "mrn", "payer"],
}


def tables(connection: Connection) -> dict[str, Any]:
    """Return what is added to `[hipaa]`."""
    minute = connection.clients["partner"].requests_per_minute
    hour = connection.clients["batch"].requests_per_hour
    return {
        # Below what the evaluator may ask; nobody else is slowed, and a limit of a thousand
        # requests would take long to use up at the usual pace.
        "safety": {"most_per_second": 900.0},
        "access": {
            "signing_key_env": _KEY,
            "fields": {name: [*_OF_A_RECORD, *more] for name, more in _FIELDS.items()},
            "limits": {
                "partner": _limit("partner", minute, 60),
                "batch": _limit("batch", hour, 3600),
            },
        },
    }


def environment(connection: Connection) -> dict[str, str]:
    """Return the variables that it names."""
    from clinigate.reference.care.tokens import KEY_FILE

    found = {_KEY: (connection.data_dir / KEY_FILE).read_text(encoding="ascii")}
    for name in ("partner", "batch"):
        held = connection.clients[name]
        found[_variable(name, "ID")] = held.client_id
        found[_variable(name, "SECRET")] = held.client_secret
    return found


def _limit(name: str, requests: int, seconds: int) -> dict[str, Any]:
    return {
        "requests": requests,
        "seconds": seconds,
        "call": {"method": "GET", "path": "/metrics"},
        "client_id_env": _variable(name, "ID"),
        "client_secret_env": _variable(name, "SECRET"),
    }


def _variable(name: str, what: str) -> str:
    return f"CLINIGATE_REFERENCE_{name.upper()}_CLIENT_{what}"
