"""The signs above a figure: letters for stretches, numbers for moments, none over another."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from clinigate.core.exhibit import Exhibit
from clinigate.reports.drawing import Flag
from clinigate.reports.scales import Scale
from clinigate.reports.units import words

__all__ = ["flags_of"]

#: Flags closer than this many percent stand in rows of their own.
_FLAG_ROOM = 8.0
_FLAG_ROWS = 8
_TIMES_TOLD = 4


def flags_of(
    exhibit: Exhibit, across: Scale, unit: str
) -> tuple[tuple[Flag, ...], tuple[tuple[str, str], ...]]:
    """Letters for spans and numbers for marks, one sign a name, and what each stands for."""
    signs: list[tuple[str, str]] = []
    placed: list[Flag] = []
    for number, span in enumerate(exhibit.spans):
        sign = chr(ord("A") + number % 26)
        signs.append((sign, f"{span.name}, {words(span.start, unit)} to {words(span.end, unit)}"))
        middle = (across.percent(span.start) + across.percent(span.end)) / 2
        placed.append(Flag(round(middle, 2), 0, sign, line=False))
    for number, name in enumerate(dict.fromkeys(mark.name for mark in exhibit.marks), start=1):
        times = sorted(mark.at for mark in exhibit.marks if mark.name == name)
        told = ", ".join(words(at, unit) for at in times[:_TIMES_TOLD])
        more = f" and {len(times) - _TIMES_TOLD} more" if len(times) > _TIMES_TOLD else ""
        signs.append((str(number), f"{name}, at {told}{more}"))
        placed += [Flag(across.percent(at), 0, str(number)) for at in times]
    return _in_rows(placed), tuple(signs)


def _in_rows(placed: Iterable[Flag]) -> tuple[Flag, ...]:
    """Give each flag the first row in which it has room; one sign is not said twice in one place.

    Past the last row they overlap.
    """
    taken = [Flag(-100.0, row, "") for row in range(_FLAG_ROWS)]
    flags = []
    for flag in sorted(placed, key=lambda flag: (flag.at, flag.sign)):
        near = [last for last in taken if flag.at - last.at < _FLAG_ROOM]
        if any(last.sign == flag.sign for last in near):
            flags.append(replace(flag, sign=""))
            continue
        free = [last.row for last in taken if last not in near]
        row = free[0] if free else _FLAG_ROWS - 1
        taken[row] = replace(flag, row=row)
        flags.append(taken[row])
    return tuple(flags)
