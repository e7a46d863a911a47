"""Probes of how records are kept: the function that does each, by its name."""

from __future__ import annotations

from collections.abc import Mapping

from clinigate.hipaa.doing import Probe
from clinigate.hipaa.probes.records.append_only import audit_append_only
from clinigate.hipaa.probes.records.audit_rows import audit_rows
from clinigate.hipaa.probes.records.backups import backup_encryption
from clinigate.hipaa.probes.records.flips import bit_flip
from clinigate.hipaa.probes.records.freshness import ciphertext_freshness
from clinigate.hipaa.probes.records.lost_update import lost_update
from clinigate.hipaa.probes.records.plan import backup_plan
from clinigate.hipaa.probes.records.replay import replay
from clinigate.hipaa.probes.records.strength import encryption_strength

__all__ = ["PROBES"]

PROBES: Mapping[str, Probe] = {
    "backup_encryption": backup_encryption,
    "encryption_strength": encryption_strength,
    "ciphertext_freshness": ciphertext_freshness,
    "lost_update": lost_update,
    "replay": replay,
    "bit_flip": bit_flip,
    "audit_append_only": audit_append_only,
    "audit_rows": audit_rows,
    "backup_plan": backup_plan,
}
