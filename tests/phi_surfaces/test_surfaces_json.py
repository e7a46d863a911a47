"""Values of JSON come by the paths of their keys, however long and broken the document is."""

from __future__ import annotations

import gzip
import io
import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinigate.phi.surfaces import documents, open_stream
from clinigate.phi.surfaces.documents import JsonReader, json_items
from clinigate.phi.surfaces.fields import leaves
from clinigate.phi.surfaces.lines import is_telling, json_lines
from clinigate.phi.surfaces.woven import Record, as_bytes

_KEYS = st.text("abkey", min_size=1, max_size=3)
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_KEYS, inner, max_size=4),
    max_leaves=12,
)


def _records(items: Any) -> list[Record]:
    return [item for item in items if isinstance(item, Record)]


def _said(items: Any) -> list[bytes]:
    return sorted(record.data for record in _records(items))


@settings(max_examples=30)
@given(value=_VALUES, indent=st.sampled_from([None, 0, 2]), plain=st.booleans())
def test_reading_by_tokens_gives_what_the_library_gives(
    value: Any, indent: int | None, plain: bool
) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=plain)
    assert _said(json_items(iter([as_bytes(text)]))) == _said(leaves(value, 1))


@settings(max_examples=30)
@given(value=_VALUES, cuts=st.lists(st.integers(0, 60), max_size=6))
def test_it_does_not_depend_on_where_the_text_is_cut(value: Any, cuts: list[int]) -> None:
    text = json.dumps(value, indent=1)
    places = sorted({min(cut, len(text)) for cut in cuts} | {0, len(text)})
    pieces = [text[a:b].encode() for a, b in pairwise(places)]
    whole = [(r.line, r.data) for r in _records(json_items(iter([text.encode()])))]
    assert [(r.line, r.data) for r in _records(json_items(iter(pieces)))] == whole


@settings(max_examples=30)
@given(st.text('{}[]",:\\a1\n ', max_size=40))
def test_nothing_that_is_broken_stops_it(text: str) -> None:
    items = list(json_items(iter([text.encode()])))
    assert b"".join(item for item in items if isinstance(item, bytes)) == text.encode()


def test_values_know_their_lines() -> None:
    text = b'{\n "a": "x",\n "b": [\n  {"c": 1},\n  {"c": "y"}\n ]\n}\n{"d": 2}\n'
    found = [(record.line, record.data) for record in _records(json_items(iter([text])))]
    assert found == [(2, b"a: x\n"), (4, b"b.c: 1\n"), (5, b"b.c: y\n"), (8, b"d: 2\n")]


