"""Synthetic patients: told to the service, and looked for where they must not be."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from clinigate.errors import TargetError
from clinigate.hipaa.service import Answer, Request, Service
from clinigate.phi.canaries import Patient, make_patients
from clinigate.phi.canary_search import CanaryHit, CanarySearch

__all__ = ["digests", "hits_in", "patients_for", "sizes", "tell", "words_of"]

_CHUNK = 4 * 2**20
#: Longer than any form of any value, so that none is lost between two chunks.
_OVERLAP = 4096
_HOW_MANY = 3


def patients_for(purpose: str, seed: int) -> tuple[Patient, ...]:
    """Return the patients of one check: never those of another, nor of another seed."""
    mixed = hashlib.sha256(f"{purpose}/{seed}".encode()).digest()
    return make_patients(int.from_bytes(mixed[:6], "big"), _HOW_MANY)


def words_of(patient: Patient) -> str:
    """Return what the patient says: every value that is looked for, and no crisis."""
    told = "; ".join(f"{name.replace('_', ' ')} {value}" for name, value in patient.values.items())
    return f"Good morning. Please keep my record up to date: {told}. The weather is fine today."


def tell(service: Service, patient: Patient) -> Answer:
    """Let a patient speak to the service.

    Raises:
        TargetError: the service does not serve it.
    """
    request = service.saying(words_of(patient), service.capabilities[0])
    return served(service, request)


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


def digests(files: Iterable[Path]) -> dict[Path, str]:
    """Return what files hold, as digests: to tell whether something was written at all."""
    found = {}
    for path in files:
        digest = hashlib.sha256()
        for chunk in _chunks(path, 0):
            digest.update(chunk)
        found[path] = digest.hexdigest()
    return found


def sizes(files: Iterable[Path]) -> dict[Path, int]:
    """Return the size of each file."""
    return {path: path.stat().st_size for path in files}


def hits_in(search: CanarySearch, path: Path, *, start: int = 0) -> list[CanaryHit]:
    """Find canaries in a file of any size from an offset on; places are those in their chunk."""
    found: list[CanaryHit] = []
    before = b""
    for chunk in _chunks(path, start):
        found += search.search(before + chunk)
        before = chunk[-_OVERLAP:]
    return found


def _chunks(path: Path, start: int) -> Iterator[bytes]:
    with path.open("rb") as file:
        file.seek(start)
        while chunk := file.read(_CHUNK):
            yield chunk
