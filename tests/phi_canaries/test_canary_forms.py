"""A canary is found in every encoding that the docs name, and said to be in that one."""

from __future__ import annotations

import base64
import binascii
import gzip
import hashlib
import json
import quopri
import zlib
from collections.abc import Callable
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinigate.phi.canaries import Patient, make_patients
from clinigate.phi.canary_search import CanarySearch
from clinigate.phi.forms import forms_of

PATIENTS = make_patients(seed=11, count=2)
SEARCH = CanarySearch(PATIENTS)
CANARY = st.sampled_from([(p.id, f, v) for p in PATIENTS for f, v in p.values.items()])
TEXT = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=40)

Encode = Callable[[str], bytes]


def _all_escaped(template: str) -> Encode:
    return lambda text: "".join(template.format(ord(c)) for c in text).encode()


#: How a whole text with the canary in it is written, and what the hit is to be called.
WAYS: dict[str, tuple[str, Encode]] = {
    "as it is": ("plain", str.encode),
    "in capitals": ("plain", lambda text: text.upper().encode()),
    "utf-16 little": ("utf-16", lambda text: text.encode("utf-16-le")),
    "utf-16 big": ("utf-16", lambda text: text.encode("utf-16-be")),
    "hex": ("hex", lambda text: text.encode().hex().encode()),
    "HEX": ("hex", lambda text: text.encode().hex().upper().encode()),
    "base64": ("base64", lambda text: base64.b64encode(text.encode())),
    "url, all": ("url", _all_escaped("%{:02X}")),
    "json, all": ("json", _all_escaped("\\u{:04x}")),
    "json in json": ("json", _all_escaped("\\\\u{:04x}")),
    "html, decimal": ("html", _all_escaped("&#{};")),
    "html, hexadecimal": ("html", _all_escaped("&#x{:X};")),
    "quoted-printable, all": ("quoted-printable", _all_escaped("={:02X}")),
    "reversed": ("reversed", lambda text: text[::-1].encode()),
    "gzip": ("compressed", lambda text: gzip.compress(text.encode())),
    "zlib in base64": ("compressed", lambda text: base64.b64encode(zlib.compress(text.encode()))),
    "base64 in gzip": (
        "compressed",
        lambda text: gzip.compress(base64.b64encode(text.encode())),
    ),
    "gzip in gzip": ("compressed", lambda text: gzip.compress(gzip.compress(text.encode()))),
}


@pytest.mark.parametrize("way", WAYS)
@given(canary=CANARY, before=TEXT, after=TEXT)
def test_it_is_found_in_every_encoding(
    way: str, canary: tuple[str, str, str], before: str, after: str
) -> None:
    patient, _, value = canary
    form, encode = WAYS[way]
    found = {
        (hit.patient, hit.form) for hit in SEARCH.search(b"a " + encode(before + value + after))
    }
    assert (patient, form) in found


@pytest.mark.parametrize("name", ["md5", "sha1", "sha256"])
@given(canary=CANARY, spell=st.sampled_from([str, str.lower, str.upper]))
def test_a_digest_stands_for_somebody(
    name: str, canary: tuple[str, str, str], spell: Callable[[str], str]
) -> None:
    patient, field, value = canary
    digest = hashlib.new(name, spell(value).encode()).digest()
    for written, how in (
        (digest.hex().encode(), "hex"),
        (digest.hex().upper().encode(), "hex"),
        (base64.b64encode(digest), "base64"),
        (base64.b64encode(digest).rstrip(b"="), "base64"),
        (base64.urlsafe_b64encode(digest), "base64"),
    ):
        (hit,) = SEARCH.search(b"user=" + written + b" seen")
        assert (hit.patient, hit.field) == (patient, field)
        assert hit.form.startswith(f"{name} in {how}")


@pytest.mark.parametrize("width", [60, 64, 76])
@pytest.mark.parametrize("line_end", [b"\n", b"\r\n", b"\n    ", b"\\n", b"\\r\\n"])
@given(canary=CANARY, before=st.binary(max_size=120), after=st.binary(max_size=120))
def test_base64_in_lines_hides_nothing(
    width: int, line_end: bytes, canary: tuple[str, str, str], before: bytes, after: bytes
) -> None:
    patient, _, value = canary
    flat = base64.b64encode(before + value.encode() + after)
    data = line_end.join(flat[at : at + width] for at in range(0, len(flat), width))
    hits = [hit for hit in SEARCH.search(b"-----\n" + data + b"\n-----") if hit.patient == patient]
    assert [hit.form for hit in hits] in (["base64"], ["base64 in lines"])


def test_a_value_over_many_lines_is_found_with_its_span() -> None:
    long = " ".join(f"word{number}" for number in range(40))
    search = CanarySearch([Patient("p", {"note": long}, {})])
    data = b"head\n" + binascii.b2a_base64(b"xy" + long.encode() + b"z").strip()
    lines = b"\n".join(data[5:][at : at + 76] for at in range(0, len(data) - 5, 76))
    (hit,) = search.search(b"head\n" + lines)
    assert hit.form == "base64 in lines"
    assert b"\n" in (b"head\n" + lines)[hit.start : hit.end]


@given(canary=CANARY, before=st.integers(0, 80), eol=st.sampled_from([b"\n", b"\r\n"]))
def test_soft_breaks_hide_nothing(canary: tuple[str, str, str], before: int, eol: bytes) -> None:
    patient, _, value = canary
    data = quopri.encodestring(b"=" + b"x" * before + b" " + value.encode() + b" y")
    found = {hit.patient for hit in SEARCH.search(data.replace(b"\n", eol))}
    assert found == {patient}


def test_letters_beyond_ascii_are_found_as_every_format_writes_them() -> None:
    name = "Zoë Quistová-Bräx"
    search = CanarySearch([Patient("zoe", {"name": name}, {})])
    written = [
        *(each.encode() for each in (name, name.upper(), name.lower())),
        name.encode("latin-1"),
        name.encode("utf-16-le"),
        json.dumps(name).encode(),
        json.dumps(json.dumps(name)).encode(),
        quote(name).encode(),
        quote(quote(name)).encode(),
        b"Zo&euml; Quistov&aacute;-Br&auml;x",
        quopri.encodestring(name.encode()),
    ]
    for each in written:
        assert [hit.patient for hit in search.search(b"<" + each + b">")] == ["zoe"], each


@given(value=st.text(min_size=8, max_size=30))
def test_any_value_has_forms_and_is_found_as_it_stands(value: str) -> None:
    if any(0xD800 <= ord(c) < 0xE000 for c in value):
        return
    forms = forms_of(value)
    assert len({(each.data, each.folded) for each in forms}) == len(forms)
    assert all(each.data for each in forms)
    found = CanarySearch([Patient("p", {"v": value}, {})]).search(b"\n" + value.encode() + b"\n")
    assert found
