"""The state of every clause as files: JSON for programs, CSV for officers."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable
from typing import Any

from clinigate.reports.clauserows import ClauseGroup, ClauseRow, ClauseView
from clinigate.reports.text import visible

__all__ = ["clauses_csv", "clauses_json"]

SCHEMA = "clinigate.clauses/1"
_COLUMNS = (
    "framework",
    "citation",
    "title",
    "requirement",
    "shown by",
    "state",
    "until",
    "why",
    "criteria",
    "checks",
    "also shown by clauses",
    "related clauses",
    "NIST SP 800-53 (indicative)",
)
#: What a spreadsheet takes for a formula, at the head of a cell.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def clauses_json(view: ClauseView) -> str:
    """Return the view as JSON, keys in a fixed order."""
    plain = {
        "schema": SCHEMA,
        "frameworks": [_plain_group(group) for group in view.groups],
        "clauses_without_check": list(view.unspoken),
        "criteria_without_clause": list(view.unbound),
        "unknown_clauses": list(view.unknown),
    }
    return json.dumps(plain, indent=2, ensure_ascii=False) + "\n"


def clauses_csv(view: ClauseView) -> str:
    """Return the view as CSV (RFC 4180), one line a clause; no cell acts as a formula."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(_COLUMNS)
    for group in view.groups:
        writer.writerows(_cells(group.name, row) for row in group.rows)
    return text.getvalue()


def _cells(framework: str, row: ClauseRow) -> list[str]:
    cells: Iterable[str] = (
        framework,
        row.citation,
        row.title,
        row.requirement,
        row.mode,
        str(row.state),
        row.until,
        row.why,
        "; ".join(row.criteria),
        "; ".join(row.checks),
        "; ".join(row.shown_by),
        "; ".join(row.related),
        "; ".join(row.nist),
    )
    return [visible(f"'{cell}" if cell.startswith(_FORMULA) else cell) for cell in cells]


def _plain_group(group: ClauseGroup) -> dict[str, Any]:
    return {
        "framework": group.name,
        "states": {str(state): number for state, number in group.tally},
        "kept": {word.lower(): {"kept": kept, "of": of} for word, kept, of in group.kept},
        "clauses": [_plain(row) for row in group.rows],
    }


def _plain(row: ClauseRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "citation": row.citation,
        "title": row.title,
        "requirement": row.requirement or None,
        "mode": row.mode,
        "fresh_days": row.fresh_days,
        "state": str(row.state),
        "why": row.why,
        "until": row.until or None,
        "criteria": list(row.criteria),
        "checks": list(row.checks),
        "shown_by": list(row.shown_by),
        "related": list(row.related),
        "nist_indicative": list(row.nist),
    }
