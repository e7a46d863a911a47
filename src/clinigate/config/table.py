"""What every table of the configuration has in common."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

__all__ = ["Table"]


class Table(BaseModel):
    """A table: unknown keys are refused, and nothing changes once it was read."""

    model_config = ConfigDict(extra="forbid", frozen=True)
