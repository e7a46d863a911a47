"""CG-HIPAA-LOGS-001 — PHI in logs. 45 CFR 164.530(c), 164.312(b).

Synthetic patients speak to every capability, with credentials and without, and in a request that is
cut off, because errors are what logs like to quote. Then what was appended to the logs, the audit
log among them, is searched for every value of theirs in every form. Logs in which nothing was
written by then are the wrong ones, and show nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from clinigate.core.observation import Observation
from clinigate.hipaa.named import Named
from clinigate.hipaa.planting import judge, patients_for, served, settled, sizes, words_of
from clinigate.hipaa.premises import NO_SERVICE, Premises, files_under
from clinigate.hipaa.stores import chunks_of, hits_in
from clinigate.hipaa.tally import Tally, gap
from clinigate.phi.canaries import Patient
from clinigate.phi.canary_search import CanarySearch
from clinigate.targets.service import Service

__all__ = ["phi_in_logs"]


def phi_in_logs(named: Named, premises: Premises) -> Iterator[Observation]:
    """Write synthetic patients through the API, and look for them in the logs."""
    service = premises.service
    if service is None or not premises.table.logs:
        yield gap(named, NO_SERVICE if service is None else "name the log files in [hipaa] logs")
        return
    patients = patients_for(named.name, premises.seed)
    before, audit = sizes(_logs(premises)), sizes(_audit(premises))
    numbers = _numbers((*before, *audit))
    _speak(service, patients)
    tally = Tally(named)
    if not settled(premises.table.patience_s, lambda: sizes(_logs(premises)), before):
        tally.cannot(
            "nothing was written to the files of [hipaa] logs while patients spoke; name those "
            "that the service writes to"
        )
    for name in _lost(numbers, {**before, **audit}, (*_logs(premises), *_audit(premises))):
        tally.cannot(
            f"{name} was rotated while patients spoke, and its old part is not among [hipaa] logs; "
            "name the folder that it stays in, or rotate it at another time"
        )
    search = CanarySearch(patients)
    found = {
        (hit.patient, hit.field): (path.name, hit.form)
        for path in (*_logs(premises), *_audit(premises))
        for hit in hits_in(search, chunks_of(path, _start(path, {**before, **audit})), tally.cannot)
    }
    judge(tally, patients, found, otherwise="logs")
    yield from tally.observations()


def _logs(premises: Premises) -> tuple[Path, ...]:
    return files_under(premises, premises.table.logs, "logs")


def _audit(premises: Premises) -> tuple[Path, ...]:
    name = premises.table.audit.file
    return () if name is None else files_under(premises, [name], "audit.file")


def _numbers(files: Iterable[Path]) -> dict[Path, int]:
    """Return what a file keeps when it is renamed."""
    return {path: path.stat().st_ino for path in files}


def _lost(
    before: Mapping[Path, int], lengths: Mapping[Path, int], now: Sequence[Path]
) -> Iterator[str]:
    """Yield the files of which a part is gone: renamed out of sight, or cut."""
    numbers = _numbers(now)
    seen = set(numbers.values())
    for path, number in before.items():
        is_cut = numbers.get(path) == number and path.stat().st_size < lengths[path]
        if number not in seen or is_cut:
            yield path.name


def _start(path: Path, before: dict[Path, int]) -> int:
    """Where the new part begins: at the beginning of a file that was begun again."""
    start = before.get(path, 0)
    return start if path.stat().st_size >= start else 0


def _speak(service: Service, patients: tuple[Patient, ...]) -> None:
    for patient in patients:
        for capability in service.capabilities:
            request = service.saying(words_of(patient), capability)
            served(service, request)
            service.send_as(request)
            cut_off = json.dumps(request.body).encode()[:-2]
            service.send(replace(request, raw=cut_off))
