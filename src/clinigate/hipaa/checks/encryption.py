"""CG-HIPAA-ENCRYPTION-001 — PHI in clear in the store. 45 CFR 164.312(a)(2)(iv).

Synthetic patients speak to the service; then the raw bytes of its store, write-ahead logs too, are
searched for every value of theirs in every form: plain, base64, hexadecimal, URL, JSON. A store
that has not changed by then is the wrong one, and shows nothing. Limits: compressed pages hide what
is in them, and what lies in memory or elsewhere is not seen.
"""

from __future__ import annotations

from collections.abc import Iterator

from clinigate.core.observation import Observation
from clinigate.hipaa.named import Named
from clinigate.hipaa.planting import digests, hits_in, patients_for, tell
from clinigate.hipaa.premises import NO_SERVICE, Premises, files_under
from clinigate.hipaa.tally import Tally, gap
from clinigate.phi.canary_search import CanarySearch

__all__ = ["phi_encryption"]


def phi_encryption(named: Named, premises: Premises) -> Iterator[Observation]:
    """Write synthetic patients through the API, and look for them in the store."""
    service, stores = premises.service, premises.table.stores
    if service is None or not stores:
        yield gap(
            named, NO_SERVICE if service is None else "name the store's files in [hipaa] stores"
        )
        return
    patients = patients_for(named.name, premises.seed)
    before = digests(files_under(premises, stores, "stores"))
    for patient in patients:
        tell(service, patient)
    files = files_under(premises, stores, "stores")
    tally = Tally(named)
    if digests(files) == before:
        tally.cannot(
            "the files of [hipaa] stores did not change while patients spoke; name those that the "
            "service writes to"
        )
    search = CanarySearch(patients)
    found = {
        (hit.patient, hit.field): (path, hit) for path in files for hit in hits_in(search, path)
    }
    for patient in patients:
        for field in patient.values:
            place, hit = found.get((patient.id, field), (None, None))
            where = "store" if place is None else place.name
            form = "" if hit is None else hit.form
            tally.expect(hit is None, where, f"holds the {field} of {patient.id} in {form} form")
    yield from tally.observations()
