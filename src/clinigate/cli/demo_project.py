"""The small project that the demo scans, with the configuration that its team would write."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clinigate.cli.reference_hipaa import reference_attestations, reference_hipaa_tables
from clinigate.cli.reference_target import reference_tables

if TYPE_CHECKING:
    from clinigate.reference.launch import Connection

__all__ = ["write_project"]

_ATTESTATIONS = "hipaa-attestations.toml"
_ADVISORIES = "advisories.json"

#: What a team keeps in its repository: nothing in it is wrong.
_FILES: Mapping[str, str] = {
    "companion/__init__.py": '"""A companion\'s front: it hands on what is said."""\n',
    "companion/greeting.py": '''\
"""What is said first."""

from __future__ import annotations


def greeting(name: str) -> str:
    """Return the first line of a conversation."""
    return f"Hello {name}. What brings you here today?"
''',
    "requirements.txt": "starlette==1.3.1\n",
    "Dockerfile": """\
FROM python@sha256:1111111111111111111111111111111111111111111111111111111111111111
RUN useradd --uid 10001 companion
COPY companion /srv/companion
USER 10001
HEALTHCHECK CMD ["python", "-m", "companion.health"]
ENTRYPOINT ["python", "-m", "companion"]
""",
    "logs/staging.jsonl": """\
{"at":"2026-01-05T08:00:00Z","event":"conversation.began","session":"s-41c0"}
{"at":"2026-01-05T08:04:10Z","event":"conversation.ended","session":"s-41c0"}
""",
}


#: One record of OSV's, for a machine that reaches no source of them; it speaks of older releases.
_ADVISORY = {
    "schema_version": "1.6.0",
    "id": "GHSA-f96h-pmfr-66vw",
    "aliases": ["CVE-2024-47874"],
    "summary": "Starlette reads form fields without a limit on their size",
    "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H"}],
    "affected": [
        {
            "package": {"ecosystem": "PyPI", "name": "starlette"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "0.40.0"}]}],
        }
    ],
}


def write_project(
    folder: Path, connection: Connection, *, today: date, run: Mapping[str, Any]
) -> Path:
    """Write the project and its configuration into an empty folder; return the configuration.

    Args:
        folder: where to.
        connection: the running service that it is the front of.
        today: the day of the attestations and of the advisories.
        run: the table `[run]`.
    """
    for name, text in _FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (folder / _ATTESTATIONS).write_text(reference_attestations(today), encoding="utf-8")
    advisories = [{**_ADVISORY, "modified": f"{today}T00:00:00Z"}]
    (folder / _ADVISORIES).write_text(json.dumps(advisories), encoding="utf-8")
    tables = {
        **reference_tables(connection),
        "run": run,
        "hipaa": reference_hipaa_tables(connection, attestations=_ATTESTATIONS),
        "gate": {"policy": "demo-all-stages", "environment": "development"},
        "security": {
            "scanners": ["bandit", "dependencies", "checkov", "dast"],
            "advisories": _ADVISORIES,
        },
    }
    config = folder / "clinigate.toml"
    lines = [f"{key} = {_toml(value)}" for key, value in tables.items()]
    config.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return config


def _toml(value: Any) -> str:
    """A value as TOML writes it on one line."""
    if isinstance(value, Mapping):
        pairs = (f"{json.dumps(key)} = {_toml(item)}" for key, item in value.items())
        return f"{{{', '.join(pairs)}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_toml, value))}]"
    return json.dumps(value)
