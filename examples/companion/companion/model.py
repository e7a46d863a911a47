"""The model. Clinigate's reference engine stands in for yours: it is no clinical model."""

from __future__ import annotations

from functools import cache

from clinigate.core.case import Turn
from clinigate.reference.engine.models import fitted
from clinigate.reference.engine.reading import Assessment, Engine
from clinigate.reference.engine.replies import compose


@cache
def _engine() -> Engine:
    return fitted("calibrator")


def read(turns: tuple[Turn, ...]) -> Assessment:
    """Say whether a conversation discloses a crisis."""
    return _engine().assess(turns)


def emotion(turns: tuple[Turn, ...]) -> str:
    """Name the emotion of the last message."""
    return _engine().emotion(turns).emotion


def words(assessment: Assessment, felt: str) -> str:
    """Find the words for what was read."""
    return compose(assessment, felt)
