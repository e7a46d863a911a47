"""The ledger's head, who vouches for it, and its latest records."""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from clinigate.errors import ClinigateError, IntegrityError
from clinigate.evidence.chain import Chain, LedgerRecord
from clinigate.evidence.checkpoint import Checkpoint, parse_checkpoint, verify_checkpoint
from clinigate.evidence.cosignature import cosignatures
from clinigate.evidence.files import read_bytes
from clinigate.evidence.kept_heads import COSIGNED
from clinigate.evidence.times import timestamp
from clinigate.evidence.trust import TrustStore
from clinigate.evidence.witness import WITNESS_ROLE, witness_keys
from clinigate.portal.shelf import Snapshot
from clinigate.portal.views import LedgerView, Mark, RecordRow, WitnessRow
from clinigate.reports.model import Tone

__all__ = ["ledger_view", "records_of"]

_LAST = 200


def ledger_view(root: Path, snapshot: Snapshot, trust: TrustStore | None) -> LedgerView:
    """Return what a page says of the ledger; a broken one is told, and nothing is raised."""
    if snapshot.view is None:
        broken = Mark(Tone.BAD, "broken", snapshot.problem)
        return LedgerView("", 0, "", broken, (), (), (), problem=snapshot.problem)
    chain = snapshot.view.chain
    counts = Counter(record.type for record in chain.records)
    return LedgerView(
        origin=chain.origin or "",
        size=len(chain.leaves),
        root=base64.b64encode(chain.root()).decode(),
        head=_head(snapshot.view.checkpoint, chain, trust),
        witnesses=tuple(_witnesses(root / "ledger" / COSIGNED, chain, trust)),
        counts=tuple(sorted(counts.items())),
        last=tuple(_record(each) for each in reversed(chain.records[-_LAST:])),
    )


def records_of(snapshot: Snapshot, run: str) -> tuple[RecordRow, ...]:
    """Return what the ledger says of one run, oldest first."""
    if snapshot.view is None:
        return ()
    return tuple(_record(each) for each in snapshot.view.chain.records if each.run == run)


def _record(record: LedgerRecord) -> RecordRow:
    return RecordRow(record.seq, record.ts, record.type, record.run)


def _head(head: Checkpoint | None, chain: Chain, trust: TrustStore | None) -> Mark:
    if head is None:
        return Mark(Tone.OPEN, "not signed", "there is no signed head beside the log")
    covered = f"the signed head covers {head.size:,} of {len(chain.leaves):,} records"
    try:
        keys = _signers(head, trust)
    except IntegrityError as error:
        return Mark(Tone.BAD, "broken", str(error))
    if not head.signatures:
        return Mark(Tone.OPEN, "not signed", f"nobody signed it; {covered}")
    if not keys:
        return Mark(Tone.OPEN, "signer unknown", f"no key that is trusted signed it; {covered}")
    return Mark(Tone.GOOD, "signed", f"by {', '.join(keys)}; {covered}")


def _signers(head: Checkpoint, trust: TrustStore | None) -> list[str]:
    if trust is None:
        return []
    found = verify_checkpoint(head, {key.keyid: key.public for key in trust.keys})
    return [key.name for key in trust.keys if key.keyid in found]


def _witnesses(folder: Path, chain: Chain, trust: TrustStore | None) -> Iterator[WitnessRow]:
    """The kept heads, the largest first: names of their files sort by size."""
    files = sorted(folder.glob("*.note"), reverse=True) if folder.is_dir() else []
    for path in files[:_LAST]:
        try:
            head = parse_checkpoint(read_bytes(path) or b"")
            chain.check(head)
            yield from _cosigned(head, path.name, trust)
        except ClinigateError as error:
            yield WitnessRow(path.name, None, "", Mark(Tone.BAD, "disagrees", str(error)))


def _cosigned(head: Checkpoint, name: str, trust: TrustStore | None) -> Iterator[WitnessRow]:
    keys = {} if trust is None else {key.keyid: key for key in witness_keys(trust)}
    found = cosignatures(head, [key.public for key in keys.values()])
    for each in found:
        key = keys[each.key.keyid]
        refused = key.why_not(each.moment)
        mark = Mark(Tone.GOOD, "cosigned") if refused is None else Mark(Tone.BAD, "no", refused)
        yield WitnessRow(key.name, head.size, timestamp(each.moment), mark)
    if not found:
        why = f"no key of the trust file with role {WITNESS_ROLE!r} cosigned it"
        yield WitnessRow(name, head.size, "", Mark(Tone.OPEN, "witness unknown", why))
