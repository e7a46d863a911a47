"""The file that says which synthetic patients a system was fed with."""

from __future__ import annotations

import json
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from pydantic import Field, field_validator

from clinigate.config.table import Table
from clinigate.config.validation import validate
from clinigate.errors import ConfigError
from clinigate.phi.canaries import MIN_LENGTH, Patient, make_patients

__all__ = ["SCHEMA", "canary_bytes", "load_canaries"]

SCHEMA = "clinigate.canaries/1"
#: Of so many characters at least a value is made: zeros in a row are everywhere.
_DIFFERENT = 3


class _PatientRow(Table):
    id: str = Field(min_length=1)
    values: dict[str, str] = Field(min_length=1)
    details: dict[str, str] = Field(default_factory=dict)

    @field_validator("values")
    @classmethod
    def _unmistakable(cls, values: dict[str, str]) -> dict[str, str]:
        for name, value in values.items():
            if len(value) < MIN_LENGTH:
                raise ValueError(
                    f"{name} has {len(value)} characters; below {MIN_LENGTH} it turns up by chance"
                )
            if len(set(value)) < _DIFFERENT:
                raise ValueError(
                    f"{name} has {len(set(value))} different characters; with fewer than "
                    f"{_DIFFERENT} it turns up wherever something is padded"
                )
        return values


class _CanaryFile(Table):
    schema_: Literal["clinigate.canaries/1"] = Field(alias="schema")
    patients: list[_PatientRow] = Field(min_length=1)


def canary_bytes(seed: int, count: int) -> bytes:
    """Return a canary file of `count` patients; equal seeds give equal bytes."""
    patients = [
        {"id": each.id, "values": dict(each.values), "details": dict(each.details)}
        for each in make_patients(seed, count)
    ]
    text = json.dumps({"schema": SCHEMA, "patients": patients}, indent=2)
    return f"{text}\n".encode("ascii")


def load_canaries(path: Path) -> tuple[Patient, ...]:
    """Read a canary file, an own one too: any values of eight characters or more.

    Raises:
        ConfigError: it is missing, no JSON, or not of the schema; nothing of it is echoed.
    """
    shown = path.name
    try:
        data = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise ConfigError(
            f"{path}: no such canary file; `clinigate phi canaries --out {shown}` writes one"
        ) from None
    except OSError as problem:
        raise ConfigError(f"{path}: cannot be read ({problem.strerror})") from None
    except (ValueError, RecursionError):
        raise ConfigError(f"{path}: is no JSON; wanted schema {SCHEMA}") from None
    file = validate(_CanaryFile, data, file=shown, error=ConfigError)
    return tuple(
        Patient(row.id, MappingProxyType(row.values), MappingProxyType(row.details))
        for row in file.patients
    )
