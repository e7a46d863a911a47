"""Mail is read as its reader reads it: coded parts, coded headers, attachments, mailboxes."""

from __future__ import annotations

import base64
import gzip
import io
import zipfile
from email.message import EmailMessage
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinigate.phi.surfaces import Limits, open_stream

_SAID = "of Jane Doe \u2014 her phone"


def _mail(**more: Any) -> EmailMessage:
    mail = EmailMessage()
    mail["Subject"] = more.get("subject", "a visit")
    mail["From"] = "a@example.com"
    mail["MIME-Version"] = "1.0"
    mail.set_content(more.get("text", "plain\n"), cte=more.get("cte"), charset="utf-8")
    return mail


@pytest.mark.parametrize("cte", ["base64", "quoted-printable", "8bit"])
def test_a_body_is_decoded(opened: Any, cte: str) -> None:
    whole = _mail(text=_SAID, cte=cte).as_bytes()
    for end in (b"\n", b"\r\n"):
        seen = opened("visit.eml", whole.replace(b"\n", end))
        assert _SAID.encode() in seen.everything()
        assert not seen.missed
        assert seen.text().startswith(b"Subject: a visit")


def test_its_ending_is_not_asked(opened: Any) -> None:
    assert _SAID.encode() in opened("1700.M1", _mail(text=_SAID, cte="base64").as_bytes()).text(
        "part 1"
    )


def test_a_body_of_another_alphabet_is_utf8(opened: Any) -> None:
    coded = base64.encodebytes("Zo\xeb Do\xeb".encode("utf-16"))
    head = b"MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-16\n"
    seen = opened("wide.eml", head + b"Content-Transfer-Encoding: base64\n\n" + coded)
    assert seen.text("part 1") == "Zo\xeb Do\xeb".encode()


def test_headers_are_shown_as_a_reader_sees_them(opened: Any) -> None:
    seen = opened("coded.eml", _mail(subject="Zo\xeb Doe, seen").as_bytes())
    assert seen.text("headers") == "Subject: Zo\xeb Doe, seen".encode()


def test_what_is_attached_is_opened(opened: Any) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.csv", b"id,ssn\n1,none\n")
    inner, outer = _mail(text="forwarded", cte="base64"), _mail()
    inner.add_attachment(
        packed.getvalue(), maintype="application", subtype="zip", filename="rows.zip"
    )
    outer.add_attachment(inner)
    seen = opened("forwarded.eml.gz", gzip.compress(outer.as_bytes()))
    assert (2, "ssn: none") in seen.cells("rows.zip!/a.csv")
    assert not seen.missed


@pytest.mark.parametrize("packed", [False, True])
def test_a_mailbox_is_read_message_by_message(opened: Any, packed: bool) -> None:
    texts = [f"message of Jane Doe, number {number}" for number in range(3)]
    box = b"\n".join(
        b"From a@example.com Thu Jan  1 00:00:00 2026\n" + _mail(text=text, cte="base64").as_bytes()
        for text in texts
    )
    seen = opened("box.gz", gzip.compress(box)) if packed else opened("box", box)
    assert [seen.text(f"{n}part 1").decode() for n in ("", "message 2!/", "message 3!/")] == texts


@pytest.mark.parametrize(
    ("said", "body"),
    [
        (b"Content-Type: application/pkcs7-mime", b"AAAA\n"),
        (b"Content-Transfer-Encoding: base64", b"A!!A\n"),
        (b"X: " + b"boundary=x; " * 70, b"x\n"),
    ],
)
def test_what_is_not_decoded_is_told(opened: Any, said: bytes, body: bytes) -> None:
    seen = opened("told.eml", b"MIME-Version: 1.0\n" + said + b"\n\n" + body)
    assert len(seen.missed) == 1
    assert body.strip() in seen.text()


def test_one_that_is_too_large_is_told(opened: Any) -> None:
    small = Limits(held=2**20)
    whole = _mail(text="x\n" * 2**19 + _SAID, cte="base64").as_bytes()
    for name, data in (("big.eml", whole), ("big.eml.gz", gzip.compress(whole))):
        assert len(opened(name, data, small).missed) == 1


def test_a_text_that_begins_with_colons_is_a_text(opened: Any) -> None:
    assert opened("notes.txt", b"name: x\nnote: y\n\nMIME-Version: 1.0\n").lines.keys() == {""}


@settings(max_examples=30)
@given(at=st.integers(0, 400), data=st.binary(max_size=20))
def test_damage_never_raises(read_parts: Any, at: int, data: bytes) -> None:
    mail = _mail(text=_SAID, cte="base64", subject="Zo\xeb")
    mail.add_attachment(b"abc", maintype="application", subtype="x", filename="Zo\xeb.x")
    whole = mail.as_bytes()
    seen = read_parts(open_stream(io.BytesIO(whole[:at] + data + whole[at + len(data) :])))
    assert seen.missed or seen.everything()
