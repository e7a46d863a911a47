"""Synthetic records with something in them, and the requests that are made about them."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from clinigate.config.hipaa_call import CallTable
from clinigate.config.target_values import PLACEHOLDER
from clinigate.errors import ClinigateError, TargetError
from clinigate.hipaa.actors import call, told
from clinigate.hipaa.premises import Premises
from clinigate.hipaa.synthetic import Written, patients_table, written
from clinigate.hipaa.tally import Tally
from clinigate.phi.canaries import Patient
from clinigate.phi.canary_search import CanarySearch
from clinigate.targets.service import Answer

__all__ = [
    "Record",
    "did",
    "found_in",
    "known",
    "made",
    "missing",
    "planted",
    "records",
    "search_for",
    "telling",
]


@dataclass(slots=True)
class Record:
    """A synthetic record.

    Attributes:
        values: what fills the placeholders of requests about it.
        texts: what was put into it, by the name of the addition.
    """

    one: Written
    values: dict[str, Any]
    texts: dict[str, str] = field(default_factory=dict)


@contextmanager
def records(premises: Premises, tally: Tally, *, how_many: int = 1) -> Iterator[list[Record]]:
    """Write synthetic records, with the additions of the configuration, for a block.

    Raises:
        ConfigError, TargetError: one cannot be written.
    """
    with written(premises, tally, how_many=how_many) as people:
        yield [_with_additions(premises, each) for each in people]


@contextmanager
def telling(tally: Tally) -> Iterator[None]:
    """Tell what was found before a probe broke off; where nothing was, it breaks off.

    Raises:
        ClinigateError: that of the block, where nothing was found before.
    """
    try:
        yield
    except ClinigateError as error:
        if not tally.broken:
            raise
        tally.cannot(f"the rest: {error}")


def did(premises: Premises, table: CallTable, values: Mapping[str, Any]) -> Answer:
    """Send a request that must be served.

    Raises:
        ConfigError: as `actors.call`.
        TargetError: it is not served.
    """
    answer = call(premises, table, values)
    if not answer.served:
        raise TargetError(
            f"{table.method} {table.path}: answers {answer.status}; the probe needs it served; "
            "mend it in [hipaa.lifecycle]"
        )
    return answer


def made(premises: Premises, table: CallTable, values: Mapping[str, Any]) -> str:
    """Send a request that must be served, and return the id that it answers.

    Raises:
        ConfigError: as `actors.call`.
        TargetError: it is not served, or gives no id.
    """
    found = told(did(premises, table, values), table.answer)
    if not isinstance(found, str | int):
        raise TargetError(
            f"{table.method} {table.path}: gives no id at {table.answer}; mend its `answer` in "
            "[hipaa.lifecycle]"
        )
    return str(found)


def planted(what: str) -> str:
    """Return a text that stands nowhere else."""
    return f"clinigate synthetic {what} {secrets.token_hex(12)}"


def known(premises: Premises, record: Record) -> dict[str, str]:
    """Return what the service was told of somebody, by what it is."""
    sent = json.dumps(patients_table(premises).create.body)
    names = set(PLACEHOLDER.findall(sent)) & set(record.one.patient.values)
    return {name: record.one.patient.values[name] for name in sorted(names)} | record.texts


def search_for(texts: Mapping[str, str]) -> CanarySearch:
    """Return a search for texts in whatever form, by their names."""
    return CanarySearch([Patient("it", MappingProxyType(dict(texts)), MappingProxyType({}))])


def found_in(content: bytes, texts: Mapping[str, str]) -> list[str]:
    """Return the names of the texts that stand in bytes."""
    return sorted({hit.field for hit in search_for(texts).search(content)})


def missing(table: str) -> str:
    """Return why a probe was not made whose table is not there."""
    return f"needs [hipaa.lifecycle.{table}]; docs/hipaa-lifecycle.md says what stands there"


def _with_additions(premises: Premises, one: Written) -> Record:
    found = Record(one, dict(one.values))
    for each in premises.table.lifecycle.additions:
        text = planted(each.name)
        found.values[each.name] = made(premises, each, {**found.values, "value": text})
        found.texts[each.name] = text
    return found
