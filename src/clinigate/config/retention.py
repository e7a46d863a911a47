"""The table `[retention]`: how long evidence is kept, and what may leave or enter with it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from clinigate.config.table import Table

__all__ = ["Kind", "RetentionTable"]

#: What has a retention of its own: a run's bundle, and each kind of people's records.
Kind = Literal["run", "waiver", "approval", "attestation", "decision", "sign-off"]


class RetentionTable(Table):
    """`[retention]`: how long evidence is kept (45 CFR 164.316(b)(2)(i)).

    A bundle is kept until the last of these is over: so many years from its seal, and from the last
    day on which a record of a person that rests on it was in effect.
    """

    years: int = Field(
        default=6,
        ge=1,
        le=100,
        description="from creation or the date when it last was in effect, whichever is later; "
        "HIPAA wants 6",
    )
    kinds: dict[Kind, int] = Field(
        default_factory=dict,
        description="years by kind, where they differ: run, waiver, approval, attestation, "
        "decision, sign-off",
    )
    hold: list[str] = Field(
        default=[],
        description="legal hold: ids of runs, names of systems, or '*' for everything; nothing "
        "of it is pruned",
    )
    hold_reason: str = Field(default="", description="why, for whoever asks later")
    largest_file_mb: int = Field(
        default=200,
        ge=1,
        le=1024,
        description="MiB of the largest file that a bundle may hold when it is handed on or taken "
        "in",
    )
    lock_mode: Literal["GOVERNANCE", "COMPLIANCE"] = Field(
        default="GOVERNANCE",
        description="object lock that a copy in an object store is asked to get until its "
        "retention is over, where the store knows one",
    )

    def years_of(self, kind: str) -> int:
        """Return the years of a kind."""
        return next((years for each, years in self.kinds.items() if each == kind), self.years)
