"""Messages of HL7 version 2 say what their fields are."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinigate.phi.surfaces.hl7 import as_lines, hl7_items, is_hl7
from clinigate.phi.surfaces.woven import Record

_MESSAGE = (
    b"MSH|^~\\&|LAB|CLINIC|||20240102||ORU^R01|1|P|2.5\r"
    b"PID|1||4711^^^CLINIC^MR~99^^^X^PI||DOE&VAN^JANE^Q||19500304|F|||"
    b"1 Main St^Apt 2^X^IL^62704||(212)555-0199|^PRN^PH^^1^212^5550198\r"
    b"PV1|1|I|||||77^SMITH^ANN\r"
    b"OBX|1|FT|N^Note||line one\\.br\\a\\T\\b \\X41\\\r"
    b"ZZZ|own\r"
)


def test_fields_have_their_names(opened: Any) -> None:
    seen = opened("message.hl7", _MESSAGE)
    assert seen.media == {"hl7"}
    assert seen.cells() >= {
        (2, "pid_3_patient_identifier_mrn: 4711 CLINIC MR"),
        (2, "pid_3_patient_identifier_mrn: 99 X PI"),
        (2, "pid_5_patient_name: JANE Q DOE VAN"),
        (2, "pid_7_birth_date: 1950-03-04"),
        (2, "pid_11_patient_address: 1 Main St, Apt 2, X, IL 62704"),
        (2, "pid_13_home_phone: (212)555-0199"),
        (2, "pid_14_business_phone: 212-555-0198"),
        (3, "pv1_7_attending_doctor_name: ANN SMITH 77"),
        (4, "obx_5_value: line one"),
        (4, "a&b A"),
        (5, "zzz_1: own"),
    }
    assert seen.text().startswith(_MESSAGE.replace(b"\r", b"\n").rstrip(b"\n"))


def test_own_signs_are_obeyed(opened: Any) -> None:
    message = b"MSH#*~\\&#A\nPID#1####DOE*JANE\n"
    assert (2, "pid_5_patient_name: JANE DOE") in opened("own.hl7", message).cells()


@pytest.mark.parametrize("head", [b"\x0bMSH|^~\\&|", b"FHS|^~\\&|", b"\r\nBHS|^"])
def test_batches_and_frames_are_messages_too(head: bytes) -> None:
    assert is_hl7(head)


def test_other_text_is_none() -> None:
    assert not is_hl7(b"MSHX is no segment")


@settings(max_examples=30)
@given(st.binary(max_size=40), st.integers(1, 5))
def test_ends_of_segments_do_not_depend_on_cuts(data: bytes, size: int) -> None:
    pieces = [data[at : at + size] for at in range(0, len(data), size)]
    assert b"".join(as_lines(iter(pieces))) == b"".join(as_lines(iter([data])))


@settings(max_examples=30)
@given(st.text("MSHPID|^~\\&19\n ", max_size=60))
def test_nothing_stops_it(text: str) -> None:
    data = ("MSH|^~\\&|\n" + text).encode()
    items = list(hl7_items(iter([data])))
    assert b"".join(item for item in items if not isinstance(item, Record)) == data
