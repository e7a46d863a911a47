"""Access in an emergency: to one record, with a reason, for a short time, and somebody hears of it.

45 CFR 164.312(a)(2)(ii).
"""

from __future__ import annotations

import json
import os
import secrets
from datetime import UTC, datetime

from clinigate.reference.care.accounts import brief_s
from clinigate.reference.care.care import Care

__all__ = ["ALERTS_FILE", "EMERGENCY", "Emergencies", "emergencies_of"]

ALERTS_FILE = "emergency-alerts.jsonl"
"""Where whoever is on duty reads that somebody took such access."""
EMERGENCY = "emergency"
"""How rows of the audit log tell such an access."""

_SCHEMA = (
    (
        "CREATE TABLE IF NOT EXISTS emergencies (id TEXT PRIMARY KEY, login TEXT NOT NULL, "
        "patient TEXT NOT NULL, reason BYTEA NOT NULL, until DOUBLE PRECISION NOT NULL)"
    ),
)


def emergencies_of(care: Care) -> Emergencies:
    """Return the emergencies of one start."""
    if "emergencies" not in care.state:
        care.state["emergencies"] = Emergencies(care)
    found = care.state["emergencies"]
    assert isinstance(found, Emergencies)
    return found


class Emergencies:
    """Who reads whose record in an emergency, and until when."""

    def __init__(self, care: Care) -> None:
        self.lasts_s = brief_s(care)
        self._care = care
        care.base.define(_SCHEMA)

    def begin(self, login: str, patient: str, reason: str) -> float:
        """Let somebody read a record; returns until when, in seconds since the epoch."""
        name = f"e-{secrets.token_hex(8)}"
        until = self._care.clock() + self.lasts_s
        sealed = self._care.sealer.seal_field(reason.encode(), name, "reason")
        self._care.base.run(
            "INSERT INTO emergencies VALUES (?, ?, ?, ?, ?)", name, login, patient, sealed, until
        )
        self._alert(login, patient, until)
        return until

    def is_on(self, login: str, patient: str) -> bool:
        """Whether somebody may read a record because of an emergency, now."""
        found = self._care.base.row(
            "SELECT 1 FROM emergencies WHERE login = ? AND patient = ? AND until > ?",
            login, patient, self._care.clock(),
        )  # fmt: skip
        return found is not None

    def _alert(self, login: str, patient: str, until: float) -> None:
        alert = {
            "time": datetime.fromtimestamp(self._care.clock(), UTC).isoformat(),
            "kind": EMERGENCY,
            "actor": login,
            "patient": patient,
            "until": datetime.fromtimestamp(until, UTC).isoformat(),
        }
        path = self._care.data_dir / ALERTS_FILE
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "a") as file:
            file.write(json.dumps(alert) + "\n")
