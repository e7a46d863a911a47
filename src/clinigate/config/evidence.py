"""The table `[evidence]`: what may be sealed though nobody can look into it."""

from __future__ import annotations

from pydantic import Field, model_validator

from clinigate.config.table import Table

__all__ = ["EvidenceTable"]


class EvidenceTable(Table):
    """`[evidence]`: raw evidence that is no text, and why no identifier is in it."""

    unscanned: list[str] = Field(
        default=[],
        description="media types, as 'image/png', that are sealed though no identifier could be "
        "looked for in them; anything else of that sort refuses the seal",
    )
    unscanned_because: str = Field(
        default="",
        max_length=500,
        description="why none can be in them, as 'rendered from synthetic patients'; it is sealed "
        "with the run",
    )

    @model_validator(mode="after")
    def _says_why(self) -> EvidenceTable:
        if self.unscanned and not self.unscanned_because.strip():
            raise ValueError("unscanned needs unscanned_because: why no identifier can be in it")
        return self
