"""From the body of a request to the sheets of a questionnaire, or to why it is refused."""

from __future__ import annotations

from typing import Any

from clinigate.reference.instruments import INSTRUMENTS
from clinigate.reference.web.problems import Problem

__all__ = ["MOST_SHEETS", "sheet_of", "sheets_of"]

MOST_SHEETS = 4096
"""How many sheets are scored by one request."""


def sheet_of(body: dict[str, Any], field: str, name: str) -> tuple[int, ...]:
    """Return the sheet that stands in a field.

    Nothing is guessed: a sheet with an item left out is refused, and never scored by the others.

    Raises:
        Problem: 422 that names the first answer that is wrong.
    """
    return _sheet(body.get(field), field, name)


def sheets_of(body: dict[str, Any], name: str) -> list[tuple[int, ...]]:
    """Return the sheets under `sheets`; raises as `sheet_of`, for no sheet and too many as well."""
    sheets = body.get("sheets")
    if not isinstance(sheets, list) or not 1 <= len(sheets) <= MOST_SHEETS:
        raise _wrong("sheets", f"must be a list of 1 to {MOST_SHEETS} sheets")
    return [_sheet(sheet, f"sheets[{i}]", name) for i, sheet in enumerate(sheets)]


def _sheet(given: Any, where: str, name: str) -> tuple[int, ...]:
    asked = INSTRUMENTS[name]
    if not isinstance(given, list) or len(given) != asked.items:
        raise _wrong(where, f"must be a list of {asked.items} answers")
    return tuple(
        _answer(answer, f"{where}[{i}]", asked.lowest, asked.highest)
        for i, answer in enumerate(given)
    )


def _answer(answer: Any, where: str, lowest: int, highest: int) -> int:
    # 2.0 is a whole number by JSON Schema, and true is none.
    whole = isinstance(answer, int | float) and not isinstance(answer, bool)
    if not whole or not lowest <= answer <= highest or answer != int(answer):
        raise _wrong(where, f"must be a whole number of {lowest} to {highest}")
    return int(answer)


def _wrong(field: str, what: str) -> Problem:
    return Problem(422, "invalid_request", f"{field} {what}")
