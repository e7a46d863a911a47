"""The table `[[stage]]`: one stage of `clinigate run`."""

from __future__ import annotations

import difflib
import re
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from clinigate.config.table import Table

__all__ = ["USES", "StageTable"]

#: What a stage may use, in the order in which they run where no stage is configured.
USES = (
    "security",
    "platform",
    "quality",
    "clinical",
    "hipaa",
    "phi",
    "performance",
    "load",
    "chaos",
)

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")


def _check_name(text: str) -> str:
    if not _NAME.fullmatch(text):
        raise ValueError("must be up to 40 lower-case letters, digits and hyphens")
    return text


def _check_uses(text: str) -> str:
    if text not in USES:
        near = difflib.get_close_matches(text, USES, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(USES)}"
        raise ValueError(f"nothing of this name can be used; {hint}")
    return text


def _check_command(words: list[str]) -> list[str]:
    if not words or not words[0].strip():
        raise ValueError("must name a program, as ['make', 'test']")
    return words


class StageTable(Table):
    """`[[stage]]`: one stage of `clinigate run`; give either `uses` or `run`."""

    name: Annotated[str, AfterValidator(_check_name)] = Field(
        description="unique; `clinigate run --stage NAME` runs it alone"
    )
    uses: Annotated[str, AfterValidator(_check_uses)] | None = Field(
        default=None, description=f"what Clinigate brings: {', '.join(USES)}"
    )
    run: Annotated[list[str], AfterValidator(_check_command)] | None = Field(
        default=None,
        description="a program of your own and its arguments; it joins the run by CLINIGATE_RUN, "
        "as pytest and every command of Clinigate do",
    )
    timeout_s: float = Field(
        default=3600.0, gt=0, le=86400, description="seconds after which it is stopped"
    )
    needs: list[str] = Field(
        default=[], description="stages that must have gone well before this one"
    )
    required: bool = Field(
        default=True, description="whether the gate stays shut without its evidence"
    )

    @model_validator(mode="after")
    def _one_of_both(self) -> StageTable:
        if (self.uses is None) == (self.run is None):
            raise ValueError(f"stage {self.name!r}: give either uses or run")
        return self
