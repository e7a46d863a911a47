"""What people signed, and when it ends: waivers, attestations, decisions, sign-offs."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

from clinigate.controls.standing import Word
from clinigate.gate.records import Approval, Attestation, Decision, Record, SignOff, Waiver
from clinigate.pipeline.people import FOLDER, FoundRecord, People
from clinigate.portal.shelf import Shelf, Snapshot
from clinigate.portal.views import DueRow, Mark
from clinigate.reports.model import Tone

__all__ = ["due_rows", "folders_of_people", "word_rows"]


def folders_of_people(shelf: Shelf, snapshot: Snapshot) -> list[Path]:
    """Return the runs in whose folder people's records lie, or lay by the ledger."""
    announced = set()
    if snapshot.view is not None:
        records = snapshot.view.chain.records
        announced = {each.run for each in records if each.type == "record-added"}
    return [
        folder
        for each in snapshot.standings
        if (folder := shelf.directory(each.run)) is not None
        and (each.run in announced or (folder / FOLDER).is_dir())
    ]


def due_rows(people: People, *, now: datetime, soon: timedelta) -> list[DueRow]:
    """Return a row for each record, what ends first first; what cannot count is a row too."""
    rows = [_row(each, now=now, soon=soon) for each in people.found]
    return sorted(rows, key=lambda row: (row.until == "", row.until, row.about, row.place))


def word_rows(words: Iterable[Word], *, now: datetime, soon: timedelta) -> list[DueRow]:
    """Return the attestations of the attestation file, one a row."""
    rows = []
    for word in words:
        days = _days(word.until, now)
        state = _until(days, soon)
        rows.append(
            DueRow("attestation", word.control, word.by, word.measure, word.until, days, state)
        )
    return rows


def _row(found: FoundRecord, *, now: datetime, soon: timedelta) -> DueRow:
    place = found.place if found.run is None else f"runs/{found.run}/{found.place}"
    if found.verified is None:
        kind = _kind(found.place)
        mark = Mark(Tone.BAD if found.broken else Tone.OPEN, "does not count", found.why_not or "")
        return DueRow(kind, "–", "", "", "", None, mark, place)
    record = found.verified.record
    about, until = _about(record)
    days = _days(until, now)
    refused = record.why_not_now(now)
    state = _until(days, soon)
    if refused is not None and state.tone is not Tone.BAD:
        state = Mark(Tone.OPEN, "does not count", refused)
    by = "; ".join(f"{signer.name}, {signer.role}" for signer in record.signers)
    return DueRow(str(record.kind), about, by, record.reason, until, days, state, place)


def _kind(place: str) -> str:
    """The kind of a record by its file's name, which a record that cannot be read still has."""
    name = place.rpartition("/")[2]
    return name.rpartition("-")[0] or "record"


def _about(record: Record) -> tuple[str, str]:
    """What it speaks of, and until when."""
    ends = record.expires or ""
    match record.terms:
        case Waiver() as waiver:
            return waiver.covers, ends
        case Attestation(control=control, fresh_until=until):
            return control, min(filter(None, (ends, until)))
        case Decision(control=control, fresh_until=until):
            return control, min(filter(None, (ends, until)))
        case Approval(environment=environment):
            return environment, ends
        case SignOff(meaning=meaning):
            return f"{meaning} of {record.subject.kind} {record.subject.digest[:19]}…", ends


def _until(days: int | None, soon: timedelta) -> Mark:
    if days is None:
        return Mark(Tone.GOOD, "counts")
    if days < 0:
        return Mark(Tone.BAD, "over")
    if days <= soon.days:
        return Mark(Tone.OPEN, "ends soon")
    return Mark(Tone.GOOD, "counts")


def _days(until: str, now: datetime) -> int | None:
    """Whole days until then, negative when it is over; None for what has no end."""
    if not until:
        return None
    try:
        end = datetime.fromisoformat(until)
    except ValueError:
        return None
    if end.tzinfo is None:  # a day counts to its end
        end = datetime.combine(end.date(), time.max, UTC)
    return (end - now) // timedelta(days=1)
