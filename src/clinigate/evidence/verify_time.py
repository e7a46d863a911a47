"""Level 3: somebody other than the sealer vouches for when it was sealed."""

from __future__ import annotations

from pathlib import Path

from clinigate.evidence.bundle import Bundle
from clinigate.evidence.proven_time import ProvenTime
from clinigate.evidence.report import Level, LevelResult, LevelStatus
from clinigate.evidence.stamps import stamped_time
from clinigate.evidence.trust import TrustStore
from clinigate.evidence.witness import witnessed_time

__all__ = ["verify_time"]


def verify_time(
    bundle: Bundle, trust: TrustStore | None, ledger: Path | None, stamp_roots: Path | None
) -> tuple[ProvenTime | None, LevelResult]:
    """Return the earliest proven time, None where nothing proves one, and the level's outcome.

    A token or cosignature that proves nothing is told, and never makes the bundle broken: the
    level is NOT_ASSESSED, the time "not proven".
    """
    found = (stamped_time(bundle, stamp_roots), witnessed_time(bundle, trust, ledger))
    proven = sorted(
        (each for each in found if isinstance(each, ProvenTime)), key=lambda each: each.moment
    )
    untold = tuple(each for each in found if isinstance(each, str))
    if proven:
        sentences = (*(each.sentence for each in proven), *untold)
        return proven[0], LevelResult(Level.TIME, LevelStatus.OK, sentences)
    text = f"time not proven: {bundle.statement.sealed_at} is self-asserted by the sealer's clock"
    return None, LevelResult(Level.TIME, LevelStatus.NOT_ASSESSED, (text, *untold))
