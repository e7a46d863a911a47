"""The table `[phi.deidentification]`: how a dataset is held against 45 CFR 164.514(b)."""

from __future__ import annotations

from pydantic import Field

from clinigate.config.table import Table

__all__ = ["DeidentificationTable"]


class DeidentificationTable(Table):
    """`[phi.deidentification]`: columns, and what the search must have shown of itself."""

    quasi: list[str] = Field(
        default=[],
        description="columns that together may single a person out; left out they are guessed "
        "from their names, and the report says so",
    )
    sensitive: list[str] = Field(
        default=[], description="columns whose values must differ among those who look alike"
    )
    k: int | None = Field(
        default=None,
        ge=2,
        le=1000,
        description="no combination of the quasi-identifiers may be shared by fewer; left out it "
        "is told and not judged",
    )
    l: int | None = Field(  # noqa: E741 - the letter of l-diversity
        default=None,
        ge=2,
        le=100,
        description="values that each sensitive column must have among those who look alike",
    )
    recall: float = Field(
        default=0.8,
        gt=0.5,
        lt=1,
        description="least recall of planted identifiers, letter by letter, at 95 % confidence: "
        "below it a search that finds nothing shows nothing",
    )
    plants: int = Field(
        default=60, ge=20, le=2000, description="identifiers planted for each letter"
    )
    seed: int = Field(default=1, ge=0, description="of the plants; the same seed, the same ones")
