"""What `[hipaa]` says of the reference service's records of care, as a user would write it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from clinigate.cli.reference_care import access, accounts, lifecycle, records, rights, traffic

if TYPE_CHECKING:
    from clinigate.reference.launch import Connection

__all__ = ["care_environment", "care_tables"]

_AREAS = (accounts, access, records, rights, lifecycle, traffic)


def care_tables(connection: Connection) -> dict[str, Any]:
    """Return what is added to `[hipaa]` where the service keeps records of care."""
    if not connection.people:
        return {}
    found: dict[str, Any] = {
        "login": {
            "path": "/v1/session",
            "body": {"login": "{{login}}", "password": "{{password}}", "otp": "{{otp}}"},
            "answer": "access_token",
            "refresh_answer": "refresh_token",
            "refresh": {
                "path": "/v1/session/refresh",
                "body": {"refresh_token": "{{refresh}}"},
                "answer": "access_token",
            },
            "idle_timeout_s": connection.idle_timeout_s,
        },
        "roles": {_role(login): _role_table(login, held) for login, held in _people(connection)},
        "patients": _patients(),
    }
    for area in _AREAS:
        found |= area.tables(connection)
    return found


def care_environment(connection: Connection) -> dict[str, str]:
    """Return the variables that `care_tables` names; none without records of care."""
    if not connection.people:
        return {}
    found = {}
    for login, held in _people(connection):
        found[_variable(login, "PASSWORD")] = str(held["password"])
        found[_variable(login, "TOTP")] = str(held["totp"])
    for area in _AREAS:
        found |= area.environment(connection)
    return found


def _people(connection: Connection) -> list[tuple[str, Any]]:
    return list(connection.people.items())


def _role(login: str) -> str:
    return re.sub(r"[^a-z]", "_", login)


def _variable(login: str, what: str) -> str:
    return f"CLINIGATE_REFERENCE_{_role(login).upper()}_{what}"


def _role_table(login: str, held: Any) -> dict[str, Any]:
    table = {
        "login": login,
        "password_env": _variable(login, "PASSWORD"),
        "totp_env": _variable(login, "TOTP"),
        "scopes": held["scopes"],
        "facility": held["facility"],
        "patient": held["patient"],
    }
    return {name: value for name, value in table.items() if value is not None}


def _patients() -> dict[str, Any]:
    one = {"path": "/v1/patients/{{patient}}", "role": "clinician_north"}
    own = ("family_name", "mrn", "member_id", "email", "ssn")
    return {
        "create": {
            "path": "/v1/patients",
            "body": {"facility": "{{facility}}", **{name: f"{{{{{name}}}}}" for name in own}},
            "answer": "id",
        },
        "read": {**one, "method": "GET"},
        "change": {
            **one,
            "method": "PUT",
            "body": {"email": "{{value}}"},
            "headers": {"If-Match": "{{version}}"},
        },
        "version_header": "ETag",
        "remove": {"path": "/v1/patients/{{patient}}", "method": "DELETE"},
        "search": {"path": "/v1/patients?mrn={{mrn}}", "method": "GET", "role": "clinician_north"},
        "facilities": ["north", "south"],
    }
