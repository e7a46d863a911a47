"""CG-HIPAA-FACILITIES-001 — records of another facility. 45 CFR 164.308(a)(4)(ii)(B).

A synthetic patient is written for each facility. Each role that works at one reads and searches for
all of them: its own facility's must be found, which shows that the request is right, and of the
others' nothing may be.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack

from clinigate.config.hipaa import RoleTable
from clinigate.config.hipaa_call import CallTable
from clinigate.core.observation import Observation
from clinigate.hipaa.actors import filled
from clinigate.hipaa.named import Named
from clinigate.hipaa.premises import Premises
from clinigate.hipaa.probes.access.asking import Asker, says_why_not
from clinigate.hipaa.probes.access.crowd import Crowd
from clinigate.hipaa.probes.access.showing import shown_of
from clinigate.hipaa.synthetic import Written, patients_table, written
from clinigate.hipaa.tally import Tally, gap

__all__ = ["facility_matrix"]

_FOUND_BY = "mrn"


def facility_matrix(named: Named, premises: Premises) -> Iterator[Observation]:
    """Look for the patients of each facility as those who work at each."""
    table = patients_table(premises)
    assert premises.service is not None
    if len(table.facilities) < 2:
        yield gap(named, "needs two facilities; name them in [hipaa.patients] facilities")
        return
    tally = Tally(named)
    asker, crowd = Asker(tally, premises.service), Crowd(tally, premises)
    if table.search is None:
        tally.cannot("a search; give [hipaa.patients] search")
    with ExitStack() as stack:
        patients = {
            each: stack.enter_context(written(premises, tally, facility=each))[0]
            for each in table.facilities
        }
        for name, role in crowd.roles():
            if role.facility is None or role.patient is not None:
                continue
            headers = crowd.headers(name)
            if headers is None:
                continue
            if role.facility not in patients:
                tally.cannot(f"the role {name}; add its facility to [hipaa.patients] facilities")
                continue
            _look(asker, patients, role=role, who=f"the role {name}", headers=headers,
                  calls=(table.read, table.search))  # fmt: skip
    yield from tally.observations()


def _look(
    asker: Asker,
    patients: Mapping[str, Written],
    *,
    role: RoleTable,
    who: str,
    headers: Mapping[str, str],
    calls: tuple[CallTable | None, ...],
) -> None:
    tally = asker.tally
    home = patients[role.facility or ""]
    for each in calls:
        if each is None:
            continue
        own = asker.ask(filled(each, home.values), headers)
        if own is None:
            continue
        where = f"{each.method} {each.path.partition('?')[0]}"
        if own.refused:
            tally.remarks.append(f"{where} as {who}: not tried, it is refused at its own facility")
            continue
        if not own.served or home.id.encode() not in own.content:
            tally.cannot(f"{where} as {who}: it does not show the patient of its own facility")
            continue
        for facility, other in patients.items():
            if other is not home:
                _other(asker, each, other, headers=headers, who=who, facility=facility)


def _other(
    asker: Asker,
    each: CallTable,
    other: Written,
    *,
    headers: Mapping[str, str],
    who: str,
    facility: str,
) -> None:
    answer = asker.ask(filled(each, other.values), headers)
    if answer is None:
        return
    where = f"{each.method} {each.path.partition('?')[0]}"
    # What was asked for may be repeated; what it finds may not be told.
    shown = [name for name in shown_of(answer, other.patient) if name != _FOUND_BY]
    serves_it = answer.served and other.id.encode() in answer.content
    if shown or serves_it:
        tell = f"shows {who} a patient of the facility {facility}"
        asker.tally.expect(False, where, tell)
    elif answer.served or answer.refused or answer.status in (404, 410):
        asker.tally.expect(True, where, "")
    else:
        asker.tally.cannot(f"{where} as {who}: {says_why_not(answer)}")
