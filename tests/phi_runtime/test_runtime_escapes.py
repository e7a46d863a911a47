r"""What is written as escapes is found as what it means, and taken out as it is written."""

from __future__ import annotations

import json
import logging

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinigate.phi import PhiFilter, Redactor
from clinigate.phi.runtime.escapes import plain, unescaped
from clinigate.phi.runtime.window import SLICE, BodySearch
from clinigate.phi.tokens import Tokens


def _coded(text: str) -> str:
    return "".join(f"\\u{ord(char):04x}" for char in text)


@settings(max_examples=30)
@given(st.text(max_size=40))
def test_a_layer_of_json_is_what_json_says(text: str) -> None:
    written = json.dumps(text)[1:-1].encode()
    layers = unescaped(written)
    assert (layers[0].data if layers else written) == text.encode("utf-8", "surrogatepass")


@settings(max_examples=30)
@given(st.text('ab\\"\n\u2014\U0001f600', max_size=12), st.data())
def test_spans_lead_back_to_whole_escapes(text: str, data: st.DataObject) -> None:
    letters = [json.dumps(char)[1:-1] for char in text]
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    before, meant = (len(text[a:b].encode()) for a, b in ((0, start), (start, end)))
    written = "".join(letters).encode()
    begins = len("".join(letters[:start]))
    for layer in unescaped(written)[:1]:
        span = layer.span(before, before + meant)
        wanted = (begins, begins + len("".join(letters[start:end])))
        assert span == wanted or not meant


@pytest.mark.parametrize("layers", [1, 2, 3])
def test_an_address_behind_escapes_is_taken_out(email: str, layers: int) -> None:
    text = f'{{"to": "{email.replace("@", _coded("@"))}", "n": 1}}'
    for _ in range(layers - 1):
        text = json.dumps(text)
    clean = Redactor().text(text)
    assert "[CG-PHI-EMAIL]" in clean
    assert "quist" not in clean
    value: object = clean
    for _ in range(layers):
        value = json.loads(str(value))
    assert value == {"to": "[CG-PHI-EMAIL]", "n": 1}


def test_the_sign_of_an_escape_is_no_letter_beside_a_value(ssn: str) -> None:
    assert Redactor().text(f'"ssn\\n{ssn}\\tok"') == '"ssn\\n[CG-PHI-SSN]\\tok"'


def test_what_only_looks_like_escapes_stays() -> None:
    text = r"C:\users\new\table \u12 \xzz \d{3}-\d{2} \N \U0001"
    assert Redactor().text(text) is text
    assert plain(b"\\U0041 \\X41") == b"\\U0041 \\X41"


def test_a_value_has_one_token_however_it_is_written(email: str) -> None:
    redactor = Redactor(tokens=Tokens(b"0123456789abcdef", lasting=True))
    assert redactor.text(email.replace("@", _coded("@"))) == redactor.text(email)


def test_logs_hold_none(email: str) -> None:
    coded = json.dumps({"mail": email}).replace("@", "\\u0040")
    record = logging.makeLogRecord({"msg": "body %s", "args": (coded,)})
    PhiFilter().filter(record)
    assert record.getMessage() == 'body {"mail": "[CG-PHI-EMAIL]"}'


@pytest.mark.parametrize("lead", [0, SLICE - 30, SLICE + 500])
def test_bodies_in_pieces_hold_none(email: str, lead: int) -> None:
    search = BodySearch(Redactor(), encoding="", longest=2**20)
    body = b" " * lead + f'{{"mail": "{_coded(email)}"}}'.encode() + b" " * SLICE
    for at in range(0, len(body), 1000):
        search.feed(body[at : at + 1000])
    search.finish()
    assert search.rules == {"CG-PHI-EMAIL": 1}
