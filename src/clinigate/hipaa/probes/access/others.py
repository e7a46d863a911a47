"""CG-HIPAA-IDOR-001 — records of others, reached by their id. 45 CFR 164.308(a)(4)(ii)(B).

A synthetic patient is written. Every operation of the OpenAPI document that names a patient is then
asked with their id: by each role that is a patient itself, and by each that works at another
facility and has the operation's scopes. It must be refused, or answer that there is none; nothing
of the patient may stand in body or headers; and to another patient the answer must be the one that
an id gets which nobody has, in status and in size.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

from clinigate.config.hipaa import RoleTable
from clinigate.core.observation import Observation
from clinigate.errors import TargetError
from clinigate.hipaa.interface import Operation, guarded
from clinigate.hipaa.named import Named
from clinigate.hipaa.premises import Premises
from clinigate.hipaa.probes.access.asking import Asker, says_why_not
from clinigate.hipaa.probes.access.crowd import Crowd
from clinigate.hipaa.probes.access.showing import shown_of
from clinigate.hipaa.synthetic import Written, written
from clinigate.hipaa.tally import Tally
from clinigate.targets.service import Answer

__all__ = ["idor"]

_ORDER = ("GET", "POST", "PATCH", "PUT", "DELETE")
_GONE = (404, 410)


@dataclass(frozen=True, slots=True)
class _Door:
    """An operation, and its parameters that hold a patient's id."""

    operation: Operation
    names: tuple[str, ...]


def idor(named: Named, premises: Premises) -> Iterator[Observation]:
    """Ask for a patient as others."""
    assert premises.service is not None
    tally = Tally(named)
    asker, crowd = Asker(tally, premises.service), Crowd(tally, premises)
    doors = list(_doors(premises))
    if not doors:
        tally.cannot(
            "an operation that names a patient; name the parameter in [hipaa.access] "
            "patient_parameters"
        )
    with written(premises, tally) as (one,):
        # What changes a record is not asked as somebody who may.
        seen = [each for each in doors if _is_there(asker, each, one)]
        for name, role in crowd.roles():
            if not _is_other(role, one):
                continue
            for door in doors:
                headers = crowd.headers(name)
                if headers is None:
                    break
                who = f"the role {name}"
                _ask(asker, door, one, role=role, headers=headers, who=who, seen=door in seen)
    if doors and not tally.tried:
        tally.cannot("somebody else; give a role of [hipaa.roles] patient or another facility")
    yield from tally.observations()


def _doors(premises: Premises) -> Iterator[_Door]:
    named = premises.table.access.patient_parameters
    # What removes the patient comes last: the others need them there.
    for each in sorted(guarded(premises), key=lambda one: _ORDER.index(one.request.method)):
        if names := tuple(_of_patients(each, named)):
            yield _Door(each, names)


def _of_patients(operation: Operation, named: list[str]) -> Iterator[str]:
    steps = operation.template.split("/")
    after = {step: before.lower() for before, step in pairwise(steps)}
    for each in operation.parameters:
        if each.place not in ("path", "query"):
            continue
        is_after = after.get(f"{{{each.name}}}") in ("patient", "patients")
        if each.name in named or is_after:
            yield each.name


def _is_other(role: RoleTable, one: Written) -> bool:
    if role.patient is not None:
        return True
    return bool(one.facility) and role.facility not in (None, one.facility)


def _ask(
    asker: Asker,
    door: _Door,
    one: Written,
    *,
    role: RoleTable,
    headers: Mapping[str, str],
    who: str,
    seen: bool,
) -> None:
    operation, tally = door.operation, asker.tally
    if role.patient is None and not operation.scopes <= set(role.scopes):
        return  # it is the role matrix's
    request = operation.about(dict.fromkeys(door.names, one.id))
    answer = asker.ask(request, headers)
    if answer is None:
        return
    where = str(operation.request.method) + " " + operation.template
    shown = shown_of(answer, one.patient)
    by_id = any(each.name in door.names for each in operation.in_path)
    if shown:
        tally.expect(False, where, f"shows {who} the {' and '.join(shown)} of somebody else")
    elif answer.status in _GONE and not seen:
        tally.cannot(f"{where} as {who}: it answers {answer.status}, as to the target itself")
    elif answer.refused or answer.status in _GONE or (answer.served and not by_id):
        tally.expect(True, where, "")
    elif answer.served:
        tally.expect(False, where, f"serves {who} about somebody else")
    else:
        tally.cannot(f"{where} as {who}: {says_why_not(answer)}")
    if role.patient is not None and request.method == "GET" and by_id and not answer.served:
        nobody = asker.ask(operation.request, headers)
        if nobody is not None:
            alike = _outside(answer, one.id) == _outside(nobody, "clinigate-probe")
            tally.expect(alike, where, f"tells {who} that there is such a patient")


def _is_there(asker: Asker, door: _Door, one: Written) -> bool:
    """Whether there is something at a door, so that 404 to others is a refusal.

    Of one that writes it is not known, and is taken for granted.
    """
    request = door.operation.about(dict.fromkeys(door.names, one.id))
    if request.method != "GET":
        return True
    try:
        answer = asker.service.send(request)
    except TargetError:
        return True  # whoever asks there next is told of it
    return answer.status not in _GONE


def _outside(answer: Answer, patient: str) -> tuple[int, int]:
    """Status and size of an answer, without the id that it may repeat."""
    return answer.status, len(answer.content.replace(patient.encode(), b""))
