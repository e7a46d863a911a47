"""What notes of a clinic write in running text is found; measures and code like it are not."""

from __future__ import annotations

import pytest

from clinigate.phi.finding import find
from clinigate.phi.numbers import is_led_phone
from clinigate.phi.values import is_day

GATES = [
    ("EVENT-DATE", "was admitted to the ward on «12/02/1963» with"),
    ("EVENT-DATE", "Seen in clinic on «January 28 1982» for"),
    ("EVENT-DATE", "Surgery was performed on «7/17» by"),
    ("EVENT-DATE", "colonoscopy with polypectomy on «2019-03-12»."),
    ("PHONE", "phone «221-3288»"),
    ("PHONE", "Tfno: «0034 934 640 471»"),
    ("PHONE", "Tel. «934640471»"),
    ("PHONE", "Fax records to «249-7836», attn"),
    ("SSN", "SS# «219538841»"),
    ("SSN", "Soc Sec No «219 53 8841»"),
    ("ADDRESS", "Lives at «5742 Hwy 61 South»."),
    ("ADDRESS", "lives at «7129 W 43rd St»,"),
    ("ADDRESS", "Domicilio: «Calle de Alcalá 14»"),
    ("ZIP", "resides in Ohio «44101»."),
]

CONTEXTUAL = [
    ("DATE", "fever since «4/12»."),
    ("DATE", "«March 7th»: two polyps"),
    ("PHONE", "call me maybe «216-4896»"),
    ("ADDRESS", "to «12 County Road 9»"),
    ("ADDRESS", "en «C/ Alta 90»."),
    ("ZIP", "Texas «73301»"),
]

NOTHING = [
    "Strength 5/5, reflexes 2/4; on 2/2 of visits. Ratio of 13/45 by 31/31.",
    "admitted 3 patients; discharged home on 2 drugs",
    "phone: 192.168.1.10, mobile 2024-03-01, tel: 0000000",
    "cell 7.3512345",
    "ranges 200-3000 and 216-4896 in the table",
    "Highway 61 Revisited; 3 US states; plaza 4",
    "ss number: one; soc sec is short",
]


def _marked(text: str) -> tuple[str, str]:
    head, value, tail = text.replace("»", "«").split("«")
    return head + value + tail, value


@pytest.mark.parametrize(("name", "text"), GATES)
def test_what_a_word_leads_to_gates(name: str, text: str) -> None:
    plain, value = _marked(text)
    assert [(h.rule, plain[h.start : h.end]) for h in find(plain)] == [(f"CG-PHI-{name}", value)]


@pytest.mark.parametrize(("name", "text"), CONTEXTUAL)
def test_the_rest_is_contextual(name: str, text: str) -> None:
    plain, value = _marked(text)
    found = [(h.rule, plain[h.start : h.end]) for h in find(plain, threshold=0.4)]
    assert found == [(f"CG-PHI-{name}", value)]
    assert find(plain) == []


@pytest.mark.parametrize("text", NOTHING)
def test_what_looks_like_it_is_left_alone(text: str) -> None:
    assert [(h.rule, text[h.start : h.end]) for h in find(text)] == []


def test_places_of_care_are_places() -> None:
    text = "from Cedar Ridge Medical Center to Hospital Clínico de Barcelona"
    found = [text[h.start : h.end] for h in find(text, threshold=0.4)]
    assert found == ["Cedar Ridge Medical Center", "Hospital Clínico de Barcelona"]


@pytest.mark.parametrize(
    ("text", "day"), [("2/29", True), ("31/12", True), ("13/45", False), ("0/5", False)]
)
def test_a_day_of_a_month_is_one_of_the_calendar(text: str, day: bool) -> None:
    assert is_day(text) is day


@pytest.mark.parametrize("text", ["10.1.2.3", "2024-03-01", "12-31-1999", "1111111", "123456"])
def test_not_all_numbers_behind_the_word_are_telephones(text: str) -> None:
    assert not is_led_phone(text)
