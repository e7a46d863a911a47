"""The parts that need no service: validation of FHIR, guesses at codes, exports compared."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import uuid
from datetime import date
from importlib.resources import files
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinigate.hipaa.probes.lifecycle.fhir_schema import problems, type_of
from clinigate.hipaa.probes.lifecycle.guesses import guesses, maker_of, maker_of_birth_date
from clinigate.hipaa.probes.lifecycle.portability import differences

TODAY = date(2026, 11, 22)
SEEN = {"resourceType": "Observation", "status": "final", "code": {"text": "Sleep"}}
WRITINGS = [
    lambda digest: digest.hex(),
    lambda digest: digest.hex().upper(),
    lambda digest: digest.hex()[:13],
    lambda digest: base64.b64encode(digest).decode(),
    lambda digest: base64.urlsafe_b64encode(digest).decode().rstrip("="),
    lambda digest: base64.b32encode(digest).decode().lower(),
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=12,
)


def bundle(*resources: Any) -> dict[str, Any]:
    """A bundle of resources."""
    entries = [{"resource": each} for each in resources]
    return {"resourceType": "Bundle", "type": "collection", "entry": entries}


@pytest.mark.parametrize(
    ("resource", "wrong"),
    [
        (SEEN, []),
        ({"resourceType": "Patient", "birthDate": "1980-02-29", "gender": "other"}, []),
        (bundle(SEEN, {"resourceType": "Patient"}), []),
        ({"resourceType": "StructureDefinition", "fhirVersion": "4.0.1"}, ["lacks kind"]),
        # A value may be absent where an extension says why.
        ({k: v for k, v in SEEN.items() if k != "status"} | {"_status": {"id": "a"}}, []),
        ({"resourceType": "Observation", "status": "final"}, ["Observation lacks code"]),
        ({"resourceType": "Observation", "code": {}}, ["Observation lacks status"]),
        (SEEN | {"status": "done"}, ["Observation.status is none of the codes"]),
        (SEEN | {"valueString": 7}, ["Observation.valueString is of the wrong type"]),
        (SEEN | {"issued": "today"}, ["Observation.issued is not written as R4 writes it"]),
        (SEEN | {"secret": "7"}, ["Observation has a member that R4 does not know"]),
        (bundle({"resourceType": "Observation"}), ["Bundle.entry.0.resource lacks code"]),
        (bundle({"resourceType": "Nobody"}), ["Bundle.entry.0.resource is no resource of R4"]),
        (bundle(bundle(SEEN | {"status": 1})), ["resource.entry.0.resource.status"]),
        ({"resourceType": "Consent", "scope": {}, "category": [{}]}, ["Consent lacks status"]),
        ({"resourceType": "Nobody"}, ["it is no resource of R4"]),
        ({"resourceType": ["Patient"]}, ["it is no resource of R4"]),
        ("Patient", ["it is no resource of R4"]),
        (None, ["it is no resource of R4"]),
    ],
)
def test_what_is_wrong_with_a_resource(resource: Any, wrong: list[str]) -> None:
    found = problems(resource)
    assert bool(found) == bool(wrong)
    for each in wrong:
        assert any(each in said for said in found), found


def test_what_is_wrong_is_told_without_what_was_said() -> None:
    found = problems(SEEN | {"status": "Zqx", "issued": "Zqx", "Zqx": 1, "note": [{"text": 1}]})
    assert len(found) == 4
    assert "Zqx" not in "".join(found)


def test_more_than_can_be_told_is_counted() -> None:
    assert problems(bundle(*[{"resourceType": "Observation"}] * 9))[-1] == "and 13 more"


@given(JSON)
@settings(max_examples=50, deadline=None)
def test_whatever_is_answered_is_judged(body: Any) -> None:
    assert (type_of(body) is None) == (problems(body) == ["it is no resource of R4"])
    for kind in ("Bundle", "Patient"):
        problems({"resourceType": kind, "entry": body, "contained": body})


def test_the_schema_is_the_one_that_was_published() -> None:
    packed = files("clinigate.hipaa.probes.lifecycle").joinpath("r4.schema.json.gz").read_bytes()
    schema = gzip.decompress(packed)
    digest = "15b9548af6412c44faaa411456e0652542de286fd1c58ef882b09bdc8947909d"
    assert hashlib.sha256(schema).hexdigest() == digest
    assert json.loads(schema)["id"] == "http://hl7.org/fhir/json-schema/4.0"


@given(
    st.text(min_size=1, max_size=20),
    st.sampled_from(["md5", "sha1", "sha256", "sha512", "sha3_256", "blake2b"]),
    st.sampled_from(WRITINGS),
)
@settings(max_examples=60, deadline=None)
def test_a_digest_is_seen_however_it_is_written(text: str, name: str, writing: Any) -> None:
    digest = hashlib.new(name, text.encode(), usedforsecurity=False).digest()
    assert maker_of(writing(digest), text) == name


def test_other_makers_are_seen() -> None:
    assert maker_of(str(uuid.uuid5(uuid.NAMESPACE_DNS, "7000000001")), "7000000001")
    assert maker_of("cbf43926", "123456789") == "crc32"
    values = {"mrn": "7000000001", "ssn": "900-10-0001"}
    found = {text: what for what, text in guesses(values, ["pepper"])}
    assert found["900100001"] == "ssn"
    assert found["pepper7000000001"] == "mrn with a salt"
    assert found["7000000001|900-10-0001"] == "mrn and ssn"


@given(st.binary(min_size=16, max_size=16), st.text(max_size=20))
@settings(max_examples=60, deadline=None)
def test_a_random_code_is_made_of_nothing(code: bytes, text: str) -> None:
    assert maker_of(code.hex(), text) is None


def test_short_codes_are_not_guessed_at() -> None:
    assert maker_of(hashlib.sha256(b"a").hexdigest()[:7], "a") is None
    assert maker_of("", "a") is None
    assert maker_of_birth_date(["abc"], TODAY) is None


@pytest.mark.parametrize("text", ["1962-03-04", "19620304", "03/04/1962"])
def test_a_date_of_birth_is_found_by_its_digest(text: str) -> None:
    code = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()
    assert maker_of_birth_date(["ffffffffffffffff", code], TODAY) == "sha1"


@given(JSON, st.sets(st.text(max_size=4)))
@settings(max_examples=60, deadline=None)
def test_an_export_is_like_itself(export: Any, not_compared: set[str]) -> None:
    assert differences(export, export, frozenset(not_compared)) == []


@given(st.lists(JSON, min_size=1, max_size=4), st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_the_order_of_a_list_does_not_count(export: list[Any], source: Any) -> None:
    other = list(export)
    source.shuffle(other)
    assert differences({"a": export}, {"a": other}, frozenset()) == []


@given(JSON, JSON)
@settings(max_examples=60, deadline=None)
def test_what_differs_is_told_both_ways(one: Any, other: Any) -> None:
    assert bool(differences(one, other, frozenset())) == bool(differences(other, one, frozenset()))


@pytest.mark.parametrize(
    ("one", "other", "said"),
    [
        ({"a": [{"b": "x"}]}, {"a": []}, ["a.b is lost or altered"]),
        ({"a": []}, {"a": [{"b": "x"}]}, ["a.b was not there"]),
        ({"a": "x"}, {"a": "y"}, ["a is lost or altered"]),
        ({"id": 1, "a": "x"}, {"id": 2, "a": "x"}, []),
        (
            {"e": [{"k": 1, "v": 1}, {"k": 2, "v": 2}]},
            {"e": [{"k": 1, "v": 2}, {"k": 2, "v": 1}]},
            ["what belongs together has changed"],
        ),
        (
            dict.fromkeys("abcdefg", 1),
            {},
            [*(f"{name} is lost or altered" for name in "abcde"), "and 2 more"],
        ),
    ],
)
def test_differences_name_places_alone(one: Any, other: Any, said: list[str]) -> None:
    assert differences(one, other, frozenset({"id"})) == said
