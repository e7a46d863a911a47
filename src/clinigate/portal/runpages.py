"""The pages of one run: how it stands now, and its report."""

from __future__ import annotations

from pathlib import Path

from clinigate.errors import ClinigateError
from clinigate.evidence.names import in_sealed_set
from clinigate.evidence.report import LevelStatus
from clinigate.evidence.times import timestamp
from clinigate.pipeline.people import People, people_beside
from clinigate.portal.due import due_rows
from clinigate.portal.examinations import look
from clinigate.portal.files import is_text
from clinigate.portal.logview import records_of
from clinigate.portal.looking import Looking
from clinigate.portal.rows import Standing, run_line
from clinigate.portal.views import DueRow, FileRow, RunView
from clinigate.reports.sealed import LevelFact

__all__ = ["MAX_FILES", "run_view"]

#: Files of a run that are listed; all of them are in its zip.
MAX_FILES = 500

_HOLDS = {LevelStatus.OK: True, LevelStatus.FAILED: False, LevelStatus.NOT_ASSESSED: None}


def run_view(looking: Looking, standing: Standing) -> RunView:
    """Verify a run's bundle now, and return what its page says."""
    records = records_of(looking.snapshot, standing.run)
    folder = looking.shelf.directory(standing.run)
    if folder is None:
        return RunView(run_line(standing, None), records=records)
    examined, found = look(folder, looking.keys)
    line = run_line(standing, found)
    if examined is None:
        return RunView(line, records=records)
    return RunView(
        line,
        levels=tuple(
            LevelFact(each.level, each.level.claim, _HOLDS[each.status], "; ".join(each.sentences))
            for each in examined.report.levels
        ),
        keys=tuple(signature.keyid for signature in examined.bundle.envelope.signatures),
        statement=examined.bundle.statement_digest,
        records=records,
        notes=_notes(looking, folder),
        files=tuple(_file(folder, name) for name in examined.bundle.names[:MAX_FILES]),
        more=max(0, len(examined.bundle.names) - MAX_FILES),
        verified_at=timestamp(looking.now),
        report=line.outcome is not None,
    )


def _notes(looking: Looking, folder: Path) -> tuple[DueRow, ...]:
    """What people signed of this run; what stands for the system is on a page of its own."""
    try:
        people = people_beside([folder], looking.keys.trust)
    except ClinigateError:
        return ()  # the ledger is broken, and every page says so
    own = People(tuple(each for each in people.found if each.run is not None))
    return tuple(due_rows(own, now=looking.now, soon=looking.soon))


def _file(folder: Path, name: str) -> FileRow:
    try:
        size = (folder / name).lstat().st_size
    except FileNotFoundError:  # taken away while it was verified
        size = 0
    return FileRow(name, size, in_sealed_set(name), is_text(name))
