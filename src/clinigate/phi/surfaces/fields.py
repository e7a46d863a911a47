"""What a value is called: the path of its keys, and the sign that its neighbours put on it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from clinigate.phi.surfaces.woven import Record, one, shown

__all__ = ["leaves", "said_by"]

_DEEPEST = 64
#: Keys whose value says what a `value` beside them is, and objects in which such keys stand.
_SIGNS = ("system", "code", "type", "name", "label", "key", "field", "url", "question", "display")
_SIGN_OBJECTS = ("type", "code", "coding")
#: Kinds of numbers by HL7 table 0203, and by the OIDs and names that FHIR gives them.
_KINDS = {
    "AN": "account_number",
    "BC": "bank_card_number",
    "DL": "drivers_license",
    "DN": "doctor_number",
    "DEA": "dea_number",
    "HC": "health_card_number",
    "MA": "medicaid_number",
    "MB": "member_id",
    "MC": "medicare_number",
    "MR": "medical_record_number",
    "NI": "national_id",
    "NPI": "npi",
    "PI": "patient_id",
    "PPN": "passport",
    "SN": "subscriber_id",
    "SS": "ssn",
    "SNO": "device_serial_number",
    "UDI": "device_udi",
    "VN": "visit_number",
    "urn:oid:2.16.840.1.113883.4.1": "ssn",
    "urn:oid:2.16.840.1.113883.4.6": "npi",
    "urn:oid:2.16.840.1.113883.4.572": "medicare_number",
    "us-ssn": "ssn",
    "us-mbi": "medicare_number",
    "us-npi": "npi",
    "us-medicare": "medicare_number",
}


_shown = lru_cache(maxsize=4096)(shown)


def leaves(value: Any, line: int, path: str = "") -> Iterator[Record]:
    """Yield the values within what was JSON, each behind its path.

    A text that is JSON again is read too. Beside `value` its neighbours speak: what has
    `"system": "phone"` is called `telecom.phone`; names and addresses of FHIR, whose parts are
    keys, come whole as well.
    """
    yield from _leaves(value, line, path, 0)


def _leaves(value: Any, line: int, path: str, depth: int) -> Iterator[Record]:
    if depth > _DEEPEST:
        return
    if isinstance(value, Mapping):
        yield from _of_object(value, line, path, depth)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _leaves(item, line, path, depth + 1)
    elif isinstance(value, str):
        # Texts may know their own line, as those of a document that was written to be read.
        yield from _of_text(value, getattr(value, "line", line), path, depth)
    elif isinstance(value, bytes):
        yield one(line, path, value.decode("utf-8", "surrogateescape"), _shown(path))
    elif value is not None and not isinstance(value, bool):
        # Numbers; from tables also dates, times and whatever else can be written.
        yield one(line, path, str(value), _shown(path))


def _of_object(value: Mapping[str, Any], line: int, path: str, depth: int) -> Iterator[Record]:
    root = value.get("resourceType")
    if isinstance(root, str) and root != "Bundle":
        path = root.lower()
    sign = said_by(value)
    for key, item in value.items():
        below = f"{path}.{key}" if path else key
        named = f"{path}.{sign}".lstrip(".") if sign and key.startswith("value") else below
        if named != below and isinstance(item, str | int):
            at = getattr(item, "line", line)
            yield one(at, named, str(item), _shown(below))
        else:
            yield from _leaves(item, line, below, depth + 1)
    for field, text in _whole(value):
        line = next((at for each in value.values() if (at := getattr(each, "line", 0))), line)
        named = f"{path.partition('.')[0]}_{field}" if path else field
        yield one(line, named, text, _shown(path))


def _of_text(value: str, line: int, path: str, depth: int) -> Iterator[Record]:
    if value:
        yield one(line, path, value, _shown(path))
    if value[:1] in "{[" and "\\" in value:
        try:
            inner = json.loads(value)
        except (ValueError, RecursionError):
            return
        yield from _leaves(inner, line, path, depth + 1)


def said_by(value: Mapping[str, Any]) -> str:
    """Return what the `value` of an object is by what stands beside it; "" where nothing says."""
    if not any(key.startswith("value") for key in value):
        return ""
    signs = [value[key] for key in _SIGNS if isinstance(value.get(key), str)]
    objects = [value[key] for key in _SIGN_OBJECTS if key in value]
    signs += [sign for each in objects for sign in _signs_within(each)]
    known = next((_KINDS[sign] for sign in map(_short, signs) if sign in _KINDS), None)
    return known or next((short for sign in signs if (short := _short(sign))), "")


def _signs_within(value: Any) -> Iterator[str]:
    """The signs of a coded concept: its code first, then its words."""
    if isinstance(value, list):
        for item in value[:4]:
            yield from _signs_within(item)
    elif isinstance(value, Mapping):
        yield from _signs_within(value.get("coding"))
        yield from (value[k] for k in ("code", "text", "display") if isinstance(value.get(k), str))


def _short(sign: str) -> str:
    """The last word of a URL, or the sign itself."""
    if sign in _KINDS:
        return sign
    if "/" in sign:
        sign = sign.rstrip("/").rpartition("/")[2]
    return sign[:48].replace("\n", " ")


def _whole(value: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Names and addresses as one text."""
    if "family" in value and isinstance(value["family"], str):
        yield "name", _joined(" ", [*_texts(value.get("given")), value["family"]])
    if "city" in value and ("postalCode" in value or "line" in value):
        last = _joined(" ", [*_texts(value.get("state")), *_texts(value.get("postalCode"))])
        yield "address", _joined(", ", [*_texts(value.get("line")), *_texts(value["city"]), last])


def _joined(sign: str, texts: list[str]) -> str:
    return sign.join(text for text in texts if text)


def _texts(value: Any) -> list[str]:
    if isinstance(value, list):
        return [item for item in value if isinstance(item, str)]
    return [value] if isinstance(value, str) else []
