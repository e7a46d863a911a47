"""CG-HIPAA-DRILL-002 — a backup that cannot be restored, or restores something else.

45 CFR 164.308(a)(7)(ii)(B) and (D); 21 CFR 11.10(c). A backup is restored by the service's own
program into a store that is empty, and each table there is held against that of the source: its
columns, the number of its rows and one digest of all of them. Limits: whether the service starts
on it is not tried, and keys that lie elsewhere are not asked for. A source that is written to
meanwhile cannot be compared, which is told.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from clinigate.errors import ConfigError, TargetError
from clinigate.hipaa.drills.tables import Table
from clinigate.hipaa.probe import Named
from clinigate.hipaa.programs import run_program
from clinigate.hipaa.tally import Tally

__all__ = ["BACKUP", "INTO", "Compared", "Restored", "Steps", "restore"]

BACKUP, INTO = "CLINIGATE_DRILL_BACKUP", "CLINIGATE_DRILL_INTO"
"""Variables that the programs find the backup and the empty store in."""

_LONGEST_S = 3600.0
Read = Callable[[], Mapping[str, Table]]


@dataclass(frozen=True, slots=True)
class Steps:
    """What the drill does, and where.

    Attributes:
        source, target: what the tables of the source and of the empty store are, whenever asked.
        backup: the file or folder of the backup; `make` writes it, where that is given.
        into: the empty store, as the restore program takes it: a path, or an address.
        restore: the program with its words, `{backup}` and `{into}` among them.
        make: the program that makes a backup at `{backup}`; None takes the one that is there.
        most_s: how long the restore may take; None sets no limit.
        skipped: tables that every request writes to, as an audit log: not compared.
    """

    source: Read
    target: Read
    backup: Path
    into: str
    restore: Sequence[str]
    make: Sequence[str] | None = None
    most_s: float | None = None
    skipped: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Compared:
    """One table at both ends; None where there is none of that name."""

    name: str
    source: Table | None
    restored: Table | None

    @property
    def equal(self) -> bool:
        """Whether columns and rows are the same."""
        return self.source == self.restored


@dataclass(frozen=True, slots=True)
class Restored:
    """What came of it. `seconds`: the restore alone; `backup`: its name."""

    tally: Tally
    tables: tuple[Compared, ...]
    seconds: float
    backup: str

    @property
    def agrees(self) -> bool:
        """Whether everything came back, and was compared."""
        return bool(self.tables) and not self.tally.broken and not self.tally.untried


def restore(named: Named, steps: Steps, *, environ: Mapping[str, str], cwd: Path) -> Restored:
    """Restore the backup and compare.

    Raises:
        ConfigError: a program is missing, or the store to restore into is not empty.
        TargetError: a program fails, or a store cannot be read.
    """
    tally = Tally(named)
    variables = {**environ, BACKUP: str(steps.backup), INTO: steps.into}
    # 1. What is at the source; nothing may be where it is restored to.
    before = steps.source()
    unknown = sorted(steps.skipped - before.keys())
    if unknown:
        raise ConfigError(f"--skip {unknown[0]}: the source has no such table")
    if not before.keys() - steps.skipped:
        raise ConfigError("the source has no table to compare")
    if steps.target():
        raise ConfigError("the store to restore into has tables already; give an empty one")
    # 2. The backup, and the restore.
    if steps.make is not None:
        _carry_out("make", steps.make, steps, variables, cwd)
    if not steps.backup.exists():
        raise TargetError(f"{steps.backup.name}: there is no such backup")
    began = time.monotonic()
    _carry_out("restore", steps.restore, steps, variables, cwd)
    seconds = time.monotonic() - began
    # 3. Table by table; a source that changed meanwhile shows nothing.
    restored, after = steps.target(), steps.source()
    names = sorted((before.keys() | restored.keys()) - steps.skipped)
    tables = tuple(Compared(name, before.get(name), restored.get(name)) for name in names)
    tally.remarks += [f"not compared: {name}" for name in sorted(steps.skipped)]
    if not any(each.source is not None and each.source.rows for each in tables):
        tally.cannot("a row; the source has none, and an empty store is like any other")
    for each in tables:
        if before.get(each.name) != after.get(each.name):
            tally.cannot(f"{each.name}: written to meanwhile; let nobody write during the drill")
        else:
            tally.expect(each.equal, each.name, "; ".join(_differences(each)))
    if steps.most_s is not None:
        message = f"the restore took {seconds:.1f} s; {steps.most_s:g} s are allowed"
        tally.expect(seconds <= steps.most_s, "time to recover", message)
    return Restored(tally, tables, seconds, steps.backup.name)


def _differences(each: Compared) -> Iterator[str]:
    if each.restored is None:
        yield "the table is not in what was restored"
    elif each.source is None:
        yield "the table is in what was restored, and not at the source"
    elif each.source.rows != each.restored.rows:
        yield f"{each.restored.rows} rows were restored; the source has {each.source.rows}"
    else:
        yield "as many rows, and other ones: their digests differ"


def _carry_out(
    what: str, words: Sequence[str], steps: Steps, environ: Mapping[str, str], cwd: Path
) -> None:
    filled = [
        word.replace("{backup}", str(steps.backup)).replace("{into}", steps.into) for word in words
    ]
    done = run_program(filled, f"--{what}", cwd=cwd, environ=environ, longest_s=_LONGEST_S)
    if done is None:
        raise TargetError(f"--{what}: {filled[0]} did not end within an hour")
    if done.returncode != 0:
        # Its words may hold what it restores: they are not repeated.
        raise TargetError(f"--{what}: {filled[0]} ended with {done.returncode}")
