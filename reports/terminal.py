"""The verdict table for a terminal: plain text, no dependency, nothing hidden in a colour."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from clinigate.core.criterion import Criterion
from clinigate.core.measurement import Measurement
from clinigate.core.verdict import Status, Verdict
from clinigate.reports.gateview import gate_view, unsaid
from clinigate.reports.grouping import grouped
from clinigate.reports.model import CriterionRow, GateView, Headline, Report, SliceRow, Tone
from clinigate.reports.overall import WORDS, headline
from clinigate.reports.rows import criterion_rows
from clinigate.reports.text import cells, one_line, wrapped

if TYPE_CHECKING:
    from clinigate.gate.decision import Decision

__all__ = ["report_table", "verdict_table"]

_MARKS = {
    Status.PASS: "✓",
    Status.FAIL: "✗",
    Status.INCONCLUSIVE: "?",
    Status.ERROR: "!",
    Status.NOT_ASSESSED: "-",
}
_COLOURS = {
    Status.PASS: "32",
    Status.FAIL: "1;31",
    Status.INCONCLUSIVE: "33",
    Status.ERROR: "1;35",
    Status.NOT_ASSESSED: "36",
}
_TONES = {Tone.GOOD: "1;32", Tone.BAD: "1;31", Tone.OPEN: "1;33", Tone.NEUTRAL: "1"}
_ASCII = str.maketrans({"≤": "<=", "·": "|", "≥": ">=", "–": "-", "—": "-", "…": "..."})
_GAP = "  "
_INDENT = "    "
_RIGHT = frozenset({1, 4})


def verdict_table(
    verdicts: Sequence[Verdict],
    *,
    decision: Decision | None = None,
    measurements: Iterable[Measurement] = (),
    criteria: Iterable[Criterion] = (),
    sample: bool = False,
    interrupted: str | None = None,
    width: int = 100,
    colour: bool = False,
    unicode: bool = True,
) -> str:
    """Return the table of verdicts with reasons, the worst parts, and the last line.

    Measurements add units and the line of the worst part; without them the table holds what the
    verdicts say. `sample` and `interrupted` are the run's: a sample and an interrupted run never
    certify. Where the table is wider than `width` columns, each criterion takes two lines.
    `colour` adds ANSI colours, the words say the same without; `unicode=False` is for a terminal
    that knows ASCII alone. The text ends without a line feed.
    """
    rows = criterion_rows(verdicts, measurements=measurements, criteria=criteria)
    outcome = headline([v.status for v in verdicts], sample=sample, interrupted=interrupted)
    gate = None if decision is None else gate_view(decision)
    return _Table(width, colour, unicode).render(rows, outcome, gate)


def report_table(
    report: Report, *, width: int = 100, colour: bool = False, unicode: bool = True
) -> str:
    """Return the same table for a whole report, headed by what was evaluated."""
    table = _Table(width, colour, unicode)
    head = table.plain(f"{report.subject} · target {report.scope[0].value} · run {report.run}")
    body = table.render(report.criteria, report.headline, report.gate)
    tail = [line for sentence in report.not_shown for line in wrapped(sentence, width)]
    return "\n".join([*wrapped(head, width), "", body, "", *map(table.plain, tail)])


class _Table:
    def __init__(self, width: int, colour: bool, unicode: bool) -> None:
        self._width = max(width, 40)
        self._colour = colour
        self._unicode = unicode

    def render(self, rows: Sequence[CriterionRow], outcome: Headline, gate: GateView | None) -> str:
        lines = [*self._rows(rows), ""] if rows else []
        verdict = f"VERDICT: {outcome.word} ({outcome.detail})"
        lines += self._painted(verdict, _TONES[outcome.tone])
        return "\n".join([*lines, *([] if gate is None else self._gate(gate, rows))])

    def plain(self, text: str) -> str:
        """The text as this terminal can show it."""
        if self._unicode:
            return text
        return text.translate(_ASCII).encode("ascii", "backslashreplace").decode("ascii")

    def _rows(self, rows: Sequence[CriterionRow]) -> Iterator[str]:
        head = ("criterion", "estimate", _bound_heading(rows), "limit", "n / clusters", "verdict")
        table = [tuple(map(self.plain, head)), *(self._cells(row) for row in rows)]
        widths = [max(cells(line[column]) for line in table) for column in range(len(head))]
        stacked = sum(widths) + len(_GAP) * (len(widths) - 1) > self._width
        shared = _shared_caveats(rows)
        for number, line in enumerate(table):
            yield from self._line(line, widths, stacked, None if number == 0 else rows[number - 1])
            if number:
                yield from self._notes(rows[number - 1], shared)
        if shared:
            yield ""
        for caveat in shared:
            yield from self._note(f"note on several: {caveat}")

    def _cells(self, row: CriterionRow) -> tuple[str, ...]:
        mark = f"{_MARKS[row.status]} " if self._unicode else ""
        texts = (row.criterion, row.estimate, row.bound, row.limit, row.size)
        return (*(self.plain(one_line(text)) for text in texts), f"{mark}{WORDS[row.status]}")

    def _line(
        self, line: Sequence[str], widths: Sequence[int], stacked: bool, row: CriterionRow | None
    ) -> Iterator[str]:
        padded = [
            _padded(text, width, right=column in _RIGHT)
            for column, (text, width) in enumerate(zip(line, widths, strict=True))
        ]
        padded[-1] = line[-1] if row is None else self._paint(line[-1], _COLOURS[row.status])
        if not stacked:
            yield _GAP.join(padded).rstrip()
            return
        yield line[0]
        yield "  " + _GAP.join(padded[1:]).rstrip()

    def _notes(self, row: CriterionRow, shared: Sequence[str]) -> Iterator[str]:
        """Why it did not pass, what would settle it, what stands beside it, where it is worst."""
        if row.status is not Status.PASS:
            reason = row.reason if row.need is None else f"{row.reason}; {row.need}"
            yield from self._note(reason)
        for caveat in row.caveats:
            if caveat not in shared:
                yield from self._note(f"note: {caveat}")
        if row.worst is not None:
            yield from self._note(_worst_text(row.worst))

    def _note(self, text: str) -> Iterator[str]:
        yield from wrapped(self.plain(one_line(text)), self._width, first=_INDENT, rest=_INDENT)

    def _gate(self, gate: GateView, rows: Sequence[CriterionRow]) -> Iterator[str]:
        """The decision, and of its reasons and gaps what the rows have not said."""
        shut_by = [row.criterion for row in gate.rows if row.tone is Tone.BAD]
        by = f" by {', '.join(shut_by)}" if shut_by and not gate.opens else ""
        means = (
            "" if not gate.opens else " (certifies)" if gate.certifies else " (no certification)"
        )
        tone = Tone.GOOD if gate.opens else Tone.BAD
        yield from self._painted(
            f"GATE {gate.environment}, policy {gate.policy}: {gate.word}{by}{means}", _TONES[tone]
        )
        for reason in unsaid(gate.reasons, rows):
            yield from self._note(reason)
        for gap in grouped(unsaid(gate.gaps, rows)):
            yield from self._note(f"gap: {gap}")

    def _painted(self, text: str, code: str) -> Iterator[str]:
        for line in wrapped(self.plain(one_line(text)), self._width, rest=_INDENT):
            yield self._paint(line, code)

    def _paint(self, text: str, code: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self._colour else text


def _shared_caveats(rows: Sequence[CriterionRow]) -> list[str]:
    """What stands beside more than one number, to be said once."""
    said = Counter(caveat for row in rows for caveat in dict.fromkeys(row.caveats))
    return [caveat for caveat, times in said.items() if times > 1]


def _bound_heading(rows: Sequence[CriterionRow]) -> str:
    confidences = {row.confidence for row in rows}
    return f"{confidences.pop()} bound" if len(confidences) == 1 else "bound"


def _worst_text(part: SliceRow) -> str:
    share = " = ".join([part.size, part.estimate]) if "/" in part.size else part.estimate
    beside = part.bound if "/" in part.size else f"n={part.size}"
    return f"worst {part.dimension} {part.name}: {share}, {beside}"


def _padded(text: str, width: int, *, right: bool) -> str:
    space = " " * (width - cells(text))
    return space + text if right else text + space
