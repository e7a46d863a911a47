"""Measures, drugs with amounts and forms' letters are no places; two known names are a person."""

from __future__ import annotations

import pytest

from clinigate.phi.names import find_names


def _found(text: str) -> list[tuple[str, str]]:
    data = text.encode()
    return [(hit.rule[7:], data[hit.start : hit.end].decode()) for hit in find_names(data)]


@pytest.mark.parametrize(
    "text",
    [
        "Hemoglobin 10.2, WBC 8.4, platelets 212, Na 138, K 4.1.",
        "Lasix 40 mg IV, Zosyn 3.375 g q6h, Tylenol 650 mg PRN.",
        "Age: 54   Sex: F   Date of service",
        "seen with the PA-C today",
    ],
)
def test_what_is_measured_or_a_form_is_no_place(text: str) -> None:
    assert _found(text) == []


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Surgery was performed by Drs. Patel and Nguyen", "Patel"),
        ("Fax records to the front desk, attn DeShawn Patel.", "DeShawn Patel"),
    ],
)
def test_known_names_are_a_person(text: str, name: str) -> None:
    assert ("PERSON", name) in _found(text)
    assert ("PERSON", "Drs") not in _found(text)


def test_a_house_number_that_ends_a_sentence_is_no_measure() -> None:
    assert any("12" in value for _, value in _found("Vive en Paseo del Prado 12. 28014 Madrid"))
