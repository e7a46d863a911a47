"""CG-HIPAA-RETENTION-001 — for how long records are kept. 45 CFR 164.316(b)(2)(i).

Six years from when a record was made or was last in effect. What is looked at is the setting that
says so, or the attestation of the clause; that the setting is obeyed takes six years to see.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from clinigate.config.hipaa import RetentionTable
from clinigate.core.observation import Observation
from clinigate.errors import ConfigError
from clinigate.hipaa.checks.attested import attested
from clinigate.hipaa.named import Named
from clinigate.hipaa.premises import Premises
from clinigate.hipaa.tally import Tally

__all__ = ["LEAST_DAYS", "retention"]

LEAST_DAYS = 2192
"""Six years with two leap days."""

#: Six years in other units; weeks are rounded up.
_LEAST: Mapping[str, float] = {
    "milliseconds": LEAST_DAYS * 86_400_000,
    "seconds": LEAST_DAYS * 86_400,
    "minutes": LEAST_DAYS * 1440,
    "hours": LEAST_DAYS * 24,
    "days": LEAST_DAYS,
    "weeks": 314,
    "months": 72,
    "years": 6,
}


def retention(named: Named, premises: Premises) -> Iterator[Observation]:
    """Read the setting; without one, the attestation."""
    table = premises.table.retention
    if table is None:
        yield from attested(named, premises)
        return
    kept = _setting(premises.path(table.file), table)
    least = _LEAST[table.unit]
    tally = Tally(named)
    tally.expect(
        kept >= least,
        f"{table.file}: {table.key}",
        f"keeps records for {kept:.12g} {table.unit}; six years are {least:.12g}",
    )
    yield from tally.observations()


def _setting(path: Path, table: RetentionTable) -> float:
    where = f"[hipaa.retention] {table.file}"
    try:
        found = _parsed(path.read_text(encoding="utf-8"), path.suffix)
    except OSError as error:
        raise ConfigError(f"{where}: {error.strerror}") from None
    except (ValueError, yaml.YAMLError):
        raise ConfigError(f"{where}: is no TOML, YAML or JSON, as its name says") from None
    for step in table.key.split("."):
        found = found.get(step) if isinstance(found, dict) else None
    if isinstance(found, bool) or not isinstance(found, int | float):
        raise ConfigError(f"{where}: {table.key} is no number of {table.unit}")
    return float(found)


def _parsed(text: str, suffix: str) -> Any:
    if suffix == ".toml":
        return tomllib.loads(text)
    return json.loads(text) if suffix == ".json" else yaml.safe_load(text)
