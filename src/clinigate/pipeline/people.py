"""Where the records of people lie, how one is filed, and what is found beside a bundle.

::

    .clinigate/runs/<run-id>/records/<kind>-<12 hex of its digest>.dsse.json   of that run
    .clinigate/records/<kind>-<12 hex of its digest>.dsse.json                 of a build, a system

Each is announced in the ledger (`record-added`), so that one that was taken away is seen. A record
that is found and does not hold never stops a decision: it does not count, and that is told.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from clinigate.core.canonical import canonical_bytes, sha256_hex
from clinigate.core.codec import to_plain
from clinigate.errors import ClinigateError, EvidenceError, IntegrityError, UsageError
from clinigate.evidence.envelope import Signer, pae, parse_envelope
from clinigate.evidence.files import naming, read_bytes, write_atomic
from clinigate.evidence.ledger import Ledger, read_ledger
from clinigate.evidence.scanning import scan
from clinigate.evidence.sources import Limits, open_source
from clinigate.evidence.times import Clock, parse_timestamp, system_clock
from clinigate.evidence.trust import TrustStore
from clinigate.gate.record_files import LARGEST, VerifiedRecord, open_record
from clinigate.gate.records import Record
from clinigate.pipeline.examine import ledger_beside

__all__ = [
    "FOLDER",
    "FoundRecord",
    "People",
    "add_record",
    "people_beside",
    "record_name",
    "refuse_clock_set_back",
    "why_clock_set_back",
]

#: Name of the folder, in a run's directory and in the evidence root.
FOLDER = "records"
_ADDED = "record-added"
#: Terms of records that people write in their own words.
_WRITTEN = ("compensating_measure", "measure", "statement", "document")
_SUFFIX = ".dsse.json"
_NAME = re.compile(r"[a-z-]+-(?P<digest>[0-9a-f]{12})\.dsse\.json")
#: Clocks of two machines may disagree by this much before one was set back.
_CLOCK_SKEW = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class FoundRecord:
    """A record's file, or where one should be.

    Attributes:
        place: where it lies, within the bundle or the evidence root.
        run: the run whose bundle it lies in; None for a standing one.
        digest: `sha256:…` of what was signed; empty where there is no such thing in the file.
        verified: the record, None where it cannot be believed.
        why_not: why it cannot be, in a sentence.
        broken: whether its bytes were changed or the file is gone, rather than signed by somebody
            unknown.
    """

    place: str
    run: str | None
    digest: str
    verified: VerifiedRecord | None
    why_not: str | None = None
    broken: bool = False


@dataclass(frozen=True, slots=True)
class People:
    """What people signed, as far as it is at hand.

    Attributes:
        found: the files in the order of their places, then those that the ledger announces and
            that are not there.
    """

    found: tuple[FoundRecord, ...] = ()

    @property
    def records(self) -> tuple[VerifiedRecord, ...]:
        """Those whose signatures hold, each once."""
        held = {each.digest: each.verified for each in self.found if each.verified is not None}
        return tuple(held.values())

    @property
    def untold(self) -> tuple[str, ...]:
        """Why others do not count, in sentences that name the file."""
        return tuple(f"{each.place}: {each.why_not}" for each in self.found if each.why_not)


def record_name(verified: VerifiedRecord) -> str:
    """Return the name of a record's file."""
    return f"{verified.record.kind}-{_short(verified.digest)}{_SUFFIX}"


def people_beside(
    paths: Iterable[Path], trust: TrustStore | None, *, root: Path | None = None
) -> People:
    """Read what people signed of some bundles, and what stands for the system that made them.

    Args:
        paths: bundles, directories or zips, or runs that are not sealed yet.
        trust: the keys whose signatures count; without them no record does.
        root: an evidence root whose standing records are read too.

    Raises:
        IntegrityError: a ledger was edited or cut.
    """
    roots: dict[Path, None] = {} if root is None else {root.resolve(): None}
    found: list[FoundRecord] = []
    gone: list[FoundRecord] = []
    for path in paths:
        own = [_found(run, name, data, trust) for run, name, data in _in_bundle(path)]
        ledger = ledger_beside(path)
        if ledger is not None:
            roots.setdefault(ledger.parent)
            gone += _gone(ledger, path.resolve().name, own)
        found += own
    for each in roots:
        standing = [_found(None, name, data, trust) for name, data in _standing(each)]
        gone += _gone(each / "ledger", None, standing)
        found += standing
    return People((*found, *gone))


def add_record(
    envelope: Mapping[str, Any],
    trust: TrustStore,
    *,
    root: Path | None,
    folder: Path,
    run: str | None,
    clock: Clock = system_clock,
    signer: Signer | None = None,
) -> Path:
    """File a record, announce it in the ledger, and return where it lies.

    The file comes first: killed in between, it lies there unannounced, and filing it again
    announces it.

    Args:
        envelope: as `sign_record` returns it.
        trust: its signers must count by these keys.
        root: the evidence root whose ledger hears of it; None where there is none at hand.
        folder: where it goes.
        run: the run that it speaks of, None for a standing one.
        clock: source of the ledger's time.
        signer: who signs the ledger's head.

    Raises:
        IntegrityError, PolicyError: it does not hold by these keys.
        EvidenceError: what it says holds an identifier or a secret, or the disk refuses.
    """
    verified = open_record(envelope, trust)
    _refuse_identifiers(verified.record)
    path = folder / record_name(verified)
    data = canonical_bytes(envelope)
    with naming(folder, "created"):
        folder.mkdir(parents=True, exist_ok=True)
    if read_bytes(path) != data:
        write_atomic(path, data, replace=False)
    if root is not None and verified.digest not in _announced(root / "ledger", run):
        about = {"kind": str(verified.record.kind), "digest": verified.digest}
        Ledger(root / "ledger", clock=clock, signer=signer).append(_ADDED, run=run, body=about)
    return path


