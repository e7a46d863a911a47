"""Until when each run's evidence is kept, and why (45 CFR 164.316(b)(2)(i))."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import MAXYEAR, UTC, datetime
from pathlib import Path

from clinigate.config.retention import RetentionTable
from clinigate.core.canonical import canonical_bytes, sha256_hex
from clinigate.core.codec import from_plain
from clinigate.core.results import Subject
from clinigate.errors import EvidenceError, IncompleteRunError, IntegrityError, PolicyError
from clinigate.evidence.bundle import Bundle, open_bundle
from clinigate.evidence.chain import LedgerRecord
from clinigate.evidence.envelope import parse_envelope
from clinigate.evidence.files import read_bytes
from clinigate.evidence.history import RunHistory, histories
from clinigate.evidence.ledger import read_ledger
from clinigate.evidence.times import parse_timestamp
from clinigate.gate.records import Record, RecordSubject, SubjectKind, decode_record

__all__ = [
    "Copy",
    "Kept",
    "Until",
    "content_digest",
    "hold_on",
    "kept_runs",
    "record_digests",
    "retained_until",
    "standing_records",
]

_RECORDS = "records/"
_EXPORTS = "exports/"


@dataclass(frozen=True, slots=True)
class Until:
    """The end of a retention: `moment` is the first at which it is over; None is never."""

    moment: datetime | None
    why: str


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy that was made, as the ledger says.

    Attributes:
        place: path or URL. sha256: of the copy. content: of what it holds (`content_digest`).
    """

    place: str
    sha256: str
    content: str


@dataclass(frozen=True, slots=True)
class Kept:
    """A run and its retention.

    Attributes:
        history: what the ledger knows of it.
        system: name of what was evaluated; empty where it cannot be read.
        until: when its retention ends, and why.
        held: why it is under legal hold; empty where it is not.
        copies: where copies of it went.
        content: digest of what it holds now; empty where it is not there or not whole.
        size: bytes on this disk.
        trouble: why it cannot be read, in a sentence; empty where it can.
    """

    history: RunHistory
    system: str
    until: Until
    held: str
    copies: tuple[Copy, ...]
    content: str = ""
    size: int = 0
    trouble: str = ""

    def why_keep(self, now: datetime) -> str | None:
        """Say why it may not be removed now, as far as ledger and disk tell; None if it may."""
        if self.trouble:
            return self.trouble
        if self.held:
            return self.held
        if self.until.moment is None or now < self.until.moment:
            return self.until.why
        if not self.copies:
            return "it was never exported; a copy elsewhere comes before"
        if all(copy.content != self.content for copy in self.copies):
            return "it changed since it was exported, as by a record of a person; export it again"
        return None


def kept_runs(root: Path, table: RetentionTable) -> tuple[Kept, ...]:
    """Return every run of the ledger with its retention, oldest first.

    Raises:
        IntegrityError: the ledger was edited or cut.
        EvidenceError: it cannot be read.
    """
    records = read_ledger(root / "ledger").chain.records
    copies = _copies(records)
    standing = standing_records(root)
    return tuple(
        _kept(root, history, table, copies.get(history.run, ()), standing)
        for history in histories(records)
    )


def retained_until(
    bundle: Bundle, table: RetentionTable, standing: tuple[Record, ...] = ()
) -> Until:
    """Return when a bundle's retention ends: the last of its own and of its records' ends.

    Records are read without asking who signed them: a forged one can make the time longer, and
    never shorter.

    Args:
        bundle: read, not believed.
        table: the years.
        standing: records that lie outside of bundles; those of this run or build count.

    Raises:
        IntegrityError: a record or time in it cannot be read.
    """
    sealed = parse_timestamp(bundle.statement.sealed_at)
    ends = [_end(sealed, "run", table, "was sealed")]
    subjects = _subjects(bundle)
    own = (_record(name, bundle.read(name)) for name in _record_names(bundle))
    for record in (*own, *(each for each in standing if each.subject in subjects)):
        what = f"{record.kind} by {record.signers[0].name}"
        ends.append(_end(_last_effect(record), str(record.kind), table, f"had its {what}"))
    return max(ends, key=lambda each: each.moment or datetime.max.replace(tzinfo=UTC))


def standing_records(root: Path) -> tuple[Record, ...]:
    """Return the standing records that can be read and make a retention longer.

    What is wrong with the others, `gate` and `report` say.
    """
    folder, found = root / "records", []
    for path in sorted(folder.glob("*.dsse.json")) if folder.is_dir() else ():
        with suppress(IntegrityError):
            record = _record(path.name, read_bytes(path) or b"")
            if record.subject.kind is not SubjectKind.SYSTEM:
                found.append(record)
    return tuple(found)


