"""Messages of HL7 version 2: segments as lines, fields by their names."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from types import MappingProxyType

from clinigate.phi.surfaces.woven import Item, Record, as_bytes

__all__ = ["as_lines", "hl7_items", "is_hl7"]

#: A message, a batch or a file of them, also behind the sign that MLLP begins with.
_BEGINS = re.compile(rb"\s*\x0b?(?:MSH|FHS|BHS)[|^~\\&#!:]")
_SEGMENT = re.compile(r"[\x0b\x1c]*([A-Z][A-Z0-9]{2})(.)(.*)")
_ESCAPE = re.compile(r"\\([FSTRE]|X[0-9A-Fa-f]+|\.br)\\")
_DATE = re.compile(r"(\d{4})(\d\d)(\d\d)(\d{4,6})?(?:\.\d+)?(?:[+-]\d{4})?")


def is_hl7(head: bytes) -> bool:
    """Whether a text begins as a message does."""
    return _BEGINS.match(head) is not None


def as_lines(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Yield the same segments with a line end each: HL7 ends them by a carriage return."""
    held = b""
    for chunk in chunks:
        chunk, held = held + chunk, b""
        if chunk.endswith(b"\r"):
            chunk, held = chunk[:-1], b"\r"
        if chunk:
            yield chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if held:
        yield b"\n"


def hl7_items(blocks: Iterator[bytes]) -> Iterator[Item]:
    """Yield segments as they stand and, behind each block, their fields by name.

    PID-3 is said as `pid_3_patient_identifier_mrn`, PID-5 as `pid_5_patient_name` with the given
    name first, PID-7 as `pid_7_birth_date` with dashes.
    """
    line, signs = 1, "^~\\&"
    for block in blocks:
        yield block
        for text in block.decode("utf-8", "surrogateescape").split("\n"):
            match = _SEGMENT.fullmatch(text.rstrip("\r\x1c"))
            if match is not None:
                name, bar, rest = match.groups()
                if name in ("MSH", "FHS", "BHS"):
                    signs = (rest.partition(bar)[0] + "^~\\&"[len(rest.partition(bar)[0]) :])[:4]
                record = _record(line, name, rest.split(bar), signs)
                yield from [] if record is None else [record]
            line += 1
        line -= 1 if block.endswith(b"\n") else 0


def _record(line: int, segment: str, values: list[str], signs: str) -> Record | None:
    headed = segment in ("MSH", "FHS", "BHS")
    said: list[str] = []
    shown: list[str] = []
    for number, value in enumerate(values, start=2 if headed else 1):
        if not value or (headed and number == 2):
            continue
        field, written = _field(segment, number)
        for each in value.split(signs[1]):
            if text := written(_parts(each, signs)):
                said.append(f"{field}: {text}\n")
                shown += [field] * (text.count("\n") + 1)
    return Record(line, as_bytes("".join(said)), tuple(shown)) if said else None


@cache
def _field(segment: str, number: int) -> tuple[str, _Written]:
    said, written = _FIELDS.get((segment, number), ("", _plain))
    return f"{segment.lower()}_{number}" + (f"_{said}" if said else ""), written


def _parts(value: str, signs: str) -> list[str]:
    """The components of a value; what a component is made of stays together."""
    plain = value.replace(signs[3], " ")
    return [_unescaped(part, signs).strip() for part in plain.split(signs[0])]


