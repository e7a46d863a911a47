"""Bundles leave and come in: copied out with a word in the ledger, taken in once they verify."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from clinigate.config.retention import RetentionTable
from clinigate.core.canonical import sha256_hex
from clinigate.errors import IntegrityError, UsageError
from clinigate.evidence.bundle import Bundle, export_zip, open_bundle
from clinigate.evidence.envelope import Signer
from clinigate.evidence.files import lock_file, naming, sync_directory
from clinigate.evidence.history import read_history
from clinigate.evidence.ledger import Ledger
from clinigate.evidence.names import PROOF
from clinigate.evidence.runs import RunStore
from clinigate.evidence.seal_proof import read_seal_proof
from clinigate.evidence.sources import Limits
from clinigate.evidence.times import Clock, system_clock, timestamp
from clinigate.evidence.trust import TrustStore
from clinigate.evidence.unpacking import left_out, remove_leftovers, unpacked
from clinigate.evidence.verify import verify_bundle
from clinigate.pipeline.retention import (
    content_digest,
    record_digests,
    retained_until,
    standing_records,
)
from clinigate.pipeline.stores import (
    Keep,
    copy_digest,
    copy_out,
    fetch,
    is_url,
    lies_within,
    public_place,
)

__all__ = ["Imported", "export_bundle", "import_bundle", "limits_of", "moving"]


@dataclass(frozen=True, slots=True)
class Imported:
    """A bundle that was taken in.

    Attributes:
        run, place: which, and where it lies now.
        signed_by: names of the trusted keys that signed it; none where it was taken in unvouched.
        new: False where it was here already, whole.
        left_out: how many files stayed behind, since they can be made again.
    """

    run: str
    place: Path
    signed_by: tuple[str, ...]
    new: bool
    left_out: int


def limits_of(table: RetentionTable) -> Limits:
    """Return how large the files of a bundle may be that is handed on or taken in."""
    return Limits(file_bytes=table.largest_file_mb << 20)


def export_bundle(
    bundle: Bundle,
    place: str,
    *,
    root: Path,
    table: RetentionTable,
    force: bool = False,
    clock: Clock = system_clock,
) -> str:
    """Copy a verified bundle, as one zip, and log where to; return the place as the log names it.

    The copy is read back before it is logged: a prune rests on that word. Only runs of this root
    are logged.

    Args:
        bundle: verified by the caller.
        place: a path, or a URL that fsspec knows.
        root: the `.clinigate` directory.
        table: how large files may be, and until when the copy is to be kept.
        force: overwrite what stands there.
        clock: source of times.

    Raises:
        UsageError: something stands there already, a file of the bundle is too large, or the
            place lies in the evidence itself.
        IntegrityError: what was copied is not what is there now.
        EvidenceError: disk or store refuses.
    """
    _refuse_large(bundle, table)
    if lies_within(place, root):
        raise UsageError(
            f"{public_place(place)}: lies in the evidence itself, which it would change; a copy "
            "belongs elsewhere"
        )
    until = retained_until(bundle, table, standing_records(root))
    keep = Keep(until.moment, until.why, table.lock_mode)
    content = content_digest(bundle)
    if is_url(place):
        with tempfile.TemporaryDirectory() as folder:
            packed = export_zip(bundle, Path(folder) / f"{bundle.run}.zip")
            sha256 = copy_digest(str(packed))
            copy_out(packed, place, keep, force=force)
    else:
        if Path(place).exists() and not force:
            raise UsageError(
                f"{place}: exists already; give another name, or --force to overwrite it"
            )
        with naming(Path(place).parent, "created"):
            Path(place).parent.mkdir(parents=True, exist_ok=True)
        sha256 = copy_digest(str(export_zip(bundle, Path(place))))
    if sha256 is None or copy_digest(place) != sha256:
        raise IntegrityError(f"{public_place(place)}: what stands there is not what was copied")
    body = {
        "to": public_place(place),
        "sha256": sha256,
        "content": content,
        "statement": sha256_hex(bundle.envelope.payload),
        "retainUntil": None if until.moment is None else timestamp(until.moment),
    }
    if bundle.path.resolve() == (root / "runs" / bundle.run).resolve():
        RunStore(root).ledger(clock=clock).append("bundle-exported", run=bundle.run, body=body)
    return public_place(place)


def import_bundle(
    place: str,
    *,
    root: Path,
    table: RetentionTable,
    trust: TrustStore | None,
    unvouched: bool = False,
    signer: Signer | None = None,
    clock: Clock = system_clock,
) -> Imported:
    """Take a bundle in: it is copied, the copy is verified, moved to the runs, and logged.

    A kill leaves nothing under the run's name, or all of it; where the ledger lacks the word, the
    same import again adds it.

    Args:
        place: a zip, a directory, or a URL of a zip.
        root: the `.clinigate` directory.
        table: how large files may be.
        trust: the keys that count.
        unvouched: take in what no key that counts has signed.
        signer: who signs the ledger's head.
        clock: source of times.

    Raises:
        IntegrityError: it does not verify, or it is another one than the ledger knows by that id.
        UsageError: no key that counts has signed it, or it would take another one's place.
        EvidenceError: there is nothing to read, or disk or store refuses.
    """
    with moving(root), _opened(place, table) as bundle:
        ledger = RunStore(root).ledger(clock=clock, signer=signer)
        _refuse_another(bundle, ledger)
        home = root / "runs" / bundle.run
        new = not home.is_dir()
        if new:
            with unpacked(bundle, root / "runs") as copy:
                signed_by = _verified(open_bundle(copy, limits_of(table)), trust, unvouched)
                with naming(home, "moved"):
                    copy.rename(home)
                    sync_directory(home.parent)
        else:
            signed_by = _verified(_same(home, bundle), trust, unvouched)
        taken = open_bundle(home)
        new = _log(taken, signed_by, ledger) or new
        return Imported(bundle.run, home, signed_by, new, left_out(bundle))


@contextmanager
def moving(root: Path) -> Iterator[None]:
    """Let one process at a time bring bundles in or remove them, and tidy up after killed ones."""
    with naming(root, "created"):
        root.mkdir(parents=True, exist_ok=True)
    with lock_file(root / "transfer.lock", wait_s=10):
        remove_leftovers(root / "runs")
        yield


def _refuse_large(bundle: Bundle, table: RetentionTable) -> None:
    largest = table.largest_file_mb << 20
    for name in bundle.names:
        if bundle.size(name) > largest:
            raise UsageError(
                f"{name}: {bundle.size(name) >> 20} MiB, and {table.largest_file_mb} are allowed; "
                "raise [retention] largest_file_mb if whoever takes it in allows as much"
            )


@contextmanager
def _opened(place: str, table: RetentionTable) -> Iterator[Bundle]:
    if not is_url(place):
        yield open_bundle(Path(place), limits_of(table))
        return
    with tempfile.TemporaryDirectory() as folder:
        local = Path(folder) / "fetched.zip"
        fetch(place, local, at_most=limits_of(table).total_bytes)
        yield open_bundle(local, limits_of(table))


def _verified(bundle: Bundle, trust: TrustStore | None, unvouched: bool) -> tuple[str, ...]:
    report = verify_bundle(bundle, trust=trust)
    if report.problems:
        raise IntegrityError(f"nothing was taken in: {report.problems[0]}")
    if not report.signed_by and not unvouched:
        raise UsageError(
            f"run {bundle.run}: nothing was taken in: no key that counts has signed it; --trust "
            "FILE names those that do, --unvouched takes it in all the same"
        )
    return tuple(key.name for key in report.signed_by)


def _same(home: Path, bundle: Bundle) -> Bundle:
    here = open_bundle(home)
    if here.envelope_bytes != bundle.envelope_bytes:
        raise UsageError(f"run {bundle.run} is here already, with another statement")
    return here


def _refuse_another(bundle: Bundle, ledger: Ledger) -> None:
    """The ledger's word on a run outlives its evidence: another one does not take its place."""
    statement = sha256_hex(bundle.envelope.payload)
    if not (ledger.directory / "records.ndjson").exists():
        return
    for each in read_history(ledger.directory):
        if each.run == bundle.run and each.statement != statement:
            raise IntegrityError(
                f"run {bundle.run}: the log here says that "
                f"{'it was never sealed' if each.statement is None else 'another one was sealed'} "
                "under this id; nothing was taken in"
            )


def _log(bundle: Bundle, signed_by: tuple[str, ...], ledger: Ledger) -> bool:
    """Log an import once: whether it had to be."""
    statement = sha256_hex(bundle.envelope.payload)
    known = {each.run: each for each in read_history(ledger.directory)}.get(bundle.run)
    if known is not None and known.pruned_at is None and known.statement == statement:
        return False
    origin = read_seal_proof(bundle).checkpoint.origin if PROOF in bundle.names else None
    subject = bundle.statement.predicate.get("subject") or {}
    body = {
        "status": bundle.status,
        "statement": statement,
        "envelope": sha256_hex(bundle.envelope_bytes),
        "sealedAt": bundle.statement.sealed_at,
        "origin": origin,
        "signed": bundle.signed,
        "signedBy": list(signed_by),
        "subject": {"name": subject.get("name")},
    }
    ledger.append("bundle-imported", run=bundle.run, body=body)
    # Announced, a record that is taken away later is missed.
    for kind, digest in record_digests(bundle):
        ledger.append("record-added", run=bundle.run, body={"kind": kind, "digest": digest})
    return True
