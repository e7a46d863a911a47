"""The table `[phi]`: where identifiers of patients are looked for."""

from __future__ import annotations

from datetime import date
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from clinigate.config.phi_deidentification import DeidentificationTable
from clinigate.config.phi_rows import NlpTable, RecognizerTable
from clinigate.config.phi_trace import TraceTable
from clinigate.config.table import Table
from clinigate.config.target_values import Variable

__all__ = ["AllowTable", "PathTable", "PhiTable", "TierName"]

TierName = Literal["identifier", "contextual", "name"]


def _one_of(threshold: float | None, tier: str | None) -> None:
    if threshold is not None and tier is not None:
        raise ValueError("threshold and tier say the same thing twice; give one of them")


class PathTable(Table):
    """`[[phi.path]]`: how sure a find must be in some of the files; the last that fits decides."""

    glob: str = Field(min_length=1, description="pattern of paths, as 'tests/**' or '*.log'")
    threshold: float | None = Field(
        default=None, ge=0, le=1, description="how sure a find must be to count there"
    )
    tier: TierName | None = Field(default=None, description="in place of the threshold: its tier")

    @model_validator(mode="after")
    def _says_one(self) -> Self:
        _one_of(self.threshold, self.tier)
        if self.threshold is None and self.tier is None:
            raise ValueError("says neither threshold nor tier; give one of them")
        return self


class AllowTable(Table):
    """`[[phi.allow]]`: a rule that accepts finds below a path, for a reason and until a day."""

    rule: str = Field(
        pattern=r"^[A-Z0-9-]+\*?$",
        description="the rule, as CG-PHI-URL; CG-PHI-* is every one but that of canaries",
    )
    path: str = Field(min_length=1, description="pattern of paths")
    reason: str = Field(description="why these are nobody's, or may stand there")
    until: date = Field(description="the last day on which it holds, 180 days ahead at most")

    @field_validator("reason")
    @classmethod
    def _said(cls, reason: str) -> str:
        if not reason.strip():
            raise ValueError("must say something")
        return reason.strip()


class PhiTable(Table):
    """`[phi]`: what is searched for identifiers of patients, and how sure a find must be."""

    paths: list[str] = Field(
        default=["."],
        min_length=1,
        description="files and folders to search; in a git work tree what git does not ignore",
    )
    exclude: list[str] = Field(
        default=[], description="patterns of paths that are left out, as 'docs/**/*.png'"
    )
    threshold: float = Field(
        default=0.8, ge=0, le=1, description="how sure a find must be to count, from 0 to 1"
    )
    tier: TierName | None = Field(
        default=None,
        description="in place of the threshold: identifier (0.8), contextual (0.4: dates, "
        "addresses of the net), name (0.3: names and places in prose too)",
    )
    names: bool = Field(
        default=False,
        description="names and places in prose are looked for at whatever threshold; they count "
        "from 0.5 to 0.75",
    )
    engine: Literal["fast", "presidio"] = Field(
        default="fast", description="who searches; presidio is the reference, and slow"
    )
    jobs: int = Field(default=1, ge=1, le=256, description="processes that search at once")
    path: list[PathTable] = Field(
        default=[], description="[[phi.path]]: other thresholds for some of the files"
    )
    allow: list[AllowTable] = Field(
        default=[], description="[[phi.allow]]: finds that are accepted below a path, for a time"
    )
    max_file_mb: int | None = Field(
        default=None,
        ge=1,
        description="larger files count as not looked at; left out there is no limit",
    )
    canaries: str | None = Field(
        default=None,
        description="file of synthetic patients (`clinigate phi canaries` writes one): their data "
        "must turn up nowhere",
    )
    baseline: str | None = Field(
        default=None, description="file of accepted findings (`--write-baseline` writes one)"
    )
    waivers: str | None = Field(
        default=None, description="file of waivers: rule, path, reason, until, two persons"
    )
    key_env: Variable | None = Field(
        default=None,
        description="variable with the key of the tokens that stand for values (16 characters or "
        "more); with it a baseline entry holds for one value, without it for one place",
    )
    recognizer: list[RecognizerTable] = Field(
        default=[], description="[[phi.recognizer]]: rows of one's own, beside the table's"
    )
    nlp: NlpTable | None = Field(
        default=None,
        description="[phi.nlp]: a language model of one's own for names; engine = 'presidio' alone",
    )
    deidentification: DeidentificationTable = DeidentificationTable()
    trace: TraceTable = Field(
        default=TraceTable(), description="where `clinigate phi trace` hunts what it planted"
    )

    @model_validator(mode="after")
    def _says_one(self) -> Self:
        given = self.threshold if "threshold" in self.model_fields_set else None
        _one_of(given, self.tier)
        return self
