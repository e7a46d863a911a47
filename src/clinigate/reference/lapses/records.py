"""Defects of how records are kept."""

from __future__ import annotations

from clinigate.reference.defect import Defect

__all__ = [
    "ANONYMOUS_AUDIT",
    "BLIND_TO_FLIPS",
    "EDITABLE_AUDIT",
    "LAPSES",
    "LOST_UPDATES",
    "PLAIN_BACKUP",
    "REPLAYABLE_WRITES",
    "SAME_CIPHERTEXT",
    "SHORT_KEY",
    "STALE_BACKUP",
]

PLAIN_BACKUP = Defect(
    "plain-backup", "Backups of records lie in clear.", ("hipaa.backup_encryption",)
)
SHORT_KEY = Defect(
    "short-key", "Records are sealed with AES of 128 bits.", ("hipaa.encryption_strength",)
)
SAME_CIPHERTEXT = Defect(
    "same-ciphertext",
    "What is the same in clear is the same in the store.",
    ("hipaa.ciphertext_freshness",),
)
LOST_UPDATES = Defect(
    "lost-updates", "Who writes last wins, whatever they had read.", ("hipaa.lost_update",)
)
REPLAYABLE_WRITES = Defect(
    "replayable-writes", "A request that is sent again is carried out again.", ("hipaa.replay",)
)
BLIND_TO_FLIPS = Defect(
    "blind-to-flips", "A record that was altered in the store is served.", ("hipaa.bit_flip",)
)
EDITABLE_AUDIT = Defect(
    "editable-audit",
    "Rows of the audit table can be changed and removed.",
    ("hipaa.audit_append_only",),
)
ANONYMOUS_AUDIT = Defect(
    "anonymous-audit",
    "Audit rows of a change do not say whose record it was.",
    ("hipaa.audit_rows",),
)
STALE_BACKUP = Defect(
    "stale-backup", "The schedule makes no backups any more.", ("hipaa.backup_plan",)
)

LAPSES = (
    PLAIN_BACKUP,
    SHORT_KEY,
    SAME_CIPHERTEXT,
    LOST_UPDATES,
    REPLAYABLE_WRITES,
    BLIND_TO_FLIPS,
    EDITABLE_AUDIT,
    ANONYMOUS_AUDIT,
    STALE_BACKUP,
)