def _unescaped(text: str, signs: str) -> str:
    if "\\" not in text:
        return text
    letters = {"F": "|", "S": signs[0], "T": signs[3], "R": signs[1], "E": "\\", ".br": "\n"}

    def meant(match: re.Match[str]) -> str:
        said = match[1]
        if said in letters:
            return letters[said]
        code = said[1:]
        return bytes.fromhex(code[: len(code) // 2 * 2]).decode("utf-8", "replace")

    return _ESCAPE.sub(meant, text)


def _plain(parts: list[str]) -> str:
    return " ".join(part for part in parts if part)


def _person(parts: list[str]) -> str:
    """XPN: family, given, further given, suffix, prefix."""
    family, given, middle = [*parts, "", "", ""][:3]
    return _plain([given, middle, family])


def _provider(parts: list[str]) -> str:
    """XCN: a number, then a name."""
    return _plain([_person(parts[1:]), parts[0]])


def _address(parts: list[str]) -> str:
    """XAD: street, other, city, state, postal code, country."""
    street, other, city, state, code = [*parts, *[""] * 5][:5]
    return ", ".join(part for part in (street, other, city, _plain([state, code])) if part)


def _date(parts: list[str]) -> str:
    match = _DATE.fullmatch(parts[0])
    return "-".join(match.groups()[:3]) if match else _plain(parts)


def _telephone(parts: list[str]) -> str:
    """XTN: the number as written, or its parts: use, kind, address, country, area, number."""
    whole = _plain([parts[0], *parts[3:4]])
    if whole or len(parts) < 7:
        return whole
    return f"{parts[5]}-{parts[6][:3]}-{parts[6][3:]}"


_Written = Callable[[list[str]], str]
_FIELDS: MappingProxyType[tuple[str, int], tuple[str, _Written]] = MappingProxyType(
    {
        ("PID", 2): ("patient_id", _plain),
        ("PID", 3): ("patient_identifier_mrn", _plain),
        ("PID", 4): ("alternate_patient_id", _plain),
        ("PID", 5): ("patient_name", _person),
        ("PID", 6): ("mothers_maiden_name", _person),
        ("PID", 7): ("birth_date", _date),
        ("PID", 9): ("patient_alias_name", _person),
        ("PID", 11): ("patient_address", _address),
        ("PID", 12): ("county", _plain),
        ("PID", 13): ("home_phone", _telephone),
        ("PID", 14): ("business_phone", _telephone),
        ("PID", 18): ("patient_account_number", _plain),
        ("PID", 19): ("ssn", _plain),
        ("PID", 20): ("drivers_license_number", _plain),
        ("PID", 21): ("mothers_identifier", _plain),
        ("PID", 23): ("birth_place", _plain),
        ("PID", 29): ("death_date", _date),
        ("PID", 40): ("patient_phone", _telephone),
        ("PD1", 4): ("primary_care_provider_name", _provider),
        ("NK1", 2): ("next_of_kin_name", _person),
        ("NK1", 4): ("address", _address),
        ("NK1", 5): ("phone", _telephone),
        ("NK1", 6): ("business_phone", _telephone),
        ("NK1", 16): ("birth_date", _date),
        ("NK1", 30): ("contact_name", _person),
        ("NK1", 31): ("contact_phone", _telephone),
        ("NK1", 32): ("contact_address", _address),
        ("NK1", 37): ("contact_ssn", _plain),
        ("MRG", 1): ("prior_patient_identifier_mrn", _plain),
        ("MRG", 3): ("prior_account_number", _plain),
        ("MRG", 7): ("prior_patient_name", _person),
        ("PV1", 7): ("attending_doctor_name", _provider),
        ("PV1", 8): ("referring_doctor_name", _provider),
        ("PV1", 9): ("consulting_doctor_name", _provider),
        ("PV1", 17): ("admitting_doctor_name", _provider),
        ("PV1", 19): ("visit_number", _plain),
        ("PV1", 44): ("admission_date", _date),
        ("PV1", 45): ("discharge_date", _date),
        ("GT1", 3): ("guarantor_name", _person),
        ("GT1", 5): ("guarantor_address", _address),
        ("GT1", 6): ("guarantor_phone", _telephone),
        ("GT1", 8): ("guarantor_birth_date", _date),
        ("GT1", 12): ("guarantor_ssn", _plain),
        ("IN1", 2): ("health_plan_id", _plain),
        ("IN1", 8): ("group_number", _plain),
        ("IN1", 16): ("insured_name", _person),
        ("IN1", 18): ("insured_birth_date", _date),
        ("IN1", 19): ("insured_address", _address),
        ("IN1", 36): ("policy_number", _plain),
        ("IN1", 49): ("member_id", _plain),
        ("IN2", 1): ("insured_employee_id", _plain),
        ("IN2", 2): ("insured_ssn", _plain),
        ("IN2", 6): ("medicare_number", _plain),
        ("IN2", 8): ("medicaid_number", _plain),
        ("IN2", 61): ("member_id", _plain),
        ("ORC", 12): ("ordering_provider_name", _provider),
        ("OBR", 7): ("observation_date", _date),
        ("OBR", 16): ("ordering_provider_name", _provider),
        ("OBX", 5): ("value", _plain),
        ("OBX", 14): ("observation_date", _date),
        ("NTE", 3): ("comment", _plain),
        ("EVN", 2): ("event_date", _date),
    }
)
