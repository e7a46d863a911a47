"""The `[hipaa]` table for the embedded reference service, as a user would write it."""

from __future__ import annotations

import os
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from clinigate.cli.reference_care import care_environment, care_tables

if TYPE_CHECKING:
    from clinigate.reference.launch import Connection

__all__ = [
    "reference_attestations",
    "reference_hipaa_environment",
    "reference_hipaa_tables",
]

_EXPIRED = "CLINIGATE_REFERENCE_EXPIRED_TOKEN"
_PATIENT = "{{patient}}"
_VALID = timedelta(days=365)


def reference_hipaa_tables(
    connection: Connection, *, attestations: str = "hipaa-attestations.toml"
) -> dict[str, Any]:
    """Return `[hipaa]` of a configuration for a running reference service.

    `attestations` is the path of a file that holds `reference_attestations`.
    """
    store, log = str(connection.database), str(connection.audit_log)
    consent = {"patient": _PATIENT, "text": "2026-11"}
    return {
        "test_environment": True,
        "attestations": attestations,
        "stores": [store],
        "logs": [str(connection.log_file)],
        "expired_token_env": _EXPIRED,
        # What it keeps is there before it answers, or within a blink.
        "patience_s": 0.25,
        "audit": {
            "file": log,
            "request": "request",
            "patient": "patient",
            "verify": [*connection.verifier("audit"), "{copy}"],
        },
        "integrity": {"store": store, "verify": [*connection.verifier("store"), "{copy}"]},
        "consent": {
            "path": "/v1/consent",
            "give": {**consent, "granted": True},
            "withdraw": {**consent, "granted": False},
            "chat": {"user": _PATIENT},
        },
        **care_tables(connection),
    }


def reference_hipaa_environment(connection: Connection) -> dict[str, str]:
    """Return this process's variables and those that `[target]` and `[hipaa]` name."""
    from clinigate.cli.reference_target import reference_environment
    from clinigate.reference.credentials import STORE_KEY_VARIABLE

    return {
        **os.environ,
        **reference_environment(connection),
        **care_environment(connection),
        _EXPIRED: connection.expired_token,
        STORE_KEY_VARIABLE: connection.store_key,
    }


def reference_attestations(today: date) -> str:
    """Return the file of attestations that a demonstration needs; it is honest about being one."""
    from clinigate.hipaa.named import NAMED

    unsigned = 'unsigned = "a demonstration: its people are made up, so that nobody can sign"\n\n'
    return unsigned + "\n".join(
        f'[[attestation]]\ncontrol = "{control}"\n'
        f'statement = "A demonstration: {named.title}. It speaks of no real organisation."\n'
        'attested_by = { name = "Demo Person", role = "security official of the demonstration" }\n'
        f"date = {today}\nvalid_until = {today + _VALID}\n"
        for named in NAMED.values()
        if named.attested
        for control in named.controls
    )
