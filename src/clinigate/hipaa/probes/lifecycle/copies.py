"""CG-HIPAA-COPY-001 — a copy for the patient that lacks something. 45 CFR 164.524, GDPR Art. 15.

Two synthetic patients are written, with entries of each configured kind. The copy of the first must
hold every text that the service was told of them and nothing of the second, and the ids in it must
be exactly those that queries of the store list. Limits: rows that no query lists are not missed.
"""

from __future__ import annotations

from collections.abc import Iterator

from clinigate.core.observation import Observation
from clinigate.hipaa.actors import told
from clinigate.hipaa.named import Named
from clinigate.hipaa.premises import Premises
from clinigate.hipaa.probes.lifecycle.listing import can_list, listed
from clinigate.hipaa.probes.lifecycle.record import (
    Record,
    did,
    found_in,
    known,
    missing,
    records,
    telling,
)
from clinigate.hipaa.tally import Tally, gap
from clinigate.targets.service import Answer

__all__ = ["access_completeness"]


def access_completeness(named: Named, premises: Premises) -> Iterator[Observation]:
    """Ask for a copy, and compare it with what the store holds."""
    table = premises.table.lifecycle.copy_for_patient
    if table is None:
        yield gap(named, missing("copy_for_patient"))
        return
    tally = Tally(named)
    with telling(tally), records(premises, tally, how_many=2) as (one, other):
        answer = did(premises, table.read, one.values)
        if answer.cut:
            tally.cannot("the copy is longer than is read of one answer")
        _texts(tally, premises, answer, one, other)
        if can_list(premises):
            _rows(tally, premises, told(answer, table.read.answer), one)
        else:
            tally.cannot(
                "the store itself; give [hipaa.records.store], and queries that list what it holds "
                "of a patient in [hipaa.lifecycle.copy_for_patient] rows"
            )
    yield from tally.observations()


def _texts(tally: Tally, premises: Premises, answer: Answer, one: Record, other: Record) -> None:
    left_out = {each.name for each in premises.table.lifecycle.additions if not each.in_copy}
    there = found_in(answer.content, known(premises, one))
    for name in known(premises, one):
        if name not in left_out:
            tally.expect(name in there, "the copy", f"lacks the {name} of its patient")
    for name in found_in(answer.content, known(premises, other)):
        tally.expect(False, "the copy", f"holds the {name} of somebody else")
    tally.expect(other.one.id not in _ids(answer.body), "the copy", "names somebody else")


def _rows(tally: Tally, premises: Premises, ids: object, one: Record) -> None:
    table = premises.table.lifecycle.copy_for_patient
    assert table is not None
    if not isinstance(ids, list):
        tally.cannot(
            "the ids of what is in the copy; mend [hipaa.lifecycle.copy_for_patient] read `answer`"
        )
        return
    in_copy = {str(each) for each in ids}
    in_store: set[str] = set()
    for number, rows in enumerate(listed(premises, one.one.id), 1):
        lacking = len(rows - in_copy)
        tally.expect(not lacking, f"rows {number}", f"{lacking} of {len(rows)} are not in the copy")
        in_store |= rows
    strange = len(in_copy - in_store)
    tally.expect(not strange, "the copy", f"holds {strange} entries that no query lists")
    tally.expect(bool(in_store), "rows", "no query lists anything of a patient who was written")


def _ids(node: object) -> set[str]:
    """Return every text in an answer that could be an id."""
    if isinstance(node, dict):
        return set().union(*(_ids(each) for each in node.values()))
    if isinstance(node, list):
        return set().union(*(_ids(each) for each in node))
    return {node, *node.split("/")} if isinstance(node, str) else set()
