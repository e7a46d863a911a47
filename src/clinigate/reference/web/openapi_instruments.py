"""The shapes of questionnaires: each instrument has its own number of items and range."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from clinigate.reference.instruments import INSTRUMENTS, Questionnaire
from clinigate.reference.web.openapi_schemas import Schema, list_of, patient, ref, shape
from clinigate.reference.web.sheets import MOST_SHEETS

__all__ = ["EXAMPLES", "INSTRUMENT_SCHEMAS", "sheet_name", "sheets_name"]

_WHOLE: Schema = {"type": "integer", "minimum": 0}
_OR_NULL: Mapping[str, Schema] = {
    "percent": {"type": ["integer", "null"], "minimum": 0, "maximum": 100},
    "band": {"type": ["string", "null"]},
    "follow_up": {
        "type": ["boolean", "null"],
        "description": "item 9 of PHQ-9: somebody must look at once, whatever the total",
    },
}


def sheet_name(instrument: str) -> str:
    """The name of the shape of one sheet."""
    return f"{instrument.capitalize()}Sheet"


def sheets_name(instrument: str) -> str:
    """The name of the shape of many."""
    return f"{instrument.capitalize()}Sheets"


def _answers(asked: Questionnaire) -> Schema:
    answer = {"type": "integer", "minimum": asked.lowest, "maximum": asked.highest}
    return list_of(answer, minItems=asked.items, maxItems=asked.items)


def _asked(properties: Mapping[str, Schema], required: str) -> Schema:
    return {"type": "object", "properties": dict(properties), "required": [required]}


def _shapes() -> dict[str, Schema]:
    shapes = {
        "Scoring": shape({"total": _WHOLE, **_OR_NULL, "positive": {"type": "boolean"}}),
        "Scorings": shape({"results": list_of(ref("Scoring"), minItems=1)}),
    }
    for name, asked in INSTRUMENTS.items():
        one = {"answers": _answers(asked), "user": patient()}
        many = {"sheets": list_of(_answers(asked), minItems=1, maxItems=MOST_SHEETS)}
        shapes[sheet_name(name)] = _asked(one, "answers")
        shapes[sheets_name(name)] = _asked(many, "sheets")
    return shapes


def _examples() -> dict[str, Any]:
    examples: dict[str, Any] = {}
    for name, asked in INSTRUMENTS.items():
        sheet = [asked.lowest] * asked.items
        examples[sheet_name(name)] = {"answers": sheet}
        examples[sheets_name(name)] = {"sheets": [sheet]}
    return examples


INSTRUMENT_SCHEMAS: Mapping[str, Schema] = _shapes()
"""Every shape by its name."""

EXAMPLES: Mapping[str, Any] = _examples()
"""A body of each shape that is sent."""
