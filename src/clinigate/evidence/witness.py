"""Witness cosignatures: somebody else's machine saw the log's head, and when.

Format: c2sp.org/tlog-cosignature. A witness is whom the trust file calls so by the role `witness`;
how one comes to cosign is in `witnessing`.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from clinigate.errors import EvidenceError, IntegrityError
from clinigate.evidence.bundle import Bundle
from clinigate.evidence.checkpoint import Checkpoint, verify_checkpoint
from clinigate.evidence.cosignature import cosignatures
from clinigate.evidence.ledger import read_ledger
from clinigate.evidence.names import WITNESSED
from clinigate.evidence.proven_time import ProvenTime
from clinigate.evidence.seal_proof import read_seal_proof
from clinigate.evidence.times import timestamp
from clinigate.evidence.trust import TrustedKey, TrustStore

__all__ = ["WITNESS_ROLE", "log_keys", "witness_keys", "witnessed_time"]

#: Role, in the trust file, of a key that vouches for heads of the log and for nothing else.
WITNESS_ROLE = "witness"


def witnessed_time(
    bundle: Bundle, trust: TrustStore | None, ledger: Path | None
) -> ProvenTime | str | None:
    """Return when a witness saw the bundle's seal in the log.

    Args:
        bundle: read, not believed.
        trust: the keys that count; a witness has the role `witness`.
        ledger: the log's directory, where it is at hand.

    Returns:
        The proven time; a sentence that says why the cosignature proves none; None without one.
    """
    if WITNESSED not in bundle.names:
        return None
    try:
        head = read_seal_proof(bundle, WITNESSED).checkpoint
        if trust is None:
            raise IntegrityError("no trust file was given, so that nobody is known as a witness")
        if ledger is not None:
            _check_still_there(head, ledger)
        return _seen(head, trust)
    except EvidenceError as error:
        return f"{WITNESSED}: time not proven: {str(error).removeprefix(f'{WITNESSED}: ')}"


def witness_keys(trust: TrustStore) -> tuple[TrustedKey, ...]:
    """Return the keys of witnesses, valid or not."""
    return tuple(key for key in trust.keys if key.role == WITNESS_ROLE)


def log_keys(trust: TrustStore) -> tuple[TrustedKey, ...]:
    """Return the keys that may sign the log itself: whoever witnesses it does not also write it."""
    return tuple(key for key in trust.keys if key.role != WITNESS_ROLE)


def _seen(head: Checkpoint, trust: TrustStore) -> ProvenTime:
    # 1. It is a head of the log: the log's own key signed it.
    logs = {key.keyid: key.public for key in log_keys(trust)}
    own = verify_checkpoint(head, logs)
    if not own:
        raise IntegrityError("the log's head is signed by no key of the trust file")
    # 2. A witness whose key counted at that second cosigned it. Who steals a key back-dates, and
    #    nobody else vouches for the time in a cosignature: a revoked one never counts.
    named = {key.keyid: key for key in witness_keys(trust)}
    found = cosignatures(head, [key.public for key in named.values()])
    refused = [named[each.key.keyid].why_not(each.moment) for each in found]
    if None not in refused:
        raise IntegrityError(refused[0] if refused else "no witness of the trust file cosigned it")
    first = found[refused.index(None)]
    unknown = len(head.signatures) - len(own) - len(found)
    return _proven(head, named[first.key.keyid], first.moment, unknown)


def _proven(head: Checkpoint, key: TrustedKey, moment: datetime, unknown: int) -> ProvenTime:
    also = f"; {unknown} more signature line(s) there are of keys that nobody here knows"
    return ProvenTime(
        moment,
        key.name,
        f"{WITNESSED}: {key.name} (witness, key {key.keyid[:16]}) saw the seal in the log of "
        f"{head.size} records at {timestamp(moment)}{also if unknown else ''}",
    )


def _check_still_there(head: Checkpoint, ledger: Path) -> None:
    """The log at hand, where it is the same one, still holds what the witness saw."""
    chain = read_ledger(ledger).chain
    if chain.origin == head.origin:
        chain.check(head)
