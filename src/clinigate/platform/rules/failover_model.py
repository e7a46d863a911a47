"""A PostgreSQL as rules on failover see it, whoever runs it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from clinigate.platform.resource import Field, ManifestShapeError, Resource
from clinigate.platform.rules.services import number

__all__ = ["Database", "Setting", "pg_seconds", "whole"]

_DURATION = re.compile(r"\s*(\d+)\s*(ms|s|min|h|d)?\s*", re.ASCII)
_UNITS_S = {None: 1.0, "ms": 0.001, "s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0}


@dataclass(frozen=True, slots=True)
class Setting:
    """One thing that a database's manifest says, and the field that says it or ought to."""

    value: float
    at: Field


@dataclass(frozen=True, slots=True)
class Database:
    """A PostgreSQL.

    Attributes:
        resource: what declares it.
        archive: seconds within which what was written lies in a WAL archive; infinite for never.
        is_archive_inside: whether the archive lies on volumes of the same cluster.
        synchronous: how many standbys confirm a commit.
        copies: the primary and its standbys.
        notice: seconds until a lost primary is noticed; None where nothing looks.
    """

    resource: Resource
    archive: Setting
    synchronous: Setting
    copies: Setting
    notice: Setting | None = None
    is_archive_inside: bool = False


def pg_seconds(text: str, at: Field) -> float:
    """Seconds of PostgreSQL's way to write a time: `300`, `5min`, `30s`.

    Raises:
        ManifestShapeError: it is none.
    """
    found = _DURATION.fullmatch(text.strip("'\""))
    if found is None:
        raise ManifestShapeError(f"{at.place}: archive_timeout is no time that PostgreSQL reads")
    return int(found[1]) * _UNITS_S[found[2]]


def whole(field: Field, usual: int) -> int:
    """A whole number; `usual` where none is stated.

    Raises:
        ManifestShapeError: it is no number.
    """
    value = number(field)
    return usual if value is None else int(value)
