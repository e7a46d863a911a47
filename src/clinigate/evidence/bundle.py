"""A sealed run, read back from its directory or a zip. Reading trusts nothing; see `verify`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clinigate.core.canonical import parse_json, sha256_hex
from clinigate.core.codec import from_plain
from clinigate.core.criterion import Relation
from clinigate.core.results import Results
from clinigate.errors import IncompleteRunError, IntegrityError
from clinigate.evidence.envelope import Envelope, parse_envelope
from clinigate.evidence.names import RESULTS, STATEMENT, UNSIGNED_STATEMENT
from clinigate.evidence.packing import write_zip
from clinigate.evidence.recorded import RecordedRun, run_of
from clinigate.evidence.sources import Limits, Source, open_source
from clinigate.evidence.spool import RunStatus, parse_spool
from clinigate.evidence.statement import Statement, parse_statement

__all__ = ["Bundle", "export_zip", "open_bundle"]

_SPOOL = re.compile(r"spool/[^/]+\.ndjson")


@dataclass(frozen=True, slots=True)
class Bundle:
    """One run's evidence.

    Attributes:
        path: the directory or zip that it was read from.
        source: its files.
        statement_name: `statement.dsse.json`, or `statement.json` for an UNSIGNED run.
        envelope_bytes, envelope: the statement's file, and what stands in it.
        statement: what the envelope holds.
    """

    path: Path
    source: Source
    statement_name: str
    envelope_bytes: bytes
    envelope: Envelope
    statement: Statement

    @property
    def run(self) -> str:
        """The run's id, as the statement says."""
        return self.statement.run

    @property
    def status(self) -> RunStatus:
        """How the run ended, as the statement says."""
        return self.statement.status

    @property
    def signed(self) -> bool:
        """Whether it carries a signature at all; UNSIGNED otherwise. Whose, `verify` says."""
        return bool(self.envelope.signatures)

    @property
    def statement_digest(self) -> str:
        """`sha256:…` of the statement: what records of people refer to."""
        return f"sha256:{sha256_hex(self.envelope.payload)}"

    @property
    def names(self) -> Sequence[str]:
        """All files, those outside of the sealed set too."""
        return self.source.names

    def read(self, name: str) -> bytes:
        """Return a file's content.

        Raises:
            IntegrityError: there is no such file, or it cannot be read.
        """
        return self.source.read(name)

    def size(self, name: str) -> int:
        """Return how many bytes a file holds, without reading it.

        Raises:
            IntegrityError: there is no such file.
        """
        return self.source.size(name)

    def read_json(self, name: str) -> Any:
        """Return a file's content as plain JSON.

        Raises:
            IntegrityError: missing, or not JSON.
        """
        return _plain(name, self.read(name))

    def results(self) -> Results:
        """Return what the run found, if it is what the statement says.

        What a verification looked at may have been exchanged since.

        Raises:
            IntegrityError: `results.json` is missing, changed or of another form; the field is
                named.
        """
        data = self.read(RESULTS)
        if sha256_hex(data) != self.statement.files.get(RESULTS):
            raise IntegrityError(f"{RESULTS}: was changed: it is not what the statement names")
        try:
            found = from_plain(Results, _plain(RESULTS, data))
            for verdict in found.verdicts:
                Relation(verdict.relation)
        except ValueError as error:
            raise IntegrityError(f"{RESULTS}: {error}") from error
        return found

    def recorded(self) -> RecordedRun:
        """Return what the run's processes wrote.

        Raises:
            IntegrityError: a spool is no spool, or the one that began the run is missing.
        """
        names = [name for name in self.names if _SPOOL.fullmatch(name)]
        spools = (parse_spool(self.read(name), name.removeprefix("spool/")) for name in names)
        recorded = run_of(self.run, spools)
        if recorded is None:
            raise IntegrityError("spool: no part of it says what was run; parts were taken away")
        return recorded


def open_bundle(path: Path, limits: Limits | None = None) -> Bundle:
    """Read a bundle from a run's directory or from its zip.

    Raises:
        EvidenceError: there is nothing to read.
        IncompleteRunError: the run is not sealed.
        IntegrityError: it holds what no bundle holds, or its statement is damaged; the file is
            named.
    """
    source = open_source(path, limits or Limits())
    name = _statement_name(path, source)
    data = source.read(name)
    try:
        envelope = parse_envelope(data)
        statement = parse_statement(envelope.payload)
    except IntegrityError as error:
        raise IntegrityError(f"{name}: {error}") from error
    return Bundle(path, source, name, data, envelope, statement)


def export_zip(bundle: Bundle, destination: Path) -> Path:
    """Write all of a bundle into one zip; the same bundle gives the same bytes.

    Raises:
        EvidenceError: the disk refuses.
    """
    return write_zip(bundle.source, destination)


def _plain(name: str, data: bytes) -> Any:
    try:
        return parse_json(data)
    except (ValueError, RecursionError) as error:
        raise IntegrityError(f"{name}: not JSON: {error}") from error


def _statement_name(path: Path, source: Source) -> str:
    found = [name for name in (STATEMENT, UNSIGNED_STATEMENT) if name in source.names]
    if len(found) == 2:
        raise IntegrityError(
            f"{path.name}: holds both {STATEMENT} and {UNSIGNED_STATEMENT}; one was put there later"
        )
    if not found:
        raise IncompleteRunError(
            f"{path}: not sealed, there is no {STATEMENT} at its top; seal it with: clinigate seal"
        )
    return found[0]
