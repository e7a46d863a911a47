"""The topology file: what runs, where, and what faults can be injected into."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

__all__ = ["SCHEMA", "TOKEN_ENV", "Topology", "start_ticks"]

SCHEMA = "clinigate.topology/1"
TOKEN_ENV = "CLINIGATE_REFERENCE_TOKEN"  # noqa: S105 - the variable's name

_STARTTIME = 22
_COMM_END = ")"


def start_ticks(pid: int) -> int:
    """Return when a process started, in clock ticks since boot (proc(5), field 22).

    Raises:
        OSError: there is no such process.
    """
    text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    # The command may hold spaces and brackets: fields are counted from its last bracket, field 2.
    return int(text.rpartition(_COMM_END)[2].split()[_STARTTIME - 3])


@dataclass(slots=True)
class Topology:
    """The file at `path`, rewritten whole at each change."""

    path: Path
    entry: dict[str, Any]
    processes: dict[str, dict[str, Any]] = field(default_factory=dict)
    links: dict[str, dict[str, Any]] = field(default_factory=dict)
    storage: list[dict[str, Any]] = field(default_factory=list)
    certificates: list[dict[str, Any]] = field(default_factory=list)
    databases: list[dict[str, Any]] = field(default_factory=list)

    def write(self) -> None:
        """Put the file in place at once; only its owner can read it."""
        content = {
            "schema": SCHEMA,
            "name": "reference",
            "environment": "local",
            "entry": self.entry,
            "processes": list(self.processes.values()),
            "links": list(self.links.values()),
            "storage": self.storage,
            "certificates": self.certificates,
            "databases": self.databases,
        }
        draft = self.path.with_name(f".{self.path.name}.part")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
            json.dump(content, out, indent=1)
        draft.replace(self.path)
