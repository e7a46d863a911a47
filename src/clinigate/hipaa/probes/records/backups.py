"""CG-HIPAA-BACKUP-ENCRYPTION-001 — backups in clear. 45 CFR 164.312(a)(2)(iv).

Synthetic patients are written and a backup is asked for; what appears in the places of backups is
searched for every value of theirs in every form, also within what gzip, zlib or zstd has packed.
Limits: what is packed otherwise hides what is in it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from clinigate.config.hipaa_records import BackupTable
from clinigate.core.observation import Observation
from clinigate.errors import ConfigError
from clinigate.hipaa.named import Named
from clinigate.hipaa.planting import judge, settled
from clinigate.hipaa.premises import Premises
from clinigate.hipaa.probes.records.asking import Voices, printed
from clinigate.hipaa.stores import chunks_of, hits_in
from clinigate.hipaa.synthetic import written
from clinigate.hipaa.tally import Tally, gap
from clinigate.phi.canary_search import CanarySearch
from clinigate.phi.leaks.stores import files_under

__all__ = ["backup_encryption", "files_of", "made"]

_FIELD = "[hipaa.records.backup]"
_HOW_MANY = 3
#: How files begin that are packed in ways that are not searched, by what they are.
_PACKED = {b"BZh": "bzip2", b"\xfd7zXZ": "xz", b"7z\xbc\xaf": "7z", b"\x04\x22\x4d\x18": "lz4",
           b"PK\x03\x04": "zip"}  # fmt: skip


def backup_encryption(named: Named, premises: Premises) -> Iterator[Observation]:
    """Have a backup made of synthetic patients, and look for them in it."""
    table = premises.table.records.backup
    if not table.places or (table.make is None and not table.make_command):
        yield gap(named, f"give {_FIELD} places, and make or make_command")
        return
    tally = Tally(named)
    with written(premises, tally, how_many=_HOW_MANY) as people:
        new = made(premises, table)
        if not new:
            tally.cannot(f"the backup; none appears in {_FIELD} places when one is asked for")
        patients = [one.patient for one in people]
        search = CanarySearch(patients)
        found = {}
        for path in new:
            _expect_readable(tally, path)
            for hit in hits_in(search, chunks_of(path), tally.cannot):
                found[hit.patient, hit.field] = (path.name, hit.form)
        if new:
            judge(tally, patients, found, otherwise="backup")
    yield from tally.observations()


def made(premises: Premises, table: BackupTable) -> list[Path]:
    """Have a backup made, and return the files that appeared or changed since.

    Raises:
        ConfigError: a place or a program is missing.
        TargetError: the service does not make one.
    """
    before = _digests(files_of(premises, table.places))
    if table.make is not None:
        Voices(premises).served(table.make, {})
    else:
        printed(premises, table.make_command, f"{_FIELD} make_command")
    settled(premises.table.patience_s, lambda: _digests(files_of(premises, table.places)), before)
    after = _digests(files_of(premises, table.places))
    return [path for path, digest in after.items() if before.get(path) != digest]


def files_of(premises: Premises, places: list[str]) -> tuple[Path, ...]:
    """Return the backups that lie in places of the configuration.

    Raises:
        ConfigError: a place is missing.
    """
    try:
        return files_under(premises.base_dir, places, _FIELD)
    except FileNotFoundError as error:
        raise ConfigError(f"{_FIELD}: {error.filename} went away meanwhile; try again") from None


def _digests(files: tuple[Path, ...]) -> dict[Path, str]:
    found = {}
    for path in files:
        digest = hashlib.sha256()
        try:
            for chunk in chunks_of(path):
                digest.update(chunk)
        except FileNotFoundError:
            # An old backup makes room for a new one.
            continue
        found[path] = digest.hexdigest()
    return found


def _expect_readable(tally: Tally, path: Path) -> None:
    with path.open("rb") as file:
        head = file.read(8)
    for mark, name in _PACKED.items():
        if head.startswith(mark):
            tally.cannot(f"{path.name}; it is packed by {name}, which is not searched")
