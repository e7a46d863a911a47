"""The table `[dialogue]`: who talks with the system under test beside the scripts."""

from __future__ import annotations

from pydantic import Field

from clinigate.config.table import Table
from clinigate.config.target import OpenAISpec

__all__ = ["DialogueTable"]


class DialogueTable(Table):
    """`[dialogue]`."""

    person: OpenAISpec | None = Field(
        default=None,
        description="a model that plays people in a crisis, as a target of kind openai; not the "
        "one under test",
    )
    conversations: int = Field(
        default=60, ge=1, le=1000, description="conversations that the model leads"
    )
    lines: int = Field(
        default=6, ge=2, le=20, description="lines of one conversation, the disclosure included"
    )
