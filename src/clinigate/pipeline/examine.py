"""Open a sealed bundle, verify it, and turn what is known of it into what reports show."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from clinigate.config.retention import RetentionTable
from clinigate.controls import load_catalogue
from clinigate.errors import IntegrityError
from clinigate.evidence.bundle import Bundle, open_bundle
from clinigate.evidence.explain import explain_openssl
from clinigate.evidence.names import ENVIRONMENT
from clinigate.evidence.report import LevelStatus, VerificationReport
from clinigate.evidence.trust import TrustStore
from clinigate.evidence.verify import verify_bundle
from clinigate.gate.record_files import VerifiedRecord
from clinigate.pipeline.retention import hold_on, retained_until
from clinigate.reports.people import record_facts
from clinigate.reports.proof import ProofView, chosen
from clinigate.reports.sealed import BlobFact, EvidenceFacts, FileFact, LevelFact, SignatureFact

__all__ = ["Examined", "evidence_facts", "examine", "ledger_beside", "proof_of"]

_HOLDS = {LevelStatus.OK: True, LevelStatus.FAILED: False, LevelStatus.NOT_ASSESSED: None}


@dataclass(frozen=True, slots=True)
class Examined:
    """A bundle and how far it can be believed."""

    bundle: Bundle
    report: VerificationReport


def examine(
    path: Path,
    *,
    trust: TrustStore | None,
    threshold: int = 1,
    last_checkpoint: bytes | None = None,
    stamp_roots: Path | None = None,
) -> Examined:
    """Open and verify a bundle; the ledger beside it is looked at where there is one.

    Raises:
        IntegrityError: it holds what no bundle holds, or its statement is damaged.
        IncompleteRunError: it is a run that was never sealed.
        EvidenceError: there is nothing to read.
    """
    bundle = open_bundle(path)
    catalogue = load_catalogue()
    report = verify_bundle(
        bundle,
        trust=trust,
        threshold=threshold,
        ledger=ledger_beside(path),
        last_checkpoint=last_checkpoint,
        known_control=lambda control: control in catalogue,
        stamp_roots=stamp_roots,
    )
    return Examined(bundle, report)


def ledger_beside(path: Path) -> Path | None:
    """Return the ledger of a bundle that still lies where it was made; None for a copy."""
    ledger = path.resolve().parent.parent / "ledger"
    return ledger if path.is_dir() and ledger.is_dir() else None


def evidence_facts(
    examined: Examined,
    *,
    shown_as: str,
    records: Iterable[VerifiedRecord] = (),
    retention: RetentionTable | None = None,
) -> EvidenceFacts:
    """Return what a report says of the evidence.

    Args:
        examined: the bundle.
        shown_as: the bundle's path as it stands in the commands that a reader is given.
        records: what people signed about it.
        retention: the years that evidence is kept, by default HIPAA's six.
    """
    signed, table = tuple(records), RetentionTable() if retention is None else retention
    bundle, report = examined.bundle, examined.report
    stated = bundle.statement.predicate
    size, root = _ledger_seen(bundle)
    present = set(bundle.names)
    return EvidenceFacts(
        bundle=shown_as,
        statement_digest=bundle.statement_digest.removeprefix("sha256:"),
        signatures=tuple(_signatures(examined)),
        levels=tuple(
            LevelFact(each.level, each.level.claim, _HOLDS[each.status], "; ".join(each.sentences))
            for each in report.levels
        ),
        environment=_object(bundle.read_json(ENVIRONMENT)),
        files=tuple(
            FileFact(name, digest, bundle.size(name))
            for name, digest in sorted(bundle.statement.files.items())
            if name in present
        ),
        ledger_size=size,
        ledger_root=root,
        records=record_facts(signed),
        openssl=_commands(bundle, shown_as),
        blobs=tuple(_blobs(bundle)),
        sealed_at=bundle.statement.sealed_at,
        kept=_kept(bundle, table, signed),
        held=hold_on(bundle.run, str(_object(stated.get("subject")).get("name")), table),
        kept_by_kind=tuple(
            (kind, years) for kind, years in table.kinds.items() if years != table.years_of("run")
        ),
    )


def _object(value: Any) -> dict[str, Any]:
    """A damaged bundle may hold anything where an object belongs."""
    return value if isinstance(value, dict) else {}


def _ledger_seen(bundle: Bundle) -> tuple[int | None, str | None]:
    """Size and root of the log before the seal; what a damaged statement says instead is none."""
    told = _object(bundle.statement.predicate.get("ledger"))
    size, root = told.get("size"), told.get("root")
    return (
        size if isinstance(size, int) and not isinstance(size, bool) else None,
        root if isinstance(root, str) else None,
    )


def proof_of(examined: Examined) -> ProofView | None:
    """Return what a page carries to verify itself; None for what nobody signed.

    A bundle that is damaged already gives its page what it can: the page tells of it again.
    """
    bundle = examined.bundle
    if not bundle.signed:
        return None
    present = set(bundle.names)
    stated = [name for name in bundle.statement.files if name in present]
    names = chosen((name, bundle.size(name)) for name in stated)
    return ProofView(
        envelope=bundle.envelope_bytes,
        files=tuple((name, bundle.read(name)) for name in names),
        public_keys=tuple(key.public.spki for key in examined.report.signed_by),
        sealed=len(bundle.statement.files),
    )


def _blobs(bundle: Bundle) -> Iterator[BlobFact]:
    """The spools, and raw evidence as they tell of it; what cannot be read the levels name."""
    try:
        recorded = bundle.recorded()
    except IntegrityError:
        return
    begun = {each.name: each.records[0] for each in recorded.spools if each.records}
    for name, first in begun.items():
        yield BlobFact(
            sha256=bundle.statement.files.get(f"spool/{name}", ""),
            media_type="application/x-ndjson",
            collector=str(first.body["producer"]),
            collected_at=first.ts,
            redacted=True,
        )
    for record in recorded.records:
        if record.type == "blob":
            yield BlobFact(
                sha256=str(record.body["digest"]).removeprefix("sha256:"),
                media_type=str(record.body["media_type"]),
                collector=str(begun[record.spool].body["producer"]),
                collected_at=record.ts,
                redacted=bool(record.body["redacted"]),
            )


def _kept(bundle: Bundle, table: RetentionTable, records: Iterable[VerifiedRecord]) -> str:
    try:
        until = retained_until(bundle, table, tuple(each.record for each in records))
    except IntegrityError as error:
        return f"until when it must be kept is not known: {error}"
    return until.why


def _commands(bundle: Bundle, shown_as: str) -> tuple[str, ...]:
    """What an auditor types, on another machine than this one: no path of ours stands in it."""
    if not bundle.signed:
        return ()
    return tuple(explain_openssl(replace(bundle, path=Path(shown_as))).splitlines())


def _signatures(examined: Examined) -> Iterator[SignatureFact]:
    known = {key.keyid: key for key in examined.report.signed_by}
    for signature in examined.bundle.envelope.signatures:
        key = known.get(signature.keyid)
        if key is None:
            yield SignatureFact(signature.keyid)
        else:
            yield SignatureFact(signature.keyid, key.public.algorithm.value, key.name)
