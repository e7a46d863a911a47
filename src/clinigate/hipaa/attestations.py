"""Dated attestations: what people say of safeguards that no program can see.

`hipaa-attestations.toml`, one table for each:

    [[attestation]]
    control = "164.308(a)(2)"
    statement = "Our security official is named in the staff register."
    attested_by = { name = "…", role = "…" }
    date = 2026-11-01
    valid_until = 2027-10-31
    document = "policies/security-official.pdf"
    sha256 = "…"
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from pydantic import Field, field_validator, model_validator

from clinigate.config.table import Table
from clinigate.config.validation import read_toml, validate
from clinigate.controls import load_catalogue
from clinigate.errors import ConfigError, ControlError

__all__ = ["LONGEST_DAYS", "Attestation", "State", "find", "read_attestations", "state_of"]

LONGEST_DAYS = 366
"""For how long an attestation can stand."""


class Person(Table):
    """Who attests."""

    name: str = Field(min_length=1)
    role: str = Field(min_length=1)


class Attestation(Table):
    """One attestation; `document` is relative to the file that it stands in."""

    control: str
    statement: str = Field(min_length=10)
    attested_by: Person
    date: dt.date
    valid_until: dt.date
    document: str | None = None
    sha256: str | None = None

    @field_validator("control")
    @classmethod
    def _known(cls, control: str) -> str:
        try:
            load_catalogue().get(control)
        except ControlError as error:
            raise ValueError(str(error)) from None
        return control

    @field_validator("sha256")
    @classmethod
    def _digest(cls, digest: str | None) -> str | None:
        if digest is not None and not re.fullmatch(r"[0-9a-f]{64}", digest):
            raise ValueError("must be 64 lower-case hex digits, as sha256sum prints them")
        return digest

    @model_validator(mode="after")
    def _dated(self) -> Attestation:
        if self.valid_until < self.date:
            raise ValueError("valid_until lies before date")
        if self.valid_until - self.date > dt.timedelta(days=LONGEST_DAYS):
            raise ValueError(f"valid_until lies more than {LONGEST_DAYS} days after date")
        if self.sha256 is not None and self.document is None:
            raise ValueError("sha256 is given without the document that has it")
        return self


class _File(Table):
    attestation: list[Attestation] = Field(default=[])


@dataclass(frozen=True, slots=True)
class State:
    """What an attestation is worth today.

    Attributes:
        open_reason: why it shows nothing, if it does not. broken: what is wrong with it, if
            something is.
    """

    open_reason: str | None = None
    broken: str | None = None


def read_attestations(path: Path) -> tuple[Attestation, ...]:
    """Read the file; none is there where there is no file.

    Raises:
        ConfigError: it is malformed, names an unknown control, or one twice.
    """
    if not path.exists():
        return ()
    data = read_toml(path, ConfigError)
    entries = tuple(validate(_File, data, file=path.name, error=ConfigError).attestation)
    controls = [each.control for each in entries]
    twice = next((control for control in controls if controls.count(control) > 1), None)
    if twice is not None:
        raise ConfigError(f"{path.name}: control {twice} is attested twice; keep the newer one")
    return entries


def find(attestations: tuple[Attestation, ...], control: str) -> Attestation | None:
    """Return the attestation of a control, if there is one."""
    return next((each for each in attestations if each.control == control), None)


def state_of(attestation: Attestation | None, control: str, *, file: Path, today: dt.date) -> State:
    """Say what an attestation of `control` is worth today."""
    if attestation is None:
        title = load_catalogue().get(control).title
        return State(
            f"nobody attests {control} ({title}); write into {file.name} an [[attestation]] with "
            "control, statement, attested_by, date and valid_until"
        )
    if attestation.date > today:
        return State(f"the attestation of {control} is dated {attestation.date}, in the future")
    if attestation.valid_until < today:
        return State(
            f"the attestation of {control} is stale since {attestation.valid_until}; have it made "
            "again"
        )
    return State(broken=_document_trouble(attestation, file.parent))


def _document_trouble(attestation: Attestation, folder: Path) -> str | None:
    if attestation.document is None:
        return None
    try:
        content = (folder / attestation.document).read_bytes()
    except OSError:
        return f"the document {attestation.document}, which it rests on, cannot be read"
    if attestation.sha256 not in (None, hashlib.sha256(content).hexdigest()):
        return (
            f"the document {attestation.document} is not the one that was attested: its digest "
            "has changed"
        )
    return None
