"""What a pull request shows of a run: the verdict, what fails and why, and what was not shown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from clinigate.core.verdict import Status
from clinigate.reports.change import ChangeView
from clinigate.reports.grouping import grouped
from clinigate.reports.markdown import MARKS, code, escaped
from clinigate.reports.model import Report, StageRow, Tone
from clinigate.reports.overall import WORDS, tally_text

__all__ = ["render_summary"]

#: Lines of each list; a comment on GitHub takes 65,536 characters.
MAX_LINES = 40
#: Characters of each sentence before they are escaped, which may make two of one.
MAX_CHARACTERS = 300

_TONES = {
    Tone.GOOD: MARKS[Status.PASS],
    Tone.BAD: MARKS[Status.FAIL],
    Tone.OPEN: MARKS[Status.INCONCLUSIVE],
    Tone.NEUTRAL: MARKS[Status.NOT_ASSESSED],
}


def render_summary(report: Report) -> str:
    """Return the summary as Markdown, short enough for a comment."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: Report) -> Iterator[str]:
    yield f"### {_headline(report)}"
    yield ""
    yield (
        f"{escaped(report.subject)}: {escaped(tally_text(report.tally) or 'nothing was judged')}. "
        f"Run `{code(report.run)}`."
    )
    yield ""
    if report.stages:
        yield "| Stage | Outcome | Took |"
        yield "|---|---|--:|"
        yield from map(_stage, report.stages)
        yield ""
    yield from _list("What fails, and why", _failures(report))
    if report.change is not None:
        yield from _list("Change since the last run", list(_changes(report.change)))
    gaps = _gaps(report)
    if gaps:
        yield f"<details><summary>What was not shown ({len(gaps)})</summary>"
        yield ""
        yield from _bullets(gaps)
        yield ""
        yield "</details>"
        yield ""
    yield f"_{escaped(' '.join(report.not_shown))}_"


def _changes(change: ChangeView) -> Iterator[str]:
    """What came out otherwise, counted and named; what stayed as it was is not told."""
    if not change.since:
        yield "there is no earlier run of this system that can be compared with"
        return
    told = ", ".join(f"{number} {kind}" for kind, number in change.counts if number)
    yield f"since run `{code(change.since)}`: {escaped(told or 'nothing was judged in both')}"
    for row in change.rows:
        told = f"{row.was} → {row.came}{f'; {row.note}' if row.note else ''}"
        yield f"`{code(row.criterion)}` {row.kind}: {escaped(_cut(told))}"
    for limit in change.limits:
        way = "looser" if limit.looser else "tighter"
        yield f"`{code(limit.criterion)}` limit {way}: {escaped(f'{limit.was} → {limit.now}')}"
    yield from (escaped(_cut(each)) for each in change.cautions)


def _headline(report: Report) -> str:
    gate = report.gate
    if gate is None:
        return f"{escaped(report.headline.word)}: {escaped(report.headline.detail)}"
    mark = MARKS[Status.PASS if gate.opens else Status.FAIL]
    means = " (no certification)" if gate.opens and not gate.certifies else ""
    return f"{mark} Gate to {escaped(gate.environment)}: {gate.word}{means}"


def _stage(row: StageRow) -> str:
    outcome = row.outcome + (f": {row.why}" if row.why else "")
    return f"| `{code(row.name)}` | {_TONES[row.tone]} {escaped(_cut(outcome))} | {row.duration} |"


def _failures(report: Report) -> list[str]:
    if report.gate is not None:
        return [escaped(_cut(reason)) for reason in report.gate.reasons]
    broken = (Status.FAIL, Status.ERROR)
    return [
        f"`{code(row.criterion)}` {WORDS[row.status]}: {escaped(_cut(row.reason))}"
        for row in report.criteria
        if row.status in broken
    ]


def _gaps(report: Report) -> list[str]:
    """What is open, but for what the list of failures says already."""
    failed = () if report.gate is None else report.gate.reasons
    told = [row for row in report.gaps if row.what not in " ".join(failed)]
    return [
        escaped(_cut(text))
        for text in grouped(
            row.what if row.kind == "Gate" else f"{row.kind}: {row.what}: {row.why}" for row in told
        )
    ]


def _cut(text: str) -> str:
    return text if len(text) <= MAX_CHARACTERS else f"{text[:MAX_CHARACTERS]} …"


def _list(title: str, lines: Sequence[str]) -> Iterator[str]:
    if lines:
        yield f"**{title}**"
        yield ""
        yield from _bullets(lines)
        yield ""


def _bullets(lines: Sequence[str]) -> Iterator[str]:
    yield from (f"- {line}" for line in lines[:MAX_LINES])
    if len(lines) > MAX_LINES:
        yield f"- and {len(lines) - MAX_LINES} more; the report lists all"
