"""CG-HIPAA-BACKUP-PLAN-001 — backups that are old, or are no exact copies. 45 CFR
164.308(a)(7)(ii)(A).

The newest backup of the schedule must not be older than the recovery point objective. A backup is
then made, restored into an empty place, and each table of it must hold as many rows as the store,
and the same. Limits: a table that changes while the backup is made is counted, not compared.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from clinigate.config.hipaa_records import BackupTable
from clinigate.core.observation import Observation
from clinigate.errors import ConfigError
from clinigate.hipaa.named import Named
from clinigate.hipaa.premises import Premises
from clinigate.hipaa.probes.records.backups import files_of, made
from clinigate.hipaa.probes.records.store import linked, linked_to
from clinigate.hipaa.probes.records.tables import Held, held_by
from clinigate.hipaa.synthetic import written
from clinigate.hipaa.tally import Tally, gap
from clinigate.targets.credentials import read_variable

__all__ = ["backup_plan"]

_FIELD = "[hipaa.records.backup]"
#: Clocks of two machines differ so much at most.
_SKEW_S = 300.0
_Holding = Mapping[str, Held]


def backup_plan(named: Named, premises: Premises) -> Iterator[Observation]:
    """Look how old the newest backup is, and restore one."""
    table = premises.table.records.backup
    if not table.places:
        yield gap(named, f"name in {_FIELD} places where backups lie")
        return
    tally = Tally(named)
    _age(tally, premises, table)
    if not table.restore or (table.make is None and not table.make_command):
        tally.cannot(f"a restore; give {_FIELD} restore, and make or make_command")
    elif premises.table.records.store is None:
        tally.cannot("a restore; give [hipaa.records.store], which the backup is compared with")
    else:
        with written(premises, tally):
            _copy(tally, premises, table)
    yield from tally.observations()


def _age(tally: Tally, premises: Premises, table: BackupTable) -> None:
    files = files_of(premises, table.scheduled or table.places)
    times = [path.stat().st_mtime for path in files if path.stat().st_size]
    if not times:
        tally.expect(False, "schedule", "no backup lies where the schedule makes them")
        return
    age = time.time() - max(times)
    if age < -_SKEW_S:
        tally.cannot(f"{_FIELD} scheduled; a backup is dated ahead; do the clocks agree?")
        return
    message = f"the newest backup is {age:.0f} s old; {table.rpo_s:.0f} s are the most"
    tally.expect(age <= table.rpo_s, "schedule", message)


def _copy(tally: Tally, premises: Premises, table: BackupTable) -> None:
    with linked(premises) as link:
        before = held_by(link, passing=table.passing)
        new = made(premises, table)
        after = held_by(link, passing=table.passing)
    if not new:
        tally.cannot(f"a restore; no backup appears in {_FIELD} places when one is asked for")
        return
    newest = max(new, key=lambda path: path.stat().st_mtime)
    restored = _restored(premises, table, newest)
    if restored is None:
        tally.expect(False, newest.name, "the backup cannot be restored; its program fails")
        return
    for name in before:
        _expect_same(tally, name, (before[name], after.get(name, before[name])), restored)


def _expect_same(tally: Tally, name: str, source: tuple[Held, Held], restored: _Holding) -> None:
    """Compare one table with the store as it was before and after the backup."""
    found = restored.get(name)
    if found is None:
        tally.expect(False, name, "the backup lacks the table")
        return
    if found in source or source[0] == source[1]:
        message = f"restored with {found.rows} rows of {source[0].rows}"
        if found.rows == source[0].rows:
            message = "restored with other content than the store has"
        tally.expect(found in source, name, message)
        return
    low, high = sorted(each.rows for each in source)
    tally.expect(low <= found.rows <= high, name, f"restored with {found.rows} rows")
    tally.remarks.append(f"{name} changed while the backup was made; its rows are counted alone")


def _restored(premises: Premises, table: BackupTable, backup: Path) -> _Holding | None:
    with tempfile.TemporaryDirectory(prefix="clinigate-restore-") as folder:
        into = Path(folder) / "restored.db"
        words = [
            word.replace("{backup}", str(backup)).replace("{into}", str(into))
            for word in table.restore
        ]
        if premises.ask_verifier(premises, words) != 0:
            return None
        place: Path | str = into
        field = f"{_FIELD} restore"
        if table.into_dsn_env is not None:
            field = f"{_FIELD} into_dsn_env"
            place = read_variable(table.into_dsn_env, field, premises.environ)
        elif not into.is_file():
            raise ConfigError(f"{field}: the program leaves no file at {{into}}; mend it")
        with linked_to(place, field) as link:
            return held_by(link, passing=table.passing)
