"""A canary is found in bytes of any kind, in every form it may take there, and nothing else is."""

from __future__ import annotations

import base64
import gzip
import json
import zlib
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinigate.errors import ConfigError
from clinigate.phi.canaries import make_patients
from clinigate.phi.canary_file import canary_bytes, load_canaries
from clinigate.phi.canary_search import CanarySearch
from clinigate.phi.finding import find
from clinigate.phi.forms import forms_of

PATIENTS = make_patients(seed=7, count=3)
SEARCH = CanarySearch(PATIENTS)
VALUES = [(p.id, field, value) for p in PATIENTS for field, value in p.values.items()]
CANARY = st.sampled_from(VALUES)
BYTES = st.binary(max_size=60)
#: Encoders work on whole texts: the canary stands somewhere inside.
ENCODED = {
    "plain": lambda data: data,
    "base64": base64.b64encode,
    "base64url": base64.urlsafe_b64encode,
    "hex": lambda data: data.hex().encode(),
    "HEX": lambda data: data.hex().upper().encode(),
    "url": lambda data: quote(data, safe="").encode(),
    "json": lambda data: b"".join(b"\\u%04X" % byte for byte in data),
}


@given(canary=CANARY, form=st.sampled_from(sorted(ENCODED)), before=BYTES, after=BYTES, noise=BYTES)
def test_a_canary_is_found_wherever_it_stands(
    canary: tuple[str, str, str], form: str, before: bytes, after: bytes, noise: bytes
) -> None:
    patient, _, value = canary
    data = noise + b"\n" + ENCODED[form](before + value.encode() + after) + b"\n" + noise
    found = {hit.patient for hit in SEARCH.search(data)}
    assert patient in found


PACKED = {
    "gzip": gzip.compress,
    "zlib": zlib.compress,
    "gzip in base64": lambda data: base64.b64encode(gzip.compress(data)),
    "zlib in base64": lambda data: base64.urlsafe_b64encode(zlib.compress(data, 9)),
    "fast zlib in base64": lambda data: base64.b64encode(zlib.compress(data, 1)),
    "zlib in hex": lambda data: zlib.compress(data).hex().upper().encode(),
}


@pytest.mark.parametrize("kind", PACKED)
@given(canary=CANARY, before=BYTES, noise=BYTES)
def test_what_is_packed_hides_no_canary(
    kind: str, canary: tuple[str, str, str], before: bytes, noise: bytes
) -> None:
    patient, field, value = canary
    data = noise + b"\n" + PACKED[kind](before * 50 + value.encode()) + b"\n" + noise
    found = {(hit.patient, hit.field, hit.form) for hit in SEARCH.search(data)}
    assert (patient, field, "compressed") in found


def test_what_is_packed_and_torn_is_searched_as_far_as_it_goes() -> None:
    mrn = PATIENTS[0].values["mrn"].encode()
    torn = gzip.compress(mrn + bytes(range(256)) * 40)[:-60]
    assert [hit.field for hit in SEARCH.search(torn)] == ["mrn"]
    heads = b"\x1f\x8b\x08 x\x9c eJx H4sI 789c 1f8b08"
    assert SEARCH.search(heads) == []


@pytest.mark.parametrize("order", ["utf-16-le", "utf-16-be"])
def test_wide_characters_hide_no_canary(order: str) -> None:
    mrn = PATIENTS[0].values["mrn"]
    (hit,) = SEARCH.search(f"a {mrn} b".upper().encode(order))
    assert (hit.field, hit.form) == ("mrn", "utf-16")


@given(canary=CANARY, spelled=st.sampled_from([str.lower, str.upper, str.title]))
def test_its_case_does_not_matter(canary: tuple[str, str, str], spelled: object) -> None:
    patient, _, value = canary
    assert callable(spelled)
    assert [hit.patient for hit in SEARCH.search(spelled(value).encode())] == [patient]


@given(data=st.binary(max_size=2000) | st.text(max_size=500).map(str.encode))
def test_nothing_else_is_a_canary(data: bytes) -> None:
    values = [value.lower().encode() for _, _, value in VALUES]
    assert SEARCH.search(data) == [] or any(value in data.lower() for value in values)


def test_the_span_and_the_form_are_named() -> None:
    value = PATIENTS[0].values["mrn"]
    (hit,) = SEARCH.search(b"id=" + value.encode() + b";")
    assert (hit.patient, hit.field, hit.form) == ("canary-1", "mrn", "plain")
    assert (hit.start, hit.end) == (3, 3 + len(value))
    (hit,) = SEARCH.search(b"x" + base64.b64encode(b"ab" + value.encode() + b"c"))
    assert hit.form == "base64"


def test_a_value_with_letters_beyond_ascii_is_found_escaped() -> None:
    literals = {each.data for each in forms_of("Zoë Quistová") if each.form == "json"}
    assert json.dumps("Zoë Quistová")[1:-1].lower().encode() in literals


def test_the_same_seed_gives_the_same_patients_and_another_one_others() -> None:
    assert canary_bytes(7, 3) == canary_bytes(7, 3)
    ours = {value for _, _, value in VALUES}
    theirs = {value for p in make_patients(8, 50) for value in p.values.values()}
    assert len(ours) == len(VALUES)
    assert ours.isdisjoint(theirs)


def test_no_canary_is_taken_for_somebodys_number() -> None:
    for patient in make_patients(seed=3, count=40):
        text = f"SSN {patient.values['ssn']}, mail {patient.values['email']}"
        assert [hit for hit in find(text) if hit.placeholder is None] == []


def test_a_file_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "canaries.json"
    path.write_bytes(canary_bytes(7, 3))
    assert load_canaries(path) == PATIENTS


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "is no JSON"),
        ('{"schema": "clinigate.canaries/2", "patients": []}', "schema"),
        ('{"schema": "clinigate.canaries/1", "patients": []}', "patients"),
        (
            '{"schema":"clinigate.canaries/1","patients":[{"id":"a","values":{"x":"short"}}]}',
            "turns up by chance",
        ),
    ],
)
def test_a_file_that_is_none_is_refused(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "c.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=said) as caught:
        load_canaries(path)
    assert "short" not in str(caught.value)


def test_a_missing_file_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="clinigate phi canaries --out"):
        load_canaries(tmp_path / "none.json")
