"""Write a copy of a file without what is found in it, and prove it by a scan of the copy."""

from __future__ import annotations

import io
import os
import stat
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO, TextIO

from clinigate.errors import EvidenceError, UsageError
from clinigate.phi.looking import Look, Looked, Looker
from clinigate.phi.runtime.prose import prose
from clinigate.phi.runtime.records import LONGEST_LINE, Cleaning, json_lines, json_text, rows
from clinigate.phi.runtime.redactor import Redactor
from clinigate.phi.surfaces.tables import delimiter_of
from clinigate.phi.surfaces.text import encoding_of

__all__ = ["Copied", "Kind", "Proof", "redact_file"]

_HEAD = 8192
_ROUNDS = 4


class Kind(StrEnum):
    """What a file is read as."""

    TEXT = "text"
    CSV = "csv"
    JSONL = "jsonl"
    JSON = "json"


_BY_ENDING = {
    ".csv": Kind.CSV,
    ".tsv": Kind.CSV,
    ".tab": Kind.CSV,
    ".psv": Kind.CSV,
    ".jsonl": Kind.JSONL,
    ".ndjson": Kind.JSONL,
    ".json": Kind.JSON,
}


@dataclass(frozen=True, slots=True)
class Copied:
    """What came of a copy.

    Attributes:
        kind: what the file was read as.
        records: lines or rows.
        rules: what was taken out, by rule; `CG-PHI-WITHHELD` counts records that went as a whole.
        rounds: how often the copy was made until a scan of it found nothing.
    """

    kind: Kind
    records: int
    rules: Counter[str]
    rounds: int


@dataclass(frozen=True, slots=True)
class Proof:
    """What has to find nothing in the copy: that which `clinigate phi scan` looks by.

    Attributes:
        looker: opens the copy and looks.
        threshold, names: how sure a find must be, and whether names are looked for.
    """

    looker: Looker
    threshold: float
    names: bool = False


def redact_file(
    source: Path, out: Path, *, redactor: Redactor, proof: Proof, kind: Kind | None = None
) -> Copied:
    """Write `source` to `out` without what is found in it.

    The copy is made beside `out` and gets its name once a scan of it has found nothing. What the
    scan still finds, as by a word of another column, goes with its whole line or row.

    Args:
        source: text, JSON lines, JSON or a table.
        out: the copy; what is there is replaced.
        redactor: what is found, and what stands for it.
        proof: the scan.
        kind: what it is read as; by its name where it is None.

    Raises:
        UsageError: the source is no such file.
        EvidenceError: it cannot be read or written, or something is left; then there is no copy.
    """
    kind = kind or _BY_ENDING.get(source.suffix.lower(), Kind.TEXT)
    withheld: set[int] = set()
    with _opened(source) as file, _beside(out) as draft:
        for number in range(1, _ROUNDS + 1):
            cleaning = Cleaning(redactor, withheld)
            records = _copy(file, source.name, draft, kind, cleaning)
            left = _left(draft, out, proof)
            if not left:
                draft.chmod(stat.S_IMODE(os.fstat(file.fileno()).st_mode))
                draft.replace(out)
                return Copied(kind, records, cleaning.rules, number)
            withheld |= left
    raise EvidenceError(
        f"{source}: a scan of the copy still finds something after {_ROUNDS} rounds; nothing was "
        "written"
    )


def _left(draft: Path, out: Path, proof: Proof) -> set[int]:
    """Lines of the copy on which a scan finds something."""
    looked = proof.looker.at(Look(draft, out.name, proof.threshold, proof.names))
    unproven = [reason for _, reason in (*looked.skipped, *looked.truncated)]
    lines = set(_lines(looked))
    if unproven and not lines:
        raise EvidenceError(
            f"{out}: the copy cannot be proven ({unproven[0]}); nothing was written"
        )
    if None in lines:
        raise EvidenceError(
            f"{out}: a scan of the copy finds something of which it cannot say where; nothing was "
            "written"
        )
    return {line for line in lines if line is not None}


def _lines(looked: Looked) -> Iterator[int | None]:
    yield from (seen.line for seen in looked.seen if seen.placeholder is None)
    yield from (seen.line for seen in looked.canaries)


def _copy(file: BinaryIO, name: str, draft: Path, kind: Kind, cleaning: Cleaning) -> int:
    file.seek(0)
    head = file.read(_HEAD)
    file.seek(0)
    encoding, mark = encoding_of(head)
    if not encoding:
        raise UsageError(f"{name}: is binary; text, JSON lines, JSON and tables can be redacted")
    # What is no UTF-8, as Latin-1, is written as it was read.
    same = "surrogateescape" if encoding == "utf-8" else "strict"
    text = io.TextIOWrapper(file, encoding=encoding, errors=same, newline="")
    try:
        with draft.open("w", encoding=encoding, errors=same, newline="") as out:
            if mark:
                out.write(text.read(1))
            return _records(text, out, kind, cleaning, name=name, head=head)
    except UnicodeError:
        raise UsageError(f"{name}: is not {encoding}, as it begins; convert it first") from None
    finally:
        text.detach()


def _records(
    text: TextIO, out: TextIO, kind: Kind, cleaning: Cleaning, *, name: str, head: bytes
) -> int:
    if kind is Kind.CSV:
        delimiter = delimiter_of(head, name) or delimiter_of(head, "table.csv")
        end = "\r\n" if b"\r\n" in head else "\n"
        return rows(text, out.write, cleaning, delimiter=delimiter, end=end)
    if kind is Kind.JSONL:
        return json_lines(text, out.write, cleaning)
    if kind is Kind.TEXT:
        return prose(text, out.write, cleaning)
    whole = text.read(LONGEST_LINE)
    if len(whole) == LONGEST_LINE:
        raise UsageError(f"{name}: is longer than {LONGEST_LINE // 2**20} MB; redact it as text")
    out.write(json_text("", whole, cleaning, withheld=bool(cleaning.withheld)))
    return 1


@contextmanager
def _opened(source: Path) -> Iterator[BinaryIO]:
    try:
        # A pipe must not hold us up.
        handle = os.open(source, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as problem:
        raise UsageError(f"{source}: cannot be read ({problem.strerror})") from None
    with os.fdopen(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise UsageError(f"{source}: is no file; only files can be redacted")
        yield file


@contextmanager
def _beside(out: Path) -> Iterator[Path]:
    """A draft that only we can read, in the folder of the copy and with its ending."""
    try:
        handle, name = tempfile.mkstemp(prefix=f".{out.stem}-", suffix=out.suffix, dir=out.parent)
        os.close(handle)
    except OSError as problem:
        raise EvidenceError(f"{out}: cannot be written ({problem.strerror})") from None
    try:
        yield Path(name)
    except OSError as problem:
        raise EvidenceError(f"{out}: cannot be written ({problem.strerror})") from None
    finally:
        with suppress(FileNotFoundError):
            Path(name).unlink()
