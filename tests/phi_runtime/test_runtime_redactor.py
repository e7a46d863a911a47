"""The redactor: nothing that it would find again is left, and nothing else is touched."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinigate.phi import Redactor
from clinigate.phi.canaries import make_patients
from clinigate.phi.finding import find
from clinigate.phi.model import Letter
from clinigate.phi.recognizer import Recognizer, Tier, form
from clinigate.phi.runtime.redactor import WITHHELD
from clinigate.phi.table import BY_ID
from clinigate.phi.tokens import Tokens

TOKENS = Tokens(b"0123456789abcdef", lasting=True)


def test_a_find_becomes_a_marker_and_the_rest_stays(ssn: str, email: str) -> None:
    rules: Counter[str] = Counter()
    text = Redactor().text(f"saw ssn {ssn}, wrote to {email}; order 4711 done", rules=rules)
    assert text == "saw ssn [CG-PHI-SSN], wrote to [CG-PHI-EMAIL]; order 4711 done"
    assert rules == {"CG-PHI-SSN": 1, "CG-PHI-EMAIL": 1}


def test_what_is_clean_is_returned_as_it_is() -> None:
    text = "order 4711 done in 12 ms, write to someone@example.com"
    value = {"a": [text, 1, None, True], "when": date(2026, 1, 2)}
    data = b"caf\xe9 \xff"
    redactor = Redactor()
    assert redactor.text(text) is text
    assert redactor.value(value) is value
    assert redactor.data(data) is data


def test_tokens_follow_a_value_and_are_no_finds_themselves(ssn: str) -> None:
    redactor = Redactor(tokens=TOKENS)
    one, two = redactor.text(f"ssn {ssn}"), redactor.text(f"ssn={ssn.replace('-', ' ')}")
    token = one.split("[")[1]
    assert two.endswith(token)
    assert redactor.text(one) is one
    other = Redactor(tokens=Tokens(b"another key 1234", lasting=True))
    assert not other.text(f"ssn {ssn}").endswith(token)


@pytest.mark.parametrize("rule", BY_ID)
def test_no_marker_is_found_in_any_field(rule: str) -> None:
    for marker in (f"[{rule}]", f"[{rule}:kfjbnmtcdrvvhgps]"):
        for lead in ("", "ssn: ", "patient_name=", "mrn ", "phone ", '"address": "'):
            assert not find(f"{lead}{marker} at 12:30\n")


def test_fields_say_what_a_value_is(ssn: str) -> None:
    digits = int(ssn.replace("-", ""))
    event = {
        "patient": {"ssn": digits, "count": digits},
        "tags": [f"ssn {ssn}", "fine"],
        f"ssn {ssn}": 1,
    }
    clean = Redactor().value(event)
    assert clean == {
        "patient": {"ssn": "[CG-PHI-SSN]", "count": digits},
        "tags": ["ssn [CG-PHI-SSN]", "fine"],
        "ssn [CG-PHI-SSN]": 1,
    }
    assert event["patient"] == {"ssn": digits, "count": digits}, "the given value is untouched"
    assert Redactor().value(digits, field="ssn") == "[CG-PHI-SSN]"


def test_objects_that_show_something_become_their_cleaned_text(ssn: str) -> None:
    class Patient:
        def __repr__(self) -> str:
            return f"Patient(ssn={ssn})"

    assert Redactor().value([Patient()]) == ["Patient(ssn=[CG-PHI-SSN])"]
    assert Redactor().value(f"ssn {ssn}".encode()) == b"ssn [CG-PHI-SSN]"


def test_two_keys_that_look_alike_afterwards_both_stay(ssn: str) -> None:
    other = ssn.replace("219", "220")
    clean = Redactor().value({f"ssn {ssn}": 1, f"ssn {other}": 2})
    assert sorted(clean.values()) == [1, 2]
    assert len(Redactor().value({f"ssn {ssn}": 1, "ssn [CG-PHI-SSN]": 2})) == 2
    assert Redactor().value({"\ud800": b"x"}) == {"\ud800": b"x"}
    assert not any(ssn in key or other in key for key in clean)


def test_a_value_that_holds_itself_ends(ssn: str) -> None:
    loop: list[object] = [f"ssn {ssn}"]
    loop.append(loop)
    assert ssn not in repr(Redactor().value(loop))
    knot: dict[str, object] = {"a": f"ssn {ssn}"}
    knot["b"] = knot
    assert ssn not in repr(Redactor().value(knot))


def test_what_is_no_unicode_is_searched_too(ssn: str) -> None:
    assert Redactor().text(f"\udcff ssn {ssn} \ud800") == "\udcff ssn [CG-PHI-SSN] \ud800"
    assert Redactor().data(f"é ssn {ssn}".encode("latin-1")) == b"\xe9 ssn [CG-PHI-SSN]"


def test_canaries_go_in_every_encoding_and_what_is_packed_is_withheld() -> None:
    import base64
    import gzip

    patients = make_patients(7, 1)
    mrn = patients[0].values["mrn"]
    redactor = Redactor(patients=patients)
    for written in (mrn, base64.b64encode(f"x {mrn} y".encode()).decode(), mrn.encode().hex()):
        clean = redactor.text(f"id {written} ünd")
        assert "[CG-PHI-CANARY]" in clean
        assert redactor.text(clean) is clean
        assert clean.endswith("ünd")
    packed = base64.b64encode(gzip.compress(f"the record is {mrn}, again {mrn}".encode())).decode()
    assert redactor.text(f"blob {packed}") == WITHHELD


def test_an_accepted_rule_may_stay(ssn: str, email: str) -> None:
    clean = Redactor(accepted=["CG-PHI-EMAIL"]).text(f"ssn {ssn} {email}")
    assert clean == f"ssn [CG-PHI-SSN] {email}"


PIECES = st.sampled_from(
    ["ssn ", "219-53-8841", "219538841", "mrn: ", "A-77124430", " ", "\n", ", ", "é", "[", "]",
     "phone 212-867-4410", "maria@lakeside-clinic.org", "[CG-PHI-SSN]", "[CG-PHI-MRN:bcdf", ":",
     "Patient: Maria Quist", "dob 1987-03-02", "4111 1111 1111 1112", "\udcff", "card "]
)  # fmt: skip
TEXTS = st.lists(PIECES | st.text(max_size=5), max_size=12).map("".join)


@settings(max_examples=30)
@given(text=TEXTS, keyed=st.booleans())
def test_nothing_is_left_and_twice_is_once(text: str, keyed: bool) -> None:
    redactor = Redactor(tokens=TOKENS if keyed else None)
    clean = redactor.text(text)
    assert redactor.text(clean) is clean
    assert "219-53-8841" not in clean or "219-53-8841" in text
    if not find(text.replace("\udcff", "\ufffd")):
        assert clean is text


@settings(max_examples=30)
@given(
    value=st.recursive(
        TEXTS | st.integers() | st.none() | st.booleans(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
        max_leaves=6,
    )
)
def test_a_plain_value_stays_plain_and_ends_clean(value: object) -> None:
    redactor = Redactor()
    clean = redactor.value(value)
    json.dumps(clean)
    assert redactor.value(clean) is clean


def test_rows_of_one_s_own_have_markers_of_their_own() -> None:
    ward = Recognizer(
        "ACME-WARD", Letter.R, "A ward", Tier.IDENTIFIER, (form(r"(?P<v>WARD[0-9]{4})", 0.9),)
    )
    redactor = Redactor(rows=[ward])
    assert redactor.text("in WARD1234, [WARD1234]") == "in [ACME-WARD], [[ACME-WARD]]"
    assert Redactor().text("in WARD1234") == "in WARD1234"
