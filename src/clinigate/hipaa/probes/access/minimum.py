"""CG-HIPAA-MINIMUM-001 — fields that a role is shown and need not see. 45 CFR 164.502(b).

A synthetic patient is read, and searched for, as each role of `[hipaa.access] fields`. The members
of the record must be among those that are declared for the role; and no value of the patient may
stand anywhere in an answer but in such a member. With `[hipaa.access.provider]` the members of what
a model provider is sent are looked at as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from clinigate.core.observation import Observation
from clinigate.errors import ConfigError, TargetError
from clinigate.hipaa.actors import filled, told
from clinigate.hipaa.named import Named
from clinigate.hipaa.premises import Premises
from clinigate.hipaa.probes.access.asking import Asker, says_why_not
from clinigate.hipaa.probes.access.crowd import Crowd
from clinigate.hipaa.probes.access.provided import look_at_provider
from clinigate.hipaa.probes.access.showing import is_among, leaves, shown_of
from clinigate.hipaa.synthetic import Written, patients_table, written
from clinigate.hipaa.tally import Tally, gap

__all__ = ["minimum_necessary"]


def minimum_necessary(named: Named, premises: Premises) -> Iterator[Observation]:
    """Read a patient as each role, and look at what it is shown."""
    fields = premises.table.access.fields
    assert premises.service is not None
    if not fields:
        yield gap(named, "say in [hipaa.access] fields which members of a record each role may see")
        return
    tally = Tally(named)
    crowd = Crowd(tally, premises)
    known = [name for name, _ in crowd.roles()]
    if strangers := sorted(set(fields) - set(known)):
        raise ConfigError(
            f"[hipaa.access] fields: {', '.join(strangers)} is no role that logs in; known are "
            f"{', '.join(known) or 'none'}"
        )
    asker = Asker(tally, premises.service)
    with written(premises, tally) as (one,):
        for name, allowed in fields.items():
            headers = crowd.headers(name)
            if headers is not None:
                _look(asker, premises, one, name=name, headers=headers, allowed=allowed)
    provider = premises.table.access.provider
    if provider is None:
        tally.remarks.append("what a model provider is sent: see [hipaa.access.provider]")
    else:
        try:
            look_at_provider(tally, premises, provider)
        except TargetError as error:
            tally.cannot(str(error))
    yield from tally.observations()


def _look(
    asker: Asker,
    premises: Premises,
    one: Written,
    *,
    name: str,
    headers: Mapping[str, str],
    allowed: Sequence[str],
) -> None:
    table, tally, where = patients_table(premises), asker.tally, f"the role {name}"
    answer = asker.ask(filled(table.read, one.values), headers)
    if answer is None:
        return
    if answer.refused:
        tally.expect(True, where, "")
        tally.remarks.append(f"{where} may not read the record at all")
        return
    if not answer.served:
        tally.cannot(f"{where}: {says_why_not(answer)}")
        return
    shown = list(leaves(told(answer, table.read.answer)))
    if not shown:
        tally.cannot(f"{where}: no record at [hipaa.patients] read answer")
        return
    # An address may hold the name in small letters.
    rightly = {str(value).casefold() for member, value in shown if is_among(member, allowed)}
    for member in sorted({member for member, _ in shown}):
        tally.expect(is_among(member, allowed), where, f"is shown {member}")
    found = [("read", answer)]
    if table.search is not None:
        searched = asker.ask(filled(table.search, one.values), headers)
        found += [] if searched is None else [("search", searched)]
    for what, each in found:
        # What was searched for may be repeated.
        may = rightly | ({one.patient.values["mrn"]} if what == "search" else set())
        for value in shown_of(each, one.patient):
            is_right = any(one.patient.values[value].casefold() in text for text in may)
            tally.expect(is_right, where, f"is shown the {value} by a {what}")
