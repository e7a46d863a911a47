"""What stands where inside a run's directory, sealed or not."""

from __future__ import annotations

import re

__all__ = [
    "CONTROLS",
    "ENVIRONMENT",
    "OUTSIDE",
    "PAYLOAD_TYPE",
    "PREDICATE_TYPE",
    "PROOF",
    "RESULTS",
    "RUN_ID",
    "STAMP",
    "STATEMENT",
    "UNSIGNED_STATEMENT",
    "WITNESSED",
    "blob_path",
    "in_sealed_set",
]

#: Time of the start in UTC, then randomness: ids sort by time, and never hold more than this.
RUN_ID = re.compile(r"\d{8}T\d{12}Z-[0-9a-f]{8}")

STATEMENT = "statement.dsse.json"
#: The statement of a run that nobody signed: another name, so that none passes for the other.
UNSIGNED_STATEMENT = "statement.json"
PROOF = "ledger.tlog-proof"
#: The seal in a log whose head a witness cosigned later.
WITNESSED = "witness.tlog-proof"
#: RFC 3161 token over the envelope.
STAMP = "timestamp.tsr"
RESULTS = "results.json"
ENVIRONMENT = "environment.json"
CONTROLS = "controls.lock.json"

PAYLOAD_TYPE = "application/vnd.in-toto+json"
PREDICATE_TYPE = "https://clinigate.dev/evidence/v1"

#: What people add after the seal, and what can be made again from what is sealed.
OUTSIDE = ("records/", "exports/")
_BESIDE = frozenset({STATEMENT, UNSIGNED_STATEMENT, PROOF, WITNESSED, STAMP})


def in_sealed_set(name: str) -> bool:
    """Tell whether a file of a bundle must be named, with its digest, by the statement."""
    return name not in _BESIDE and not name.startswith(OUTSIDE)


def blob_path(digest: str) -> str:
    """Return where raw evidence of that digest (`sha256:…`) stands, within its run.

    Raises:
        ValueError: not such a digest.
    """
    algorithm, _, value = digest.partition(":")
    if algorithm != "sha256" or not re.fullmatch(r"[0-9a-f]{64}", value):
        raise ValueError(f"not a digest of the form sha256:…: {digest!r}")
    return f"blobs/sha256/{value[:2]}/{value}"
