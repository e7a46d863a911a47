"""Defects of what comes in and goes out."""

from __future__ import annotations

from clinigate.reference.defect import Defect

__all__ = [
    "CACHEABLE_RECORDS",
    "LAPSES",
    "MALWARE_ACCEPTED",
    "NO_HSTS",
    "SILENT_ANOMALY",
    "STALE_NOTICE",
    "UNSIGNED_MESSAGES",
    "WEAK_CIPHER",
]

WEAK_CIPHER = Defect(
    "weak-cipher",
    "TLS 1.2 is spoken with ciphers that do not authenticate what they encrypt as one (CBC).",
    ("hipaa.tls_ciphers",),
)
NO_HSTS = Defect("no-hsts", "Browsers are not told to insist on HTTPS.", ("hipaa.hsts",))
CACHEABLE_RECORDS = Defect(
    "cacheable-records", "Answers with records may be kept by a cache.", ("hipaa.cache_control",)
)
MALWARE_ACCEPTED = Defect(
    "malware-accepted", "Files with malware are taken in.", ("hipaa.malware_upload",)
)
UNSIGNED_MESSAGES = Defect(
    "unsigned-messages",
    "Messages of other systems are taken without a signature.",
    ("hipaa.message_integrity",),
)
SILENT_ANOMALY = Defect(
    "silent-anomaly",
    "Nobody is told when one person reads far too many records.",
    ("hipaa.activity_review",),
)
STALE_NOTICE = Defect(
    "stale-notice",
    "The notice of privacy practices is not the one in force.",
    ("hipaa.privacy_notice",),
)

LAPSES = (
    WEAK_CIPHER,
    NO_HSTS,
    CACHEABLE_RECORDS,
    MALWARE_ACCEPTED,
    UNSIGNED_MESSAGES,
    SILENT_ANOMALY,
    STALE_NOTICE,
)
