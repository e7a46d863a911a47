"""The last look at a run's files before they are sealed: raw evidence intact, nobody identified."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from typing import Any

from clinigate.core.canonical import parse_json
from clinigate.errors import EvidenceError, IntegrityError
from clinigate.evidence.encoded import packed_names, text_of
from clinigate.evidence.names import blob_path
from clinigate.evidence.recorded import RecordedRun
from clinigate.evidence.recorder import Recorder
from clinigate.evidence.scanning import Hit, Scanner
from clinigate.evidence.sources import Source

__all__ = ["ALLOW_UNSCANNED", "allow_unscanned", "inspect"]

#: Topic of the note by which a run's leader lets raw evidence of some kinds be sealed unseen.
ALLOW_UNSCANNED = "allow-unscanned"

_SHOWN = 5
#: What may happen to be text, and is packed all the same.
_PACKED = (b"PK\x03\x04", b"%PDF-")
_UNKNOWN = "application/octet-stream"


def allow_unscanned(recorder: Recorder, kinds: Iterable[str], reason: str) -> None:
    """Let raw evidence of some media types be sealed though nobody can look into it.

    It is a note of the run, sealed with it, so that a reader sees what was let through and why.

    Args:
        recorder: of the process that leads the run; from any other one it does not count.
        kinds: media types, as `image/png`.
        reason: why no identifier can be in it.
    """
    recorder.note(ALLOW_UNSCANNED, {"kinds": sorted(kinds), "reason": reason})


def inspect(source: Source, names: Iterable[str], recorded: RecordedRun) -> list[str]:
    """Check all files that are to be sealed; return those that could not be looked into.

    Text, JSON (field names too), what it holds in base64 or hexadecimal, archives, packed streams
    and what pictures say beside their pixels are scanned. Pixels and other bytes that are no text
    are sealed only where the run allows their kind.

    Raises:
        IntegrityError: raw evidence is missing, or does not have the digest that it is named by.
        EvidenceError: a file holds what looks like an identifier or a secret, or could not be
            looked into and its kind is not allowed.
    """
    _check_blobs(source, recorded)
    kinds = _kinds(recorded)
    allowed = set(_allowed(recorded))
    scanner = Scanner()
    unscanned: list[str] = []
    hits: list[str] = []
    refused: list[str] = []
    for name in names:
        if named := scanner.scan(name):
            hits.append(f"a file's name: {named[0].rule}")
            continue
        found, unseen = _looked_into(name, source.read(name), scanner)
        hits += (f"{name}: {hit.path or 'text'}: {hit.rule}" for hit in found)
        if unseen is not None:
            unscanned.append(name)
            kind = kinds.get(name, _UNKNOWN)
            refused += [] if kind in allowed else [f"{name}: {unseen} ({kind})"]
    if hits:
        raise EvidenceError(
            f"not sealed, identifiers would be published: {_some(hits)}; "
            "take them out where they come from, then seal again"
        )
    if refused:
        raise EvidenceError(
            f"not sealed, nobody can look for identifiers in: {_some(refused)}; record it as text, "
            "or allow its kind with a reason under [evidence] unscanned"
        )
    return unscanned


def _some(told: list[str]) -> str:
    more = f" and {len(told) - _SHOWN} more" if len(told) > _SHOWN else ""
    return "; ".join(told[:_SHOWN]) + more


def _kinds(recorded: RecordedRun) -> dict[str, str]:
    """Media type by the name of the file, without its parameters."""
    return {
        blob_path(blob["digest"]): blob["media_type"].partition(";")[0].strip().casefold()
        for blob in recorded.plain("blob")
    }


def _allowed(recorded: RecordedRun) -> Iterator[str]:
    for record in recorded.records:
        is_leaders = record.type == "note" and record.spool in recorded.leaders
        if is_leaders and record.body.get("topic") == ALLOW_UNSCANNED:
            yield from record.body["about"]["kinds"]


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


def _looked_into(name: str, data: bytes, scanner: Scanner) -> tuple[list[Hit], str | None]:
    """What was found in a file, and why all of it could not be looked into, if so."""
    if name.endswith(".ndjson"):
        # The line that a killed process left half written may end within a character.
        return list(_hits_in_lines(data.decode("utf-8", "replace"), scanner)), None
    text = None if data.startswith(_PACKED) else text_of(data)
    return _hits_in_parts(data, scanner) if text is None else (scanner.scan(_value(text)), None)


def _hits_in_lines(text: str, scanner: Scanner) -> Iterator[Hit]:
    for number, line in enumerate(text.split("\n"), 1):
        for hit in scanner.scan(_value(line)):
            yield Hit(hit.rule, f"line {number}: {hit.path}")


def _hits_in_parts(data: bytes, scanner: Scanner) -> tuple[list[Hit], str | None]:
    """Open what is no text: an archive, a packed stream, a picture, a database."""
    from clinigate.phi.surfaces import Skipped, TruncatedError, open_stream

    named = [hit for name in packed_names(data) for hit in scanner.scan(name)]
    hits = [Hit(hit.rule, "a name in it") for hit in named]
    unseen: str | None = None
    for part in open_stream(io.BytesIO(data)):
        if isinstance(part, Skipped):
            unseen = unseen or part.reason
            continue
        if part.literal or part.media == "binary":
            unseen = unseen or ("pixels" if part.media == "image" else "bytes that are no text")
        if part.literal:
            continue
        try:
            text = _decoded(b"".join(part.chunks))
        except TruncatedError as problem:
            unseen = unseen or str(problem)
            continue
        hits += _hits_within(part.name, scanner.scan(_value(text)), scanner)
    return hits, unseen


def _decoded(data: bytes) -> str:
    """Bytes as a reader of texts would take them; of what is between texts, what can be read."""
    text = text_of(data)
    # Wide characters have zeros among them, which would keep a pattern from seeing the text.
    return data.replace(b"\0", b"").decode("utf-8", "replace") if text is None else text


def _hits_within(member: str, found: Iterable[Hit], scanner: Scanner) -> Iterator[Hit]:
    """What was found in a member; its name may tell as much as its content."""
    told = scanner.scan(member)
    yield from (Hit(hit.rule, "a name in it") for hit in told)
    where = f"{'?' if told else member}: " if member else ""
    yield from (Hit(hit.rule, f"{where}{hit.path or 'text'}") for hit in found)


def _value(text: str) -> Any:
    """Read JSON, to see through escapes; anything else is scanned as it stands."""
    if not text.lstrip().startswith(("{", "[")):
        return text
    try:
        return parse_json(text)
    except (ValueError, RecursionError):
        return text
