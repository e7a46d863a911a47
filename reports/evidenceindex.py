"""Every sealed file: who collected it, when, and what was removed from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from clinigate.reports.sealed import BlobFact, EvidenceFacts, FileFact

__all__ = ["IndexRow", "evidence_index"]

_MEDIA = {
    ".json": "application/json",
    ".ndjson": "application/x-ndjson",
    ".html": "text/html",
    ".log": "text/plain",
    ".txt": "text/plain",
    ".xml": "application/xml",
    ".sarif": "application/sarif+json",
}
_BLOBS = "blobs/"
_SPOOL = "spool/"
_REMOVED = "identifiers removed as it was written"
_SEALER = "clinigate, when it sealed the run"


@dataclass(frozen=True, slots=True)
class IndexRow:
    """A sealed file.

    Attributes:
        media: its media type, empty where nobody knows. collector: who wrote it.
        collected: when, RFC 3339, or empty. redaction: in words.
    """

    path: str
    sha256: str
    size: int
    media: str
    collector: str
    collected: str
    redaction: str


def evidence_index(evidence: EvidenceFacts | None) -> tuple[IndexRow, ...]:
    """Return a row for each sealed file, in the order of their paths."""
    if evidence is None:
        return ()
    blobs = {blob.sha256: blob for blob in evidence.blobs}
    return tuple(_row(file, blobs, evidence.sealed_at) for file in evidence.files)


def _row(file: FileFact, blobs: Mapping[str, BlobFact], sealed_at: str) -> IndexRow:
    blob = blobs.get(file.sha256)
    if blob is not None:
        return IndexRow(
            path=file.path,
            sha256=file.sha256,
            size=file.size,
            media=blob.media_type,
            collector=blob.collector,
            collected=blob.collected_at,
            redaction=_REMOVED if blob.redacted else "not text: nobody could look for identifiers",
        )
    raw = file.path.startswith(_BLOBS)
    spool = file.path.startswith(_SPOOL)
    return IndexRow(
        path=file.path,
        sha256=file.sha256,
        size=file.size,
        media="" if raw else _media(file.path),
        collector=_collector(file.path, raw=raw, spool=spool),
        collected="" if raw or spool else sealed_at,
        redaction="not recorded" if raw else _REMOVED,
    )


def _collector(path: str, *, raw: bool, spool: bool) -> str:
    if raw:
        return "not recorded"
    return path.removeprefix(_SPOOL).partition(".")[0] if spool else _SEALER


def _media(path: str) -> str:
    _, dot, ending = path.rpartition(".")
    return _MEDIA.get(f"{dot}{ending}", "")
