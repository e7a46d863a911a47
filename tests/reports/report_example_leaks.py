"""An invented leak map, as a hunt would hand it to a run."""

from __future__ import annotations

from dataclasses import replace

from clinigate.core.observation import Observation
from clinigate.phi.leaks.model import Leak, LeakMap, Looked, SinkKind
from clinigate.phi.leaks.observe import leak_observations

__all__ = ["leaks"]

_VALUES = ("family_name", "ssn", "email")
_MAP = LeakMap(
    sources=("message to chat", "query of a request", "FHIR patient"),
    unplanted=(("assessment note", "answers 403"),),
    looked=(
        Looked(SinkKind.LOG, "logs/access.log.1.gz"),
        Looked(SinkKind.STORE, "records.db"),
        Looked(SinkKind.METRICS, "GET /metrics"),
        Looked(SinkKind.BACKUP, "backups", "nothing was written there"),
        Looked(SinkKind.PROMPT, "model provider"),
    ),
    leaks=(
        Leak(
            "FHIR patient", SinkKind.STORE, "records.db!patients", 3, "notes", _VALUES,
            ("base64",), 0.4, 3,
        ),
        Leak(
            "message to chat", SinkKind.PROMPT, "POST /v1/chat/completions", 1, "messages",
            _VALUES, ("plain", "json"), 0.2, 6,
        ),
        Leak(
            "query of a request", SinkKind.LOG, "logs/access.log.1.gz", 812, None, ("email",),
            ("url",), 2.1, 1,
        ),
    ),
    seed=7,
)  # fmt: skip


def leaks() -> tuple[Observation, ...]:
    """What a hunt saw; of clauses the examples know two alone."""
    return tuple(replace(each, controls=()) for each in leak_observations(_MAP))