def test_what_is_too_large_to_be_held_comes_piece_by_piece(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(documents, "_HELD", 20)
    value = {"entry": [{"id": number, "v": [number]} for number in range(60)], "end": "z"}
    reader = JsonReader()
    first = list(reader.read(json.dumps(value)[:700]))
    assert len(first) > 40
    assert _said([*first, *reader.read(json.dumps(value)[700:]), *reader.end()]) == _said(
        leaves(value, 1)
    )


def test_fhir_is_called_by_what_it_is(opened: Any) -> None:
    patient = {
        "resourceType": "Patient",
        "name": [{"family": "Doe", "given": ["Jane", "Q"]}],
        "birthDate": "1950-03-04",
        "telecom": [{"system": "phone", "value": "212-555-0199"}],
        "identifier": [
            {"type": {"coding": [{"code": "MR"}]}, "value": "4711"},
            {"system": "http://hl7.org/fhir/sid/us-ssn", "value": "none"},
            {"system": "urn:oid:2.16.840.1.113883.4.6", "value": "12"},
        ],
        "address": [{"line": ["1 Main St"], "city": "X", "state": "IL", "postalCode": "62704"}],
    }
    bundle = {"resourceType": "Bundle", "entry": [{"resource": patient}]}
    assert opened("bundle.json", json.dumps(bundle).encode()).cells() >= {
        (1, "patient_name: Jane Q Doe"),
        (1, "patient.birthDate: 1950-03-04"),
        (1, "patient.telecom.phone: 212-555-0199"),
        (1, "patient.identifier.medical_record_number: 4711"),
        (1, "patient.identifier.ssn: none"),
        (1, "patient.identifier.npi: 12"),
        (1, "patient_address: 1 Main St, X, IL 62704"),
    }
    lines = json.dumps(patient) + "\n" + json.dumps(patient) + "\n"
    seen = opened("patients.ndjson", lines.encode())
    assert {(1, "patient_name: Jane Q Doe"), (2, "patient_name: Jane Q Doe")} <= seen.cells()


def test_labels_and_values_beside_each_other_belong_together(opened: Any) -> None:
    form = [{"name": "PATIENT_PHONE", "value": "212-555-0199"}, {"label": "Fax", "value": 5}]
    cells = opened("form.json", json.dumps(form).encode()).cells()
    assert {(1, "PATIENT_PHONE: 212-555-0199"), (1, "Fax: 5")} <= cells


def test_json_within_json_is_read(opened: Any) -> None:
    line = json.dumps({"payload": json.dumps({"patient": {"mail": "a@b\n"}})})
    assert (1, "payload.patient.mail: a@b") in opened("events.jsonl", line.encode()).cells()


def test_a_notebook_shows_its_sources_and_outputs(opened: Any) -> None:
    book = {
        "cells": [
            {"cell_type": "code", "source": ["x = 'a\\n'\n", 'phone = "1"\n'], "outputs": []},
            {"cell_type": "code", "outputs": [{"text": ["Jane\tDoe\n"]}], "source": []},
        ]
    }
    seen = opened("book.ipynb", json.dumps(book, indent=1).encode())
    said = {line for _, line in seen.cells()}
    assert {'cells.source: phone = "1"', "cells.outputs.text: Jane\tDoe"} <= said or {
        ': phone = "1"',
        ": Jane\tDoe",
    } <= said
    assert seen.media == {"notebook"}


@pytest.mark.parametrize(
    ("document", "telling"),
    [
        (b'{"patient": {"id": 1}}', True),
        (b'{"a": {"b": 1}}', False),
        (b'{"system": "x", "value": 1}', True),
        (b'{"resourceType": "x", "name": [{}]}', True),
    ],
)
def test_only_documents_whose_keys_say_something_are_taken_apart(
    document: bytes, telling: bool
) -> None:
    assert is_telling(document) is telling


def test_a_packed_document_is_judged_by_all_of_it(opened: Any) -> None:
    document = {"a": ["x" * 1000] * 2000, "patient": {"id": "4711"}}
    whole = gzip.compress(json.dumps(document, indent=1).encode())
    assert (2005, "patient.id: 4711") in opened("large.json.gz", whole).cells()
    torn = opened("torn.json.gz", whole[:-12])
    assert torn.missed
    assert torn.text().startswith(b"{")


def test_a_flat_record_says_all_as_it_stands() -> None:
    assert not _records(json_lines(iter([b'{"ssn": "1", "n": 2}\n'])))


def test_a_line_longer_than_what_is_read_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    value = [{"patient": {"n": number, "mail": "a\u0040"}} for number in range(6_000)]
    data = json.dumps(value).encode() + b'\n{"b": {"c": 1}}\n'
    chunks = [data[at : at + 65_536] for at in range(0, len(data), 65_536)]
    monkeypatch.setattr("clinigate.phi.surfaces.text.LONGEST", 100_000)
    monkeypatch.setattr("clinigate.phi.surfaces.lines.LONGEST", 100_000)
    from clinigate.phi.surfaces.text import blocks

    monkeypatch.setattr("clinigate.phi.surfaces.lines.blocks", lambda given: blocks(given, 100_000))
    found = _records(json_lines(iter(chunks)))
    assert len(found) == 12_001
    assert (found[-1].line, found[-1].data) == (2, b"b.c: 1\n")


def test_a_depth_that_nobody_writes_is_survived() -> None:
    assert list(json_items(iter([b"[" * 100_000 + b'"deep"' + b"]" * 100_000])))
    assert list(leaves(json.loads("[" * 500 + "1" + "]" * 500), 1)) == []


@pytest.mark.parametrize("line", ['"' + '\\"' * 300_000, "x" + '\\"' * 300_000])
def test_quotes_without_end_cost_no_hours(line: str) -> None:
    found = _records(json_items(iter([(line + '\n{"a": "b"}\n').encode()])))
    assert any(b"a: b" in record.data for record in found)


@pytest.mark.parametrize("name", ["bundle", "patient.fhir", ""])
def test_what_is_json_need_not_be_named_so(opened: Any, read_parts: Any, name: str) -> None:
    bundle = {"resourceType": "Patient", "name": [{"family": "Doe", "given": ["Jane"]}]}
    for text in (json.dumps(bundle), json.dumps([bundle], indent=1), json.dumps(bundle, indent=1)):
        data = text.encode()
        seen = opened(name, data) if name else read_parts(open_stream(io.BytesIO(data)))
        assert "patient_name: Jane Doe" in {cell for _, cell in seen.cells()}
