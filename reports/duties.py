"""What a compliance officer has to do: what runs out, what stays open, who has still to sign."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from clinigate.controls.standing import State
from clinigate.reports.clauserows import ClauseRow
from clinigate.reports.model import RecordFact, Report, Tone

__all__ = ["MEANINGS", "Due", "FrameworkRow", "OpenClause", "Signature", "dues", "frameworks",
           "open_clauses", "signatures"]  # fmt: skip

#: 21 CFR 11.50(a)(3), in the order in which a record is signed.
MEANINGS = ("authorship", "review", "approval", "responsibility")
#: From as many days on, what runs out is shown as due.
SOON_DAYS = 30

_LASTING = ("waiver", "attestation", "decision", "approval")
_GRAVEST = (State.FAILED, State.ERROR, State.WAIVED, State.INCONCLUSIVE)


@dataclass(frozen=True, slots=True)
class Due:
    """A record that runs out.

    Attributes:
        days: whole days from when the report was made; negative once it ran out; None if its end
            is no date. tone: good while there is time.
    """

    record: RecordFact
    days: int | None
    tone: Tone

    @property
    def told(self) -> str:
        """How long it still lasts."""
        if self.days is None:
            return "no end is stated"
        if self.days < 0:
            return f"ran out {_days(-self.days)} ago"
        return f"{_days(self.days)} left"


@dataclass(frozen=True, slots=True)
class OpenClause:
    """A clause that somebody has to look at."""

    group: str
    row: ClauseRow


@dataclass(frozen=True, slots=True)
class FrameworkRow:
    """One framework in numbers: clauses in scope, kept, broken and open."""

    title: str
    clauses: int
    kept: int
    broken: int
    open: int
    unknown: int


@dataclass(frozen=True, slots=True)
class Signature:
    """One meaning of a signature, and whoever signed in it."""

    meaning: str
    records: tuple[RecordFact, ...]


def dues(report: Report) -> tuple[Due, ...]:
    """Return what lasts until a day, what ends first at the top."""
    now = _moment(report.as_of)
    lasting = [record for record in report.records if record.kind in _LASTING]
    ordered = sorted(lasting, key=lambda record: (record.expires_at or "9999", record.about))
    return tuple(_due(record, now) for record in ordered)


def _due(record: RecordFact, now: datetime | None) -> Due:
    end = _moment(record.expires_at)
    if end is None or now is None:
        return Due(record, None, Tone.BAD if record.refused else Tone.OPEN)
    days = (end - now).days
    if record.refused or days < 0:
        return Due(record, days, Tone.BAD)
    return Due(record, days, Tone.OPEN if days <= SOON_DAYS else Tone.GOOD)


def _moment(text: str) -> datetime | None:
    """A time, or the beginning of a day, in UTC; None where it is neither."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return None
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time


def _days(number: int) -> str:
    return "1 day" if number == 1 else f"{number} days"


def open_clauses(report: Report) -> tuple[OpenClause, ...]:
    """Return clauses that are failed, broken, waived or undecided, the gravest first."""
    view = report.clauses
    found = [
        OpenClause(group.title, row)
        for group in (() if view is None else view.groups)
        for row in group.rows
        if row.state in _GRAVEST
    ]
    return tuple(sorted(found, key=lambda each: _GRAVEST.index(each.row.state)))


def frameworks(report: Report) -> tuple[FrameworkRow, ...]:
    """Return each framework in numbers."""
    view = report.clauses
    return tuple(
        FrameworkRow(
            title=group.title,
            clauses=len(group.rows),
            kept=group.number(State.PASSED, State.ATTESTED),
            broken=group.number(State.FAILED, State.ERROR),
            open=group.number(State.WAIVED, State.INCONCLUSIVE),
            unknown=group.number(State.NOT_ASSESSED),
        )
        for group in (() if view is None else view.groups)
    )


def signatures(report: Report) -> tuple[Signature, ...]:
    """Return every meaning that a signature can have with those who signed, signed or not."""
    signed = [record for record in report.records if record.kind == "sign-off"]
    return tuple(_signed(signed))


def _signed(signed: Sequence[RecordFact]) -> Iterator[Signature]:
    for meaning in MEANINGS:
        yield Signature(meaning, tuple(each for each in signed if each.meaning == meaning))
    other = tuple(each for each in signed if each.meaning not in MEANINGS)
    if other:
        yield Signature("", other)
