"""A short summary in Markdown, for the page of a CI job or a pull request."""

from __future__ import annotations

import re
from collections.abc import Iterator

from clinigate.core.verdict import Status
from clinigate.reports.gateview import unsaid
from clinigate.reports.model import CriterionRow, GateView, Report
from clinigate.reports.overall import WORDS
from clinigate.reports.text import one_line

__all__ = ["MARKS", "code", "escaped", "render_markdown"]

#: A sign for each status; the word always stands beside it.
MARKS = {
    Status.PASS: "✅",
    Status.FAIL: "❌",
    Status.INCONCLUSIVE: "❔",
    Status.ERROR: "⚠️",
    Status.NOT_ASSESSED: "➖",
}
#: What Markdown and its hosts act on: marks, tables, HTML, links, mentions, references, formulas.
_PUNCTUATION = re.compile(r"([\\`*_{}\[\]<>#!|&~@:$]|(?<=www)\.)")


def render_markdown(report: Report) -> str:
    """Return the verdicts, the gate's decision and what they do not show."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: Report) -> Iterator[str]:
    outcome = report.headline
    yield f"### {escaped(report.subject)}: {escaped(outcome.word)}"
    yield ""
    yield f"{escaped(outcome.detail)}. Run `{code(report.run)}`."
    yield ""
    if report.criteria:
        yield "| Criterion | Estimate | Bound | Limit | n / clusters | Verdict |"
        yield "|---|--:|--:|--:|--:|---|"
        yield from map(_row, report.criteria)
        yield ""
    for row in report.criteria:
        if row.status is not Status.PASS:
            why = row.reason if row.need is None else f"{row.reason}; {row.need}"
            yield f"- `{code(row.criterion)}` {WORDS[row.status]}: {escaped(why)}"
    yield ""
    if report.gate is not None:
        yield from _gate(report.gate, report)
    yield f"_{escaped(' '.join(report.not_shown))}_"


def _row(row: CriterionRow) -> str:
    numbers = (row.estimate, row.bound, row.limit, row.size)
    verdict = f"{MARKS[row.status]} {WORDS[row.status]}"
    return f"| `{code(row.criterion)}` | {' | '.join(map(escaped, numbers))} | {verdict} |"


def _gate(gate: GateView, report: Report) -> Iterator[str]:
    means = " (no certification)" if gate.opens and not gate.certifies else ""
    yield f"**Gate {escaped(gate.environment)}: {gate.word}**{means}"
    yield ""
    others = [*unsaid(gate.reasons, report.criteria), *unsaid(gate.gaps, report.criteria)]
    yield from (f"- {escaped(text)}" for text in others)
    yield from [""] if others else []


def escaped(text: str) -> str:
    """Text that Markdown shows as it is: on one line, every acting mark escaped."""
    return _PUNCTUATION.sub(r"\\\1", one_line(text))


def code(text: str) -> str:
    """An id for a code span: no mark that could end the span or the cell."""
    return re.sub(r"[`|\\]", "?", one_line(text))
