"""Was the log rolled back or forked? Asked of everything that remembers an earlier head of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from clinigate.errors import EvidenceError, IntegrityError
from clinigate.evidence.chain import Chain
from clinigate.evidence.checkpoint import Checkpoint, parse_proof, verify_checkpoint
from clinigate.evidence.cosignature import cosignatures
from clinigate.evidence.files import read_bytes
from clinigate.evidence.history import RunHistory, histories
from clinigate.evidence.kept_heads import kept_heads, told_of
from clinigate.evidence.ledger import LedgerView, read_ledger
from clinigate.evidence.names import PROOF, RUN_ID, WITNESSED
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
        problems: sentences that name the file; none, and the log is sound.
    """

    view: LedgerView
    signed: bool
    seen: tuple[str, ...]
    problems: tuple[str, ...]


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
    seen: list[str] = []
    problems: list[str] = []
    for name, head in _remembered(root, trust, kept, problems):
        try:
            view.chain.check(head)
        except IntegrityError as error:
            problems.append(f"{name}: {error}")
        else:
            seen.append(f"{name}: its {head.size} records are still there{_when(head, trust)}")
    problems += _strangers(root, view.chain)
    return LedgerCheck(view, _signed(view, trust, problems), tuple(seen), tuple(problems))


def _remembered(
    root: Path, trust: TrustStore | None, kept: Checkpoint | None, problems: list[str]
) -> Iterator[tuple[str, Checkpoint]]:
    if kept is not None:
        yield "the kept checkpoint", kept
    try:
        yield from kept_heads(root / "ledger", trust)
    except IntegrityError as error:
        problems.append(str(error))
    own = read_ledger(root / "ledger").chain.origin
    for path in sorted((root / "runs").glob(f"*/{PROOF}")) + sorted(
        (root / "runs").glob(f"*/{WITNESSED}")
    ):
        name = path.relative_to(root).as_posix()
        try:
            with told_of(name):
                head = parse_proof(read_bytes(path) or b"").checkpoint
        except IntegrityError as error:
            problems.append(str(error))
            continue
        if head.origin == own:  # an imported run brought a head of its own log
            yield name, head


def _strangers(root: Path, chain: Chain) -> Iterator[str]:
    """Runs on the disk that the log does not know, and sealed ones that are gone from it."""
    known: dict[str, RunHistory] = {each.run: each for each in histories(chain.records)}
    folder = root / "runs"
    there = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
    for run in sorted(name for name in there if RUN_ID.fullmatch(name)):
        if run not in known:
            yield f"runs/{run}: the log knows no such run; it was put here, or the log was cut"
    for each in known.values():
        if each.sealed_at and each.pruned_at is None and each.run not in there:
            yield f"runs/{each.run}: sealed, and gone without a word in the log"


def _signed(view: LedgerView, trust: TrustStore | None, problems: list[str]) -> bool:
    if trust is None or view.checkpoint is None:
        return False
    keys = {key.keyid: key.public for key in log_keys(trust)}
    try:
        with told_of("ledger/checkpoint"):
            if verify_checkpoint(view.checkpoint, keys):
                return True
    except IntegrityError as error:
        problems.append(str(error))
        return False
    problems.append("ledger/checkpoint: signed by no key of the trust file")
    return False


def _when(head: Checkpoint, trust: TrustStore | None) -> str:
    if trust is None:
        return ""
    named = {key.keyid: key.name for key in witness_keys(trust)}
    found = cosignatures(head, [key.public for key in witness_keys(trust)])
    return "".join(
        f", {named[each.key.keyid]} saw them at {timestamp(each.moment)}" for each in found
    )
