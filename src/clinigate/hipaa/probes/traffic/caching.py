"""CG-HIPAA-CACHE-CONTROL-001 — records that a browser keeps. 45 CFR 164.310(b).

Each answer with a record must say Cache-Control: no-store (RFC 9111), so that whoever sits down at
the workstation next finds nothing; and no address that the service gives, in a header or in a body,
may name the patient: addresses stay in histories and in logs. An address that the configuration
itself fills with such a value is told of.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote_plus

from clinigate.config.hipaa_call import CallTable
from clinigate.core.observation import Observation
from clinigate.hipaa.actors import as_bearer, bearer_of, call
from clinigate.hipaa.premises import Premises
from clinigate.hipaa.probe import Named
from clinigate.hipaa.probes.traffic.answers import void
from clinigate.hipaa.synthetic import Written, patients_table, written
from clinigate.hipaa.tally import Tally
from clinigate.phi.canary_search import CanarySearch
from clinigate.targets.service import Answer

__all__ = ["cache_control"]

_WITH_ADDRESSES = ("location", "content-location", "link", "refresh")


def cache_control(named: Named, premises: Premises) -> Iterator[Observation]:
    """Read a synthetic patient's record, and look at how the answers may be kept."""
    tally = Tally(named)
    with written(premises, tally) as (one,):
        tokens: dict[str, Mapping[str, str]] = {}
        for table in _tables(premises):
            _ask(tally, premises, table, one, tokens)
    yield from tally.observations()


def _tables(premises: Premises) -> Iterator[CallTable]:
    table = patients_table(premises)
    yield table.read
    if table.search is not None:
        yield table.search
    yield from premises.table.traffic.records


def _ask(
    tally: Tally,
    premises: Premises,
    table: CallTable,
    one: Written,
    tokens: dict[str, Mapping[str, str]],
) -> None:
    where = f"{table.method} {table.path.partition('?')[0]}"
    if table.role is not None and table.role not in tokens:
        tokens[table.role] = as_bearer(bearer_of(premises, table.role))
    headers = None if table.role is None else tokens[table.role]
    answer = call(premises, table, one.values, headers=headers)
    why = void(answer) or (None if answer.served else f"it answers {answer.status}")
    if why is not None:
        tally.cannot(f"{where}: {why}; mend [hipaa.patients]")
        return
    kept = not _is_not_stored(answer.headers.get("cache-control", ""))
    tally.expect(not kept, where, "answers with a record that a cache may keep; say no-store")
    search = CanarySearch([one.patient])
    named_in = [each for each in _addresses(answer) if _holds(search, each)]
    tally.expect(not named_in, where, "answers with an address that names the patient")
    filled = [name for name in one.patient.values if f"{{{{{name}}}}}" in table.path]
    if filled:
        tally.remarks.append(
            f"{where} is asked with the {' and '.join(filled)} in its address, which logs keep; "
            "let it stand in the body"
        )


def _is_not_stored(header: str) -> bool:
    return "no-store" in (each.strip().lower() for each in header.split(","))


def _holds(search: CanarySearch, address: str) -> bool:
    stream = search.stream()
    content = f"{address}\n{unquote_plus(address)}\n".encode(errors="replace")
    return any(True for _ in (*stream.feed(content), *stream.finish()))


def _addresses(answer: Answer) -> Iterator[str]:
    for name in _WITH_ADDRESSES:
        if name in answer.headers:
            yield answer.headers[name]
    yield from (each for each in _texts(answer.body) if "://" in each or each.startswith("/"))


def _texts(node: Any) -> Iterator[str]:
    if isinstance(node, str):
        yield node
    elif isinstance(node, Mapping):
        for value in node.values():
            yield from _texts(value)
    elif isinstance(node, list):
        for value in node:
            yield from _texts(value)
