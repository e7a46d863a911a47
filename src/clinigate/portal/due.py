"""What people signed, and when it ends: waivers, attestations, decisions, sign-offs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

from clinigate.controls.standing import Word
from clinigate.errors import ClinigateError
from clinigate.evidence.trust import TrustStore
from clinigate.gate.record_files import VerifiedRecord, read_record
from clinigate.gate.records import Approval, Attestation, Decision, Record, SignOff, Waiver
from clinigate.portal.views import DueRow, Mark
from clinigate.reports.model import Tone

__all__ = ["due_rows", "record_files", "word_rows"]

_NO_TRUST = "no trust file says whose signatures count ([gate] trust)"


def record_files(root: Path, runs: Iterable[str]) -> Iterator[Path]:
    """Yield the records of an evidence root: the system's and its builds', then each run's."""
    for folder in (root, *(root / "runs" / run for run in runs)):
        records = folder / "records"
        if records.is_dir() and not records.is_symlink():
            yield from sorted(p for p in records.glob("*.dsse.json") if not p.is_symlink())


def due_rows(
    files: Iterable[Path],
    trust: TrustStore | None,
    *,
    root: Path,
    now: datetime,
    soon: timedelta,
) -> list[DueRow]:
    """Return a row for each record, what ends first first; what does not verify is a row too."""
    rows = [_row(path, trust, root=root, now=now, soon=soon) for path in files]
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


def _row(
    path: Path, trust: TrustStore | None, *, root: Path, now: datetime, soon: timedelta
) -> DueRow:
    place = str(path.relative_to(root))
    if trust is None:
        return _refused(path, place, _NO_TRUST, Tone.OPEN)
    try:
        verified = read_record(path, trust)
    except ClinigateError as error:
        return _refused(path, place, str(error).removeprefix(f"{path}: "), Tone.BAD)
    return _verified(verified, place, now=now, soon=soon)


def _verified(verified: VerifiedRecord, place: str, *, now: datetime, soon: timedelta) -> DueRow:
    record = verified.record
    about, until = _about(record)
    days = _days(until, now)
    refused = record.why_not_now(now)
    state = _until(days, soon)
    if refused is not None and state.tone is not Tone.BAD:
        state = Mark(Tone.OPEN, "does not count", refused)
    by = "; ".join(f"{signer.name}, {signer.role}" for signer in record.signers)
    return DueRow(str(record.kind), about, by, record.reason, until, days, state, place)


def _refused(path: Path, place: str, why: str, tone: Tone) -> DueRow:
    kind = path.name.rsplit("-", 1)[0] if "-" in path.name else "record"
    return DueRow(kind, "–", "", "", "", None, Mark(tone, "does not count", why), place)


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
        return Mark(Tone.NEUTRAL, "no end")
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
