"""CG-HIPAA-PORTABILITY-001 — records that do not come in again as they went out. GDPR Art. 20.

A synthetic record with entries of each configured kind is exported, taken in as a new patient, and
exported again. Both exports must say the same but for what names the record, and be valid FHIR
where they are FHIR. Limits: lists are compared without their order, and whether another service
takes the export in is not seen.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

from clinigate.config.hipaa_lifecycle import PortabilityTable
from clinigate.core.observation import Observation
from clinigate.errors import ClinigateError, ConfigError, MissingExtraError
from clinigate.hipaa.actors import call, told
from clinigate.hipaa.named import Named
from clinigate.hipaa.premises import Premises
from clinigate.hipaa.probes.lifecycle.fhir_schema import problems
from clinigate.hipaa.probes.lifecycle.record import (
    Record,
    did,
    found_in,
    known,
    made,
    missing,
    records,
    telling,
)
from clinigate.hipaa.synthetic import patients_table
from clinigate.hipaa.tally import Tally, gap

__all__ = ["differences", "portability"]

_SHOWN = 5


def portability(named: Named, premises: Premises) -> Iterator[Observation]:
    """Take a record out, in, and out again."""
    table = premises.table.lifecycle.portability
    if table is None:
        yield gap(named, missing("portability"))
        return
    tally = Tally(named)
    with telling(tally), records(premises, tally) as (one,):
        out = _export(premises, table, one.values)
        _holds(tally, premises, out, one)
        if table.fhir:
            _valid(tally, out)
        new = _taken_in(premises, table, one, out)
        try:
            again = _export(premises, table, {**one.values, "patient": new})
        finally:
            _remove(tally, premises, new)
        lost = differences(out, again, frozenset(table.not_compared))
        message = f"does not come in again as it went out: {'; '.join(lost)}"
        tally.expect(not lost, "the record", message)
    yield from tally.observations()


def differences(one: Any, other: Any, not_compared: frozenset[str]) -> list[str]:
    """Say where two exports differ: the places alone, never what stands there."""
    first, second = (_bare(each, not_compared) for each in (one, other))
    if first == second:
        return []
    before, after = Counter(_leaves(first, "")), Counter(_leaves(second, ""))
    lost = {place for place, _ in before - after}
    added = {place for place, _ in after - before}
    said = [
        f"{place} is lost or altered" if place in lost else f"{place} was not there"
        for place in sorted(lost | added)
    ]
    more = len(said) - _SHOWN
    return said[:_SHOWN] + ([f"and {more} more"] if more > 0 else []) or [
        "what belongs together has changed"
    ]


def _bare(node: Any, not_compared: frozenset[str]) -> Any:
    """Return what is compared of an export, its lists in one order."""
    if isinstance(node, dict):
        return {
            name: _bare(child, not_compared)
            for name, child in sorted(node.items())
            if name not in not_compared
        }
    if isinstance(node, list):
        return sorted((_bare(child, not_compared) for child in node), key=json.dumps)
    return node


def _leaves(node: Any, place: str) -> Iterator[tuple[str, str]]:
    if isinstance(node, dict):
        for name, child in node.items():
            yield from _leaves(child, f"{place}.{name}" if place else name)
    elif isinstance(node, list):
        for child in node:
            yield from _leaves(child, place)
    else:
        yield place, json.dumps(node)


def _export(premises: Premises, table: PortabilityTable, values: dict[str, Any]) -> Any:
    answer = did(premises, table.export, values)
    found = told(answer, table.export.answer)
    if found is None:
        raise ConfigError("[hipaa.lifecycle.portability] export: nothing stands at its `answer`")
    return found


def _valid(tally: Tally, out: Any) -> None:
    try:
        wrong = problems(out)
    except MissingExtraError as error:
        tally.cannot(f"whether the export is valid FHIR: {error}")
        return
    tally.expect(not wrong, "the export", f"is not valid: {'; '.join(wrong)}")


def _holds(tally: Tally, premises: Premises, out: Any, one: Record) -> None:
    """Look for what the service was told: an export of nothing comes in again as it went out.

    Whether everything is there is what `hipaa.access_completeness` asks of the copy.
    """
    there = found_in(json.dumps(out, ensure_ascii=False).encode(), known(premises, one))
    tally.expect(bool(there), "the export", "holds nothing that is known of its patient")


def _taken_in(premises: Premises, table: PortabilityTable, one: Record, out: Any) -> str:
    take_in = table.take_in
    if take_in.body is None:
        take_in = take_in.model_copy(update={"body": out})
    return made(premises, take_in, {**one.values, "export": out})


def _remove(tally: Tally, premises: Premises, new: str) -> None:
    remove = patients_table(premises).remove
    try:
        done = remove is not None and call(premises, remove, {"patient": new}).served
    except ClinigateError:
        done = False
    if not done:
        tally.remarks.append("the patient who was taken in stays; [hipaa.patients] remove")
