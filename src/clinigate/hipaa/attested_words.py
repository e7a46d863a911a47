"""One attestation as it is written: who says what of which clause, until when."""

from __future__ import annotations

import datetime as dt
import re
from typing import Literal

from pydantic import Field, field_validator, model_validator

from clinigate.config.table import Table
from clinigate.controls import Requirement, load_catalogue
from clinigate.errors import ControlError

__all__ = ["LONGEST_DAYS", "Attestation", "Decided", "Kind", "Person"]

LONGEST_DAYS = 366
"""For how long an attestation can stand."""

Kind = Literal[
    "statement",
    "officer",
    "training",
    "risk-register",
    "incident-plan",
    "incident-drill",
    "baa",
    "facility",
    "devices",
    "decision",
]
_RESTS_ON_A_DOCUMENT = ("training", "risk-register", "incident-plan", "incident-drill", "baa")


class Person(Table):
    """Who attests, or who answers for what is attested."""

    name: str = Field(min_length=1)
    role: str = Field(min_length=1)


class Decided(Table):
    """An Addressable clause that is not implemented. 45 CFR 164.306(d)(3)(ii)(B)."""

    reason: str = Field(
        min_length=20, description="why it would not be reasonable and appropriate here"
    )
    measure: str = Field(
        min_length=20, description="the equivalent measure, or why there can be none"
    )


class Attestation(Table):
    """One attestation; `document` is relative to the file that it stands in."""

    control: str
    kind: Kind = "statement"
    statement: str = Field(min_length=10)
    attested_by: Person
    owner: Person | None = None
    date: dt.date
    valid_until: dt.date
    document: str | None = None
    sha256: str | None = None
    decision: Decided | None = None

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
        if self.kind in _RESTS_ON_A_DOCUMENT and self.sha256 is None:
            raise ValueError(f"kind {self.kind} rests on a document; give document and sha256")
        return self

    @model_validator(mode="after")
    def _decided(self) -> Attestation:
        if (self.kind == "decision") != (self.decision is not None):
            raise ValueError("kind = 'decision' and the table decision belong together")
        if self.decision is None:
            return self
        if load_catalogue().get(self.control).requirement is not Requirement.ADDRESSABLE:
            raise ValueError(
                f"{self.control} is not Addressable: 164.306(d)(3) lets nobody decide against it; "
                "a waiver accepts the risk, and it then reads non-compliant"
            )
        return self
