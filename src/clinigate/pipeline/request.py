"""An auditor's request list: chosen clauses over a period.

::

    auditor = "Examples & Partners"        # who asks; it stands on the answer
    clauses = ["164.312(b)", "164.312(d)"]
    from = 2026-01-01                      # both days belong to the period
    until = 2026-06-30
    system = "companion"                   # optional: runs of this one alone
"""

from __future__ import annotations

import datetime as dt
import difflib
from pathlib import Path

from pydantic import Field, model_validator

from clinigate.config.table import Table
from clinigate.config.validation import read_toml, validate
from clinigate.errors import UsageError
from clinigate.evidence.times import parse_timestamp

__all__ = ["Request", "read_request", "refuse_unknown"]


class Request(Table):
    """What was asked for."""

    clauses: list[str] = Field(min_length=1, description="ids of clauses, as 164.312(b)")
    begin: dt.date = Field(alias="from", description="first day of the period, in UTC")
    until: dt.date = Field(description="last day of the period, in UTC")
    system: str | None = Field(default=None, description="runs of this system alone")
    auditor: str = Field(default="", description="who asks")

    @model_validator(mode="after")
    def _in_order(self) -> Request:
        if self.until < self.begin:
            raise ValueError("until: the period ends before it begins")
        if len(set(self.clauses)) != len(self.clauses):
            raise ValueError("clauses: one stands there twice")
        return self

    def covers(self, moment: str) -> bool:
        """Tell whether a time, as the ledger writes it, lies in the period."""
        return self.begin <= parse_timestamp(moment).date() <= self.until


def read_request(path: Path) -> Request:
    """Read a request list.

    Raises:
        UsageError: missing, or wrong; file and field are named.
    """
    return validate(Request, read_toml(path, UsageError), file=str(path), error=UsageError)


def refuse_unknown(request: Request, known: set[str]) -> None:
    """Refuse clauses that neither the catalogue of today nor any run of the period knows.

    Raises:
        UsageError: the first such clause, with the nearest known one.
    """
    for clause in request.clauses:
        if clause not in known:
            near = difflib.get_close_matches(clause, known, 1)
            hint = f"did you mean {near[0]}?" if near else "`clinigate controls` lists them"
            raise UsageError(f"clauses: {clause!r} is in no catalogue; {hint}")
