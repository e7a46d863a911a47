"""The pages of one run: how it stands now, and its report."""

from __future__ import annotations

from pathlib import Path

from clinigate.evidence.names import in_sealed_set
from clinigate.evidence.report import LevelStatus
from clinigate.evidence.times import timestamp
from clinigate.portal.due import due_rows, record_files
from clinigate.portal.examinations import look
from clinigate.portal.files import is_text
from clinigate.portal.logview import records_of
from clinigate.portal.looking import Looking
from clinigate.portal.rows import Standing, run_line
from clinigate.portal.views import FileRow, RunView
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
        notes=tuple(
            due_rows(
                (
                    p
                    for p in record_files(looking.shelf.root, [standing.run])
                    if folder in p.parents
                ),
                looking.keys.trust,
                root=looking.shelf.root,
                now=looking.now,
                soon=looking.soon,
            )
        ),
        files=tuple(_file(folder, name) for name in examined.bundle.names[:MAX_FILES]),
        more=max(0, len(examined.bundle.names) - MAX_FILES),
        verified_at=timestamp(looking.now),
        report=line.outcome is not None,
    )


def _file(folder: Path, name: str) -> FileRow:
    try:
        size = (folder / name).lstat().st_size
    except FileNotFoundError:  # taken away while it was verified
        size = 0
    return FileRow(name, size, in_sealed_set(name), is_text(name))