def content_digest(bundle: Bundle) -> str:
    """Return one digest of all that a bundle holds, without what can be made again from it."""
    held = {
        name: bundle.source.digest(name) for name in bundle.names if not name.startswith(_EXPORTS)
    }
    return sha256_hex(canonical_bytes(held))


def record_digests(bundle: Bundle) -> Iterator[tuple[str, str]]:
    """Yield kind and digest of each record of people in a bundle that can be read."""
    for name in _record_names(bundle):
        with suppress(IntegrityError):
            envelope = bundle.read(name)
            record = _record(name, envelope)
            yield str(record.kind), f"sha256:{sha256_hex(parse_envelope(envelope).payload)}"


def _kept(
    root: Path,
    history: RunHistory,
    table: RetentionTable,
    copies: tuple[Copy, ...],
    standing: tuple[Record, ...],
) -> Kept:
    directory = root / "runs" / history.run
    system, size, content, trouble = "", 0, "", ""
    until = Until(None, "it is not known until when it must be kept")
    if history.pruned_at is not None and not directory.is_dir():
        until = Until(None, "its evidence is not on this disk any more; the log stays")
    elif not directory.is_dir():
        trouble = "its evidence is not on this disk, and the log does not say that it was removed"
    else:
        try:
            bundle = open_bundle(directory)
            system = str(bundle.statement.predicate["subject"]["name"])
            until = retained_until(bundle, table, standing)
            content = content_digest(bundle)
            size = sum(bundle.size(name) for name in bundle.names)
        except IncompleteRunError:
            trouble = "it was never sealed; seal it, `--as-incomplete` if it was killed"
        except (EvidenceError, KeyError, TypeError) as error:
            trouble = f"it cannot be read: {error}"
    held = hold_on(history.run, system, table)
    return Kept(history, system, until, held, copies, content, size, trouble)


def _copies(records: list[LedgerRecord]) -> Mapping[str, tuple[Copy, ...]]:
    found: dict[str, tuple[Copy, ...]] = {}
    for record in records:
        if record.type == "bundle-exported" and record.run is not None:
            body = record.body
            copy = Copy(str(body["to"]), str(body["sha256"]), str(body["content"]))
            found[record.run] = (*found.get(record.run, ()), copy)
    return found


def hold_on(run: str, system: str, table: RetentionTable) -> str:
    """Say why a run is under legal hold; an empty text where it is not."""
    names = {run, system, "*"} - {""}
    on = next((each for each in table.hold if each in names), None)
    if on is None:
        return ""
    why = f": {table.hold_reason}" if table.hold_reason else ""
    return f"it is under legal hold ([retention] hold = {on!r}){why}"


def _end(begin: datetime, kind: str, table: RetentionTable, what: str) -> Until:
    years = table.years_of(kind)
    moment = _years_after(begin, years)
    since = begin.date().isoformat()
    return Until(
        moment, f"kept until {moment.date().isoformat()}: {years} years after it {what} ({since})"
    )


def _years_after(moment: datetime, years: int) -> datetime:
    if moment.year + years > MAXYEAR:  # a record may say so, and none may stop the list
        return datetime.max.replace(tzinfo=UTC)
    try:
        return moment.replace(year=moment.year + years)
    except ValueError:  # 29 February: the day after, so that no retention ends early
        return moment.replace(year=moment.year + years, month=3, day=1)


def _last_effect(record: Record) -> datetime:
    fresh = getattr(record.terms, "fresh_until", None)
    ends = (record.issued, record.expires, fresh)
    return max(parse_timestamp(text) for text in ends if text is not None)


def _subjects(bundle: Bundle) -> tuple[RecordSubject, ...]:
    of_run = RecordSubject.of_run(bundle.statement_digest)
    try:
        subject = from_plain(Subject, bundle.statement.predicate["subject"])
    except (KeyError, ValueError) as error:
        raise IntegrityError(f"{bundle.statement_name}: names no system: {error}") from error
    return (of_run, RecordSubject.of_build(subject))


def _record_names(bundle: Bundle) -> Iterator[str]:
    return (
        name for name in bundle.names if name.startswith(_RECORDS) and name.endswith(".dsse.json")
    )


def _record(name: str, data: bytes) -> Record:
    try:
        return decode_record(parse_envelope(data).payload)
    except (PolicyError, IntegrityError) as error:
        raise IntegrityError(f"{name}: {error}") from error
