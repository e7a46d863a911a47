"""Synthetic patients, who speak to the service."""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from clinigate.errors import TargetError
from clinigate.hipaa.tally import Tally
from clinigate.phi.canaries import Patient, make_patients
from clinigate.phi.leaks.sources import words_of
from clinigate.targets.service import Answer, Request, Service

__all__ = [
    "fresh_patient",
    "judge",
    "patients_for",
    "served",
    "settled",
    "sizes",
    "tell",
    "words_of",
]

_HOW_MANY = 3
_PAUSE_S = 0.05


def patients_for(purpose: str, seed: int) -> tuple[Patient, ...]:
    """Return the patients of one check: never those of another, nor of another seed."""
    mixed = hashlib.sha256(f"{purpose}/{seed}".encode()).digest()
    return make_patients(int.from_bytes(mixed[:6], "big"), _HOW_MANY)


def fresh_patient() -> Patient:
    """Return a patient of whom the service cannot have heard, in an earlier run neither."""
    return make_patients(secrets.randbits(48), 1)[0]


def tell(service: Service, patient: Patient) -> None:
    """Let a patient speak to every capability: each may keep what it hears in a place of its own.

    Raises:
        TargetError: the service does not serve it.
    """
    for capability in service.capabilities:
        served(service, service.saying(words_of(patient), capability))


def served(service: Service, request: Request) -> Answer:
    """Send a request that must be served.

    Raises:
        TargetError: it is not.
    """
    answer = service.send(request)
    if not answer.served:
        raise TargetError(
            f"{request}: answers {answer.status} to the target's own credentials; the probe needs "
            "it served"
        )
    return answer


def settled(patience_s: float, look: Callable[[], object], before: object) -> bool:
    """Wait until what is looked at has changed and then rests, for at most so long.

    What is written behind the answers comes in pieces: the first of them is not the last. Return
    whether it has changed.
    """
    until = time.monotonic() + patience_s
    rest = max(_PAUSE_S, patience_s / 4)
    last = look()
    while time.monotonic() < until:
        time.sleep(min(rest, patience_s))
        now = look()
        if now == last != before:
            return True
        last = now
    return last != before


def sizes(files: Iterable[Path]) -> dict[Path, int]:
    """Return the size of each file."""
    return {path: path.stat().st_size for path in files}


def judge(
    tally: Tally,
    patients: Iterable[Patient],
    found: Mapping[tuple[str, str], tuple[str, str]],
    *,
    otherwise: str,
) -> None:
    """Count each value of each patient: found by (patient, field) in (place, form), or not."""
    for patient in patients:
        for field in patient.values:
            where, form = found.get((patient.id, field), (otherwise, ""))
            message = f"holds the {field} of {patient.id} in {form} form"
            tally.expect(not form, where, message)
