"""What the rules on services share: how values are read that people write in several ways."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from clinigate.errors import UsageError
from clinigate.platform.resource import Field, ManifestShapeError
from clinigate.platform.rule import Judged
from clinigate.platform.rules.schedules import go_duration_s

__all__ = ["UnjudgeableError", "duration_s", "is_true", "number", "one_by_one"]


class UnjudgeableError(ManifestShapeError):
    """A resource that a rule is about and that says too little; it counts as not looked at."""


_Item = TypeVar("_Item")


def one_by_one(
    items: Iterable[_Item], judge: Callable[[_Item], Iterable[Judged]]
) -> Iterator[Judged]:
    """Judge items that stand for themselves: one that cannot be judged hides no other.

    Raises:
        UnjudgeableError: after all the others, where some could not be judged; it names them.
    """
    troubles: list[str] = []
    for item in items:
        try:
            yield from tuple(judge(item))
        except ManifestShapeError as error:
            troubles.append(str(error))
    if troubles:
        raise UnjudgeableError("; ".join(troubles))


def number(field: Field) -> float | None:
    """A number, also one written as text, as most maps called `config` have it; None if absent.

    Raises:
        ManifestShapeError: what stands there is no number.
    """
    value = field.scalar
    if value is None:
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        found = math.nan
    if not math.isfinite(found):
        raise ManifestShapeError(f"{field.place}: a number is wanted, found text")
    return found


def is_true(field: Field) -> bool:
    """Whether it is `true`, or the text `"true"`, as labels and StorageClass parameters have it."""
    value = field.value
    return value is True or (isinstance(value, str) and value.lower() == "true")


def duration_s(field: Field) -> float | None:
    """Seconds of a duration as Go writes it; None where nothing is stated.

    Raises:
        ManifestShapeError: no text, or Go would refuse it, and so would the controller.
    """
    text = field.text
    if text is None:
        return None
    try:
        return go_duration_s(text)
    except UsageError as error:
        raise ManifestShapeError(f"{field.place}: {error}") from error
