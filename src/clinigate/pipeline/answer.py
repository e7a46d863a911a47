"""The answer to an auditor's request: bundles, catalogues and records as they were then.

::

    index.html  index.csv       for each clause: which runs, verdicts, records; gaps are rows
    request.json                what was asked for, and the ledger's head
    bundles/<run>.zip           each verifies by itself: clinigate verify, docs of verifying
    catalogues/<run>.json       the catalogues' digests that the run was held against
    records/                    records of builds and of the system
    SHA256SUMS                  sha256sum -c SHA256SUMS
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import astuple, dataclass, fields
from pathlib import Path

from clinigate.config.loader import LoadedConfig
from clinigate.controls import load_catalogue
from clinigate.core.canonical import canonical_bytes
from clinigate.errors import UsageError
from clinigate.evidence.bundle import export_zip
from clinigate.evidence.files import naming, sync_directory
from clinigate.evidence.history import histories
from clinigate.evidence.ledger import LedgerView, read_ledger
from clinigate.evidence.names import CONTROLS
from clinigate.evidence.packing import write_zip
from clinigate.evidence.runs import RunStore
from clinigate.evidence.sources import DirectorySource, Limits
from clinigate.evidence.times import Clock, system_clock
from clinigate.pipeline.answer_page import page
from clinigate.pipeline.keys import configured_trust
from clinigate.pipeline.request import Request, refuse_unknown
from clinigate.pipeline.request_rows import (
    AnswerRow,
    Spoken,
    answer_rows,
    known_clauses,
    read_standing,
    runs_of,
)
from clinigate.pipeline.stores import lies_within
from clinigate.reports.spreadsheet import table

__all__ = ["Answer", "answer_request"]

_TABLE, _REQUEST = "index.csv", "request.json"


@dataclass(frozen=True, slots=True)
class Answer:
    """What was written: where to, how many runs, how many rows are gaps."""

    place: Path
    runs: int
    gaps: int


def answer_request(
    request: Request,
    place: Path,
    *,
    loaded: LoadedConfig,
    force: bool = False,
    clock: Clock = system_clock,
) -> Answer:
    """Write the answer into a folder, or into one zip where the name ends so.

    The ledger keeps that it was given.

    Raises:
        UsageError: a clause that nobody knows, or something stands there already.
        IntegrityError: the ledger was edited or cut.
        EvidenceError: the disk refuses.
    """
    root = loaded.root
    _refuse_place(place, root, force=force)
    trust = configured_trust(loaded)
    # 1. What the ledger says of the period, each run verified now.
    view = read_ledger(root / "ledger")
    runs = runs_of(root, request, histories(view.chain.records), trust)
    refuse_unknown(request, known_clauses(runs) | {each.id for each in load_catalogue()})
    rows = tuple(answer_rows(request, runs, read_standing(root / "records", trust)))
    # 2. All of it under a scratch name, then under its own.
    with _building(place, force=force) as folder:
        _write_bundles(folder, runs)
        _copy_records(folder, root / "records")
        columns = [field.name for field in fields(AnswerRow)]
        (folder / _TABLE).write_text(table(columns, map(astuple, rows)), "utf-8", newline="")
        (folder / _REQUEST).write_bytes(canonical_bytes(_asked(request, view)))
        (folder / "index.html").write_text(page(request, rows), encoding="utf-8")
        (folder / "SHA256SUMS").write_text(_sums(folder), encoding="utf-8")
    shown = sum(each.bundle is not None for each in runs)
    body = {**_asked(request, view), "runs": [each.history.run for each in runs]}
    RunStore(root).ledger(clock=clock).append("request-answered", run=None, body=body)
    return Answer(place, shown, sum(bool(row.gap) for row in rows))


def _refuse_place(place: Path, root: Path, *, force: bool) -> None:
    """Refuse what would be lost: only an earlier answer makes way, and nothing in the evidence."""
    if lies_within(str(place), root) or root.resolve().is_relative_to(place.resolve()):
        raise UsageError(f"{place}: is where the evidence lies; an answer belongs elsewhere")
    if not place.exists():
        return
    if not force:
        raise UsageError(f"{place}: exists already; give another name, or --force to replace it")
    is_answer = all((place / name).is_file() for name in (_TABLE, _REQUEST))
    if place.is_dir() and not is_answer and any(place.iterdir()):
        raise UsageError(f"{place}: is a folder and no earlier answer; it is not replaced")
    if place.is_dir() == (place.suffix == ".zip"):
        raise UsageError(f"{place}: is not of the kind that would be written; give another name")


@contextmanager
def _building(place: Path, *, force: bool) -> Iterator[Path]:
    folder = place.with_name(f".{place.name}.{os.getpid()}-{os.urandom(4).hex()}.tmp")
    with naming(place, "written"):
        folder.mkdir(parents=True)
        try:
            yield folder
            if place.suffix == ".zip":
                write_zip(DirectorySource(folder, Limits()), place)
                return
            if force and place.is_dir():
                shutil.rmtree(place)
            folder.rename(place)
            sync_directory(place.parent)
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _write_bundles(folder: Path, runs: Sequence[Spoken]) -> None:
    for name in ("bundles", "catalogues"):
        (folder / name).mkdir()
    for each in runs:
        if each.bundle is not None:
            export_zip(each.bundle, folder / "bundles" / f"{each.history.run}.zip")
            lock = folder / "catalogues" / f"{each.history.run}.json"
            lock.write_bytes(each.bundle.read(CONTROLS))


def _copy_records(folder: Path, records: Path) -> None:
    (folder / "records").mkdir()
    for path in sorted(records.glob("*.dsse.json")) if records.is_dir() else ():
        shutil.copyfile(path, folder / "records" / path.name)


def _asked(request: Request, view: LedgerView) -> dict[str, object]:
    return {
        "auditor": request.auditor,
        "clauses": request.clauses,
        "from": request.begin.isoformat(),
        "until": request.until.isoformat(),
        "system": request.system,
        "ledger": {
            "origin": view.chain.origin,
            "size": len(view.chain.leaves),
            "root": view.chain.root().hex(),
        },
    }


def _sums(folder: Path) -> str:
    lines = []
    for path in sorted(each for each in folder.rglob("*") if each.is_file()):
        with path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        lines.append(f"{digest}  {path.relative_to(folder).as_posix()}\n")
    return "".join(lines)
