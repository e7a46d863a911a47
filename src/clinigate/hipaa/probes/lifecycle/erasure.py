"""CG-HIPAA-ERASURE-001 — what stays of somebody who was erased. 45 CFR 164.310(d)(2)(i), Art. 17.

Two synthetic patients are written, with entries. The first is held: erasing them must be refused
with the reason. Then the hold ends and they are erased. No request that told of them may tell of
them any more, and no store, log, cache or export may hold a value of theirs, in whatever form; the
second must still be there. Limits: what lies encrypted is not seen by the search of files.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from clinigate.config.hipaa_call import CallTable
from clinigate.config.hipaa_lifecycle import ErasureTable
from clinigate.core.observation import Observation
from clinigate.hipaa.actors import call, told
from clinigate.hipaa.named import Named
from clinigate.hipaa.premises import Premises, files_under
from clinigate.hipaa.probes.lifecycle.record import (
    Record,
    did,
    known,
    missing,
    planted,
    records,
    search_for,
    telling,
)
from clinigate.hipaa.stores import Store, chunks_of, hits_in, stores_of
from clinigate.hipaa.synthetic import patients_table
from clinigate.hipaa.tally import Tally, gap
from clinigate.phi.canary_search import CanarySearch
from clinigate.phi.leaks.stores import tables_at
from clinigate.targets.credentials import read_variable

__all__ = ["erasure"]

_PAUSE_S = 0.05
_GONE = (404, 410)
_UNASKED = (401, 429)
_Tells = Callable[[CallTable], bool | None]
_REFUSALS = (400, 403, 409, 422, 423, 451)


def erasure(named: Named, premises: Premises) -> Iterator[Observation]:
    """Erase a patient, and look where they may have stayed."""
    table = premises.table.lifecycle.erasure
    if table is None:
        yield gap(named, missing("erasure"))
        return
    tally = Tally(named)
    with telling(tally), records(premises, tally, how_many=2) as (one, other):
        search = search_for(known(premises, one))
        tells = partial(_tells, premises, one, search)
        finds = _telling(tally, (patients_table(premises).read, *table.finds), tells)
        _held(tally, premises, table, one)
        did(premises, table.erase, one.values)
        _asked(tally, premises, finds, tells)
        _others(tally, premises, other)
        _searched(tally, _places(premises, table), search, list(known(premises, one)))
    yield from tally.observations()


def _telling(tally: Tally, calls: Sequence[CallTable], tells: _Tells) -> list[CallTable]:
    """Return the requests that tell of somebody, as long as they are there."""
    found = []
    for each in calls:
        if tells(each):
            found.append(each)
        else:
            tally.cannot(
                f"{each.method} {each.path}: it tells nothing of a patient who is there; mend "
                "[hipaa.lifecycle.erasure] finds"
            )
    return found


def _held(tally: Tally, premises: Premises, table: ErasureTable, one: Record) -> None:
    if table.hold is None or table.release is None:
        tally.remarks.append(
            "a legal hold was not tried; [hipaa.lifecycle.erasure] hold and release"
        )
        return
    reason = planted("reason")
    did(premises, table.hold, {**one.values, "reason": reason})
    answer = call(premises, table.erase, one.values)
    if answer.served or answer.status in _REFUSALS:
        tally.expect(not answer.served, "a hold", "somebody who is held is erased")
        said = told(answer, table.refusal)
        is_said = isinstance(said, str) and bool(said.strip())
        tally.expect(is_said or answer.served, "a hold", "erasing is refused without a reason")
    else:
        tally.cannot(f"a hold: erasing answers {answer.status}")
    did(premises, table.release, one.values)


def _asked(tally: Tally, premises: Premises, finds: Sequence[CallTable], tells: _Tells) -> None:
    """Ask what told of somebody, until it does not or the service has had its time."""
    until = time.monotonic() + premises.table.patience_s
    said = {at: tells(each) for at, each in enumerate(finds)}
    while any(said.values()) and time.monotonic() < until:
        time.sleep(_PAUSE_S)
        said = {at: tells(each) for at, each in enumerate(finds)}
    for at, each in enumerate(finds):
        where = f"{each.method} {each.path}"
        if said[at] is None:
            tally.cannot(f"{where}: it answers 401, 429, 500 or the like, which tells of nobody")
        else:
            tally.expect(not said[at], where, "tells of somebody who was erased")


def _others(tally: Tally, premises: Premises, other: Record) -> None:
    """Look whether somebody who was not erased is still there."""
    answer = call(premises, patients_table(premises).read, other.values)
    if answer.served or answer.status in _GONE:
        tally.expect(answer.served, "others", "somebody else was erased too")
    else:
        tally.cannot(f"others: reading somebody else answers {answer.status}")


def _tells(premises: Premises, one: Record, search: CanarySearch, table: CallTable) -> bool | None:
    """Say whether a request tells of somebody; None where it fails."""
    answer = call(premises, table, one.values)
    if answer.status >= 500 or answer.status in _UNASKED:
        return None
    return answer.served and bool(search.search(answer.content))


def _searched(
    tally: Tally, places: Sequence[Store], search: CanarySearch, names: Sequence[str]
) -> None:
    """Search everything that is kept for what was known of somebody."""
    if not places:
        tally.cannot("files; give [hipaa] stores and [hipaa.lifecycle.erasure] places")
    for place in places:
        found = {hit.field for hit in hits_in(search, place.chunks(), tally.cannot)}
        for name in names:
            message = f"holds the {name} of somebody who was erased"
            tally.expect(name not in found, place.name, message)


def _places(premises: Premises, table: ErasureTable) -> list[Store]:
    """Return what is searched: stores, logs, and the places where copies may lie."""
    # Files of one name may lie in several folders.
    found = {f"{number} {each.name}": each for number, each in enumerate(stores_of(premises))}
    records = premises.table.records.store
    if records is not None and records.dsn_env is not None:
        field = "[hipaa.records.store] dsn_env"
        dsn = read_variable(records.dsn_env, field, premises.environ)
        known = {each.name for each in found.values()}
        found |= {each.name: each for each in tables_at(dsn, field) if each.name not in known}
    in_file = [] if records is None or records.sqlite is None else [records.sqlite]
    for names, field in (
        (in_file, "records.store.sqlite"),
        (premises.table.logs, "logs"),
        (table.places, "lifecycle.erasure.places"),
    ):
        for path in files_under(premises, names, field):
            found[str(path)] = Store(path.name, lambda path=path: chunks_of(path))  # type: ignore[misc]
    return list(found.values())
