"""`[phi.trace]` of the embedded reference service, as a user would write it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from clinigate.config.loader import LoadedConfig
    from clinigate.reference.launch import Connection

__all__ = ["reference_trace_config", "reference_trace_table"]


def reference_trace_table() -> dict[str, Any]:
    """Return `[phi.trace]` for a running reference service, relative to its folder."""
    return {
        "logs": ["access.log*"],
        "error_reports": ["errors.log"],
        "spans": ["spans.jsonl"],
        "backups": ["backups"],
        "caches": ["cache.json"],
        "patience_s": 1.0,
    }


def reference_trace_config(connection: Connection, *, root: Path) -> LoadedConfig:
    """Return the configuration that a team would write to trace this service."""
    from clinigate.cli.reference_hipaa import reference_hipaa_tables
    from clinigate.cli.reference_target import reference_tables
    from clinigate.config.loader import LoadedConfig
    from clinigate.config.model import Config

    tables = {
        **reference_tables(connection),
        "hipaa": reference_hipaa_tables(connection),
        "run": {"root": str(root)},
        "phi": {"trace": reference_trace_table()},
        "gate": {"policy": "demo", "environment": "development"},
    }
    return LoadedConfig(Config.model_validate(tables), connection.data_dir, "the demo's")