def _refuse_identifiers(record: Record) -> None:
    """Refuse what would be handed on with the evidence: a signed text cannot be redacted later.

    Who signed is named on purpose; what they wrote names no patient.
    """
    terms = to_plain(record.terms)
    told = {"reason": record.reason, **{name: terms.get(name) for name in _WRITTEN}}
    for hit in scan(told):
        raise EvidenceError(
            f"the {record.kind} was not filed: its {hit.path} holds what looks like an identifier "
            f"or a secret ({hit.rule}), and would travel with the evidence; say it without, and "
            "sign that"
        )


def why_clock_set_back(ledger: Path, now: datetime) -> str | None:
    """Say why `now` cannot be: the ledger knows of a later time; None if it does not.

    Who sets the clock back would bring expired records to life.

    Raises:
        IntegrityError: the ledger was edited or cut.
    """
    records = read_ledger(ledger).chain.records if ledger.is_dir() else []
    latest = max((parse_timestamp(record.ts) for record in records), default=None)
    if latest is None or latest - now <= _CLOCK_SKEW:
        return None
    return (
        f"the clock says {now.isoformat(timespec='seconds')}, and {ledger.name}/records.ndjson "
        f"has a record of {latest.isoformat(timespec='seconds')}: the clock was set back, so that "
        "nobody can tell what has expired; correct the clock"
    )


def refuse_clock_set_back(ledger: Path, now: datetime) -> None:
    """Refuse to sign with a clock that was set back.

    Raises:
        UsageError: the ledger knows of a later time.
    """
    why = why_clock_set_back(ledger, now)
    if why is not None:
        raise UsageError(why)


def _in_bundle(path: Path) -> Iterator[tuple[str, str, bytes]]:
    """Run, name and bytes of each record in a bundle; one that cannot be opened has none here."""
    try:
        source = open_source(path, Limits())
        names = [name for name in source.names if _is_record(name)]
        for name in names:
            yield path.stem if path.is_file() else path.resolve().name, name, source.read(name)
    except EvidenceError:
        return  # what is wrong with the bundle, its verification says


def _is_record(name: str) -> bool:
    return name.startswith(f"{FOLDER}/") and name.endswith(_SUFFIX)


def _standing(root: Path) -> Iterator[tuple[str, bytes]]:
    folder = root / FOLDER
    if not folder.is_dir():
        return
    for path in sorted(folder.glob(f"*{_SUFFIX}")):
        if path.is_file() and not path.is_symlink():
            yield f"{FOLDER}/{path.name}", read_bytes(path) or b""


def _found(run: str | None, place: str, data: bytes, trust: TrustStore | None) -> FoundRecord:
    digest = ""
    try:
        if len(data) > LARGEST:
            raise IntegrityError(f"larger than {LARGEST} bytes, which is no record")
        envelope = parse_envelope(data)
        digest = f"sha256:{sha256_hex(envelope.payload)}"
        named = _NAME.fullmatch(place.rpartition("/")[2])
        if named is not None and named["digest"] != _short(digest):
            raise IntegrityError("was changed: its name is of another record")
    except IntegrityError as error:
        return FoundRecord(place, run, digest, None, str(error), broken=True)
    if trust is None:
        why = "no trust file says whose keys count; give --trust FILE"
        return FoundRecord(place, run, digest, None, why)
    try:
        return FoundRecord(place, run, digest, open_record(data, trust))
    except ClinigateError as error:
        broken = _is_forged(data, trust)
        return FoundRecord(place, run, digest, None, str(error), broken=broken)


def _is_forged(data: bytes, trust: TrustStore) -> bool:
    """Whether a signature is not of the key that it claims, as far as the keys are known."""
    envelope = parse_envelope(data)
    message = pae(envelope.payload_type, envelope.payload)
    return any(
        key.public.verifies(signature.sig, message) is not (key.keyid == signature.keyid)
        for signature in envelope.signatures
        for key in trust.keys
    )


def _gone(ledger: Path, run: str | None, found: Sequence[FoundRecord]) -> Iterator[FoundRecord]:
    there = {each.digest for each in found}
    for digest, kind in _announced(ledger, run).items():
        if digest not in there:
            place = f"{FOLDER}/{kind}-{_short(digest)}{_SUFFIX}"
            why = (
                "the ledger announces it, and it is not there: it was changed or taken away; "
                "restore it from its backup"
            )
            yield FoundRecord(place, run, digest, None, why, broken=True)


def _announced(ledger: Path, run: str | None) -> dict[str, str]:
    """Kind by digest of the records that the ledger speaks of."""
    if not ledger.is_dir():
        return {}
    return {
        str(record.body.get("digest")): str(record.body.get("kind"))
        for record in read_ledger(ledger).chain.records
        if record.type == _ADDED and record.run == run
    }


def _short(digest: str) -> str:
    return digest.removeprefix("sha256:")[:12]
