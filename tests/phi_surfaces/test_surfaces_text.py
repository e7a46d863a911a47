"""Text is read in its encoding, and what no text is, as bytes."""

from __future__ import annotations

import io
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinigate.phi.surfaces import Limits, open_stream
from clinigate.phi.surfaces.text import encoding_of

_TEXT = "Grüße an Zoë 東京\nzweite Zeile\r\nthird 🙂\n"
_SMALL = Limits(chunk=20_001)


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"]
)
def test_every_unicode_encoding_becomes_utf_8(opened: Any, encoding: str) -> None:
    text = _TEXT * 2000 if encoding == "utf-16" else "plain line 4711\n" * 3000
    seen = opened(f"{encoding}.txt", text.encode(encoding), _SMALL)
    assert seen.text() == text.encode().removesuffix(b"\n")
    assert seen.media == {"text"}
    assert not seen.missed


def test_latin_1_and_broken_utf_8_stay_as_they_are(opened: Any) -> None:
    data = "Zoë\n".encode("latin-1") + b"\xff\xfe\xfd broken \xc3\n"
    assert opened("latin.txt", data).text() + b"\n" == data


def test_bytes_that_are_no_text_are_searched_and_called_binary(opened: Any) -> None:
    data = b"\x7fELF\0\1\2\0" + bytes(range(256)) * 80
    seen = opened("program", data)
    assert (seen.text(), seen.media) == (data, {"binary"})


@settings(max_examples=30)
@given(text=st.text(st.characters(codec="utf-8"), max_size=60), size=st.integers(1, 9))
def test_utf_16_does_not_depend_on_where_it_is_cut(text: str, size: int) -> None:
    class Slowly(io.BytesIO):
        def read(self, wanted: int | None = -1, /) -> bytes:
            return super().read(min(size, wanted or 1) if wanted != -1 else -1)

    stream = Slowly(("\ufeff" + text).encode("utf-16-le"))
    [part] = open_stream(stream)
    found = b"".join(part.chunks)  # type: ignore[union-attr]
    assert found.startswith(text.encode())


@pytest.mark.parametrize(
    ("head", "encoding"),
    [
        (b"", "utf-8"),
        (b"plain", "utf-8"),
        (b"\xef\xbb\xbfmarked", "utf-8"),
        (b"\xff\xfea\0", "utf-16-le"),
        (b"\xff\xfe\0\0a\0\0\0", "utf-32-le"),
        (b"a\0b\0c\0d\0e\0", "utf-16-le"),
        (b"\0a\0b\0c\0d\0e", "utf-16-be"),
        (b"\0\0\0\1\0\0\0\2", ""),
        (b"text and \0", ""),
    ],
)
def test_the_first_bytes_say_the_encoding(head: bytes, encoding: str) -> None:
    assert encoding_of(head)[0] == encoding


def test_escapes_within_a_log_are_read(opened: Any) -> None:
    log = (
        b'12:00 INFO {"user": {"mail": "jane\\u0040example.com"}, "n": "a\\nb"} done\n'
        b"12:01 plain C:\\path {not json\n"
        b'12:02 [{"x": "1\\t2"}] and {"y": "\\u002d"}\n'
    )
    seen = opened("app.log", log)
    assert seen.text() == log.removesuffix(b"\n")
    assert seen.cells() >= {
        (1, "user.mail: jane@example.com"),
        (1, "n: a"),
        (3, "x: 1\t2"),
        (3, "y: -"),
    }


def test_escapes_in_a_document_whose_keys_say_nothing_are_read(opened: Any) -> None:
    document = b'{\n  "key": "say \\"so\\"",\n  "list": [\n    "a\\u0040b"\n  ]\n}\n'
    seen = opened("words.json", document)
    assert seen.cells() == {(2, 'key: say "so"'), (4, ": a@b")}


def test_an_empty_file_is_a_part_of_nothing(opened: Any) -> None:
    seen = opened("empty.txt", b"")
    assert (seen.text(), seen.missed) == (b"", [])
