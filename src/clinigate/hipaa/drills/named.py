"""What each drill must show."""

from __future__ import annotations

from clinigate.core.criterion import Criterion, Relation
from clinigate.hipaa.probe import Effect, Named, Safeguard

__all__ = ["BREACH", "DRILLS", "RESTORE", "criterion_of"]

BREACH = Named(
    "drill_breach",
    "CG-HIPAA-DRILL-001",
    Safeguard.ADMINISTRATIVE,
    "who is affected by a breach is found from the audit log alone",
    (
        "164.308(a)(6)(ii)",
        "164.402",
        "164.404",
        "164.406",
        "164.408",
        "164.410",
        "164.412",
        "164.414",
        "Art.33",
        "Art.34",
    ),
    effect=Effect.WRITES,
    sends="Records of synthetic patients, some of which somebody reads who has no business there.",
    looks_at="The audit log: whom it names as affected, against whose values got out.",
    cannot_see="What leaves by other ways than the service's own answers, as a stolen disk.",
    needs=("patients",),
)

RESTORE = Named(
    "drill_restore",
    "CG-HIPAA-DRILL-002",
    Safeguard.ADMINISTRATIVE,
    "a backup restored into an empty store is the store that it was made of",
    ("164.308(a)(7)(ii)(B)", "164.308(a)(7)(ii)(D)", "11.10(c)"),
    sends="Nothing to the service: the restore program alone is run, into a store of its own.",
    looks_at="Rows and digest of each table, restored and at the source.",
    cannot_see="Whether the service starts on what was restored, and keys that lie elsewhere.",
)

DRILLS = (BREACH, RESTORE)
"""Both of them."""


def criterion_of(named: Named) -> Criterion:
    """Return what the drill must show: nothing found wanting."""
    return Criterion(
        named.metric,
        named.metric,
        Relation.AT_MOST,
        0,
        title=named.title,
        controls=named.controls,
    )
