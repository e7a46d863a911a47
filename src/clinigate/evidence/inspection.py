"""The last look at a run's files before they are sealed: raw evidence intact, nobody identified."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from clinigate.core.canonical import parse_json
from clinigate.errors import EvidenceError, IntegrityError
from clinigate.evidence.names import blob_path
from clinigate.evidence.recorded import RecordedRun
from clinigate.evidence.redaction import Hit, scan
from clinigate.evidence.sources import Source

__all__ = ["inspect"]

_SHOWN = 5


def inspect(source: Source, names: Iterable[str], recorded: RecordedRun) -> list[str]:
    """Check all files that are to be sealed; return those that are no text and were not scanned.

    Raises:
        IntegrityError: raw evidence is missing, or does not have the digest that it is named by.
        EvidenceError: a file holds what looks like an identifier or a secret.
    """
    _check_blobs(source, recorded)
    unscanned: list[str] = []
    hits: list[str] = []
    for name in names:
        text = _text(source.read(name))
        if text is None:
            unscanned.append(name)
        else:
            hits += [f"{name}: {hit.path or 'text'}: {hit.rule}" for hit in _hits(name, text)]
    if hits:
        more = f" and {len(hits) - _SHOWN} more" if len(hits) > _SHOWN else ""
        raise EvidenceError(
            f"not sealed, identifiers would be published: {'; '.join(hits[:_SHOWN])}{more}; "
            "take them out where they come from, then seal again"
        )
    return unscanned


def _check_blobs(source: Source, recorded: RecordedRun) -> None:
    told = {blob["digest"] for blob in recorded.plain("blob")}
    for digest in sorted(told):
        name = blob_path(digest)
        if source.digest(name) != digest.partition(":")[2]:
            raise IntegrityError(f"{name}: its content is not that of its name")
    for name in source.names:
        if name.startswith("blobs/") and f"sha256:{name.rpartition('/')[2]}" not in told:
            _check_orphan(source, name)


def _check_orphan(source: Source, name: str) -> None:
    """A blob whose record was lost in a crash is kept, as long as it is what it says."""
    digest = source.digest(name)
    if name != blob_path(f"sha256:{digest}"):
        raise IntegrityError(f"{name}: its content is not that of its name")


def _text(data: bytes) -> str | None:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _hits(name: str, text: str) -> Iterator[Hit]:
    if name.endswith(".ndjson"):
        for number, line in enumerate(text.split("\n"), 1):
            for hit in scan(_value(line)):
                yield Hit(hit.rule, f"line {number}: {hit.path}")
    else:
        yield from scan(_value(text))


def _value(text: str) -> Any:
    """Read JSON, to see through escapes; anything else is scanned as it stands."""
    if not text.lstrip().startswith(("{", "[")):
        return text
    try:
        return parse_json(text)
    except (ValueError, RecursionError):
        return text
