"""Was the log rolled back or forked? Asked of everything that remembers an earlier head of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from clinigate.errors import EvidenceError, IntegrityError
from clinigate.evidence.chain import LedgerRecord
from clinigate.evidence.checkpoint import Checkpoint, parse_proof, verify_checkpoint
from clinigate.evidence.cosignature import Cosigned, cosignatures
from clinigate.evidence.files import read_bytes
from clinigate.evidence.history import histories
from clinigate.evidence.kept_heads import COSIGNED, head_name, kept_heads, told_of
from clinigate.evidence.ledger import LedgerView, read_ledger
from clinigate.evidence.names import PROOF, RUN_ID, STATEMENT, UNSIGNED_STATEMENT, WITNESSED
from clinigate.evidence.signing import PublicKey
from clinigate.evidence.times import timestamp
from clinigate.evidence.trust import TrustStore
from clinigate.evidence.witness import log_keys, witness_keys

__all__ = ["LedgerCheck", "check_ledger"]


@dataclass(frozen=True, slots=True)
class LedgerCheck:
    """What was looked at, and what is wrong.

    Attributes:
        view: the log.
        signed: whether a key that counts signed its head.
        seen: sentences about heads that it still holds.
        notes: sentences about what is missing and can be made again, or came of a crash.
        problems: sentences that name the file; none, and the log is sound.
    """

    view: LedgerView
    signed: bool
    seen: tuple[str, ...]
    notes: tuple[str, ...]
    problems: tuple[str, ...]


@dataclass(slots=True)
class _Found:
    """What a check has found so far."""

    seen: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def check_ledger(
    root: Path, trust: TrustStore | None, kept: Checkpoint | None = None
) -> LedgerCheck:
    """Hold the log against every head of it that is remembered somewhere.

    That is: its own signed head, heads that witnesses cosigned, the proofs beside sealed runs, and
    one that the caller kept elsewhere. Whoever rolls a log back must take all of them away, and
    the last one is out of reach.

    Args:
        root: the `.clinigate` directory.
        trust: the keys that count; None takes every head as it is.
        kept: a head that was kept elsewhere, verified by the caller.

    Raises:
        IntegrityError: a record was edited, or the file is behind its own head.
        EvidenceError: there is no log, or it cannot be read.
    """
    ledger = root / "ledger"
    view = read_ledger(ledger)
    if not view.chain.records:
        raise EvidenceError(f"{ledger}: no log here; the first run begins one")
    found = _Found()
    # 1. Every remembered head is still the beginning of the log.
    heads = dict(_remembered(root, trust, found))
    if kept is not None:
        heads["the kept checkpoint"] = kept
    for name, head in heads.items():
        if head.origin != view.chain.origin and name.startswith("runs/"):
            continue  # an imported run brought a head of its own log
        try:
            view.chain.check(head)
        except IntegrityError as error:
            found.problems.append(f"{name}: {error}")
        else:
            found.seen.append(
                f"{name}: its {head.size} records are still there{_when(head, trust)}"
            )
    # 2. The runs that lie here are those that the log knows, and as it knows them.
    found.problems += _strangers(root, view)
    found.notes += [*_torn(view), *_missing(root, view, heads, trust)]
    signed = _signed(view, trust, found)
    return LedgerCheck(view, signed, tuple(found.seen), tuple(found.notes), tuple(found.problems))


def _remembered(
    root: Path, trust: TrustStore | None, found: _Found
) -> Iterator[tuple[str, Checkpoint]]:
    try:
        yield from kept_heads(root / "ledger", trust)
    except IntegrityError as error:
        found.problems.append(str(error))
    runs = root / "runs"
    for path in sorted(runs.glob(f"*/{PROOF}")) + sorted(runs.glob(f"*/{WITNESSED}")):
        name = path.relative_to(root).as_posix()
        try:
            with told_of(name):
                yield name, parse_proof(read_bytes(path) or b"").checkpoint
        except IntegrityError as error:
            found.problems.append(str(error))


def _strangers(root: Path, view: LedgerView) -> Iterator[str]:
    """Runs that the log does not know, and sealed ones that are gone, or no longer sealed."""
    known = {each.run: each for each in histories(view.chain.records)}
    folder = root / "runs"
    there = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
    for run in sorted(name for name in there if RUN_ID.fullmatch(name)):
        if run not in known:
            yield f"runs/{run}: the log knows no such run; it was put here, or the log was cut"
    for run, seal in _seals(view).items():
        name = STATEMENT if seal.body.get("signed", True) else UNSIGNED_STATEMENT
        if run not in there and known[run].pruned_at is None:
            yield f"runs/{run}: sealed, and gone without a word in the log"
        elif run in there and not (folder / run / name).is_file():
            yield f"runs/{run}/{name}: missing, and the log says that the run was sealed"


def _missing(
    root: Path, view: LedgerView, heads: Mapping[str, Checkpoint], trust: TrustStore | None
) -> Iterator[str]:
    """What a witness gave out and is not there; its next look gives it out again."""
    cosigned = [head for name, head in heads.items() if f"/{COSIGNED}/" in name]
    covered = max((head.size for head in cosigned), default=0)
    for run, seal in _seals(view).items():
        path = root / "runs" / run
        own = seal.type == "run-sealed" and seal.seq < covered
        if own and path.is_dir() and not (path / WITNESSED).is_file():
            yield f"runs/{run}/{WITNESSED}: missing, and a witness saw its seal in the log"
    keys = [] if trust is None else [key.public for key in witness_keys(trust)]
    named = {
        head_name(head, each.key.keyid)
        for name, head in heads.items()
        if name.endswith(WITNESSED) and head.origin == view.chain.origin
        for each in _quietly(head, keys)
    }
    for name in sorted(named):
        if not (root / "ledger" / COSIGNED / name).is_file():
            yield f"ledger/{COSIGNED}/{name}: missing, and a run has the proof that it was there"


def _quietly(head: Checkpoint, keys: list[PublicKey]) -> tuple[Cosigned, ...]:
    try:
        return cosignatures(head, keys)
    except IntegrityError:
        return ()  # `verify` says so of the run


def _seals(view: LedgerView) -> dict[str, LedgerRecord]:
    return {
        str(record.run): record
        for record in view.chain.records
        if record.type in ("run-sealed", "bundle-imported")
    }


def _torn(view: LedgerView) -> Iterator[str]:
    if view.torn:
        yield (
            f"{view.chain.name}: ends with {len(view.torn)} bytes of a record that a killed writer "
            "never acknowledged; the next one cuts them off, and says so"
        )


def _signed(view: LedgerView, trust: TrustStore | None, found: _Found) -> bool:
    head = view.checkpoint
    if head is None:
        if any(each.type == "run-sealed" and each.body["signed"] for each in view.chain.records):
            found.problems.append("ledger/checkpoint: missing, and signed runs were sealed here")
        return False
    if trust is None:
        return False
    keys = {key.keyid: key.public for key in log_keys(trust)}
    try:
        with told_of("ledger/checkpoint"):
            if verify_checkpoint(head, keys):
                return True
    except IntegrityError as error:
        found.problems.append(str(error))
        return False
    found.problems.append("ledger/checkpoint: signed by no key of the trust file")
    return False


def _when(head: Checkpoint, trust: TrustStore | None) -> str:
    named = {} if trust is None else {key.keyid: key for key in witness_keys(trust)}
    found = _quietly(head, [key.public for key in named.values()])
    return "".join(
        f", {named[each.key.keyid].name} saw them at {timestamp(each.moment)}" for each in found
    )
