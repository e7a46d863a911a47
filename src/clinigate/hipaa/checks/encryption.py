"""CG-HIPAA-ENCRYPTION-001 — PHI in clear in the store. 45 CFR 164.312(a)(2)(iv).

Synthetic patients speak to every capability of the service; then the raw bytes of its store,
write-ahead logs too, are searched for every value of theirs in every form: plain, UTF-16, base64,
hexadecimal, URL, JSON, and within what gzip or zlib has packed. Of a PostgreSQL server the rows are
searched, as it tells them to who may read. A store that has not changed by then is the wrong one,
and shows nothing. Limits: what is packed otherwise hides what is in it, and what lies in memory or
elsewhere is not seen.
"""

from __future__ import annotations

from collections.abc import Iterator

from clinigate.core.observation import Observation
from clinigate.hipaa.named import Named
from clinigate.hipaa.planting import judge, patients_for, settled, tell
from clinigate.hipaa.premises import NO_SERVICE, Premises
from clinigate.hipaa.stores import digests, hits_in, stores_of
from clinigate.hipaa.tally import Tally, gap
from clinigate.phi.canary_search import CanarySearch

__all__ = ["phi_encryption"]


def phi_encryption(named: Named, premises: Premises) -> Iterator[Observation]:
    """Write synthetic patients through the API, and look for them in the store."""
    service, table = premises.service, premises.table
    if service is None or not (table.stores or table.store_dsn_env):
        reason = "name the store's files in [hipaa] stores, or its server in store_dsn_env"
        yield gap(named, NO_SERVICE if service is None else reason)
        return
    patients = patients_for(named.name, premises.seed)
    before = digests(stores_of(premises))
    for patient in patients:
        tell(service, patient)
    tally = Tally(named)
    if not settled(premises.table.patience_s, lambda: digests(stores_of(premises)), before):
        tally.cannot(
            "the store of [hipaa] did not change while patients spoke; name the one that the "
            "service writes to"
        )
    search = CanarySearch(patients)
    found = {
        (hit.patient, hit.field): (store.name, hit.form)
        for store in stores_of(premises)
        for hit in hits_in(search, store.chunks(), tally.cannot)
    }
    judge(tally, patients, found, otherwise="store")
    yield from tally.observations()
