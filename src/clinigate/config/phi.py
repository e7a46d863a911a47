"""The table `[phi]`: where identifiers of patients are looked for."""

from __future__ import annotations

from pydantic import Field

from clinigate.config.table import Table
from clinigate.config.target_values import Variable

__all__ = ["PhiTable"]


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
    max_file_mb: int = Field(
        default=64, ge=1, le=4096, description="larger files count as not looked at"
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
