"""The table `[risks]`: which risk controls (ISO 14971) the criteria verify."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from clinigate.config.table import Table

__all__ = ["RiskTable"]


def _check_text(text: str) -> str:
    if not text.strip() or text != text.strip() or not text.isprintable():
        raise ValueError("must be a name, without blanks around it and without control characters")
    return text


Name = Annotated[str, AfterValidator(_check_text)]
Ids = Annotated[list[Name], Field(min_length=1)]


class RiskTable(Table):
    """`[risks]`: the risk controls of your risk file whose effect is verified (ISO 14971, 7.2).

    The report names them in each test record and in the traceability matrix, and those that no
    criterion of the run speaks to stand among what joins nothing.
    """

    controls: dict[Name, Ids] = Field(
        default={},
        description="by criterion or metric, with * for many ('crisis.*'), the ids of your risk "
        "file",
    )
