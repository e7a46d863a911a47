"""Text of strangers: nothing acts unseen, nothing is lost, lines keep their width."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinigate.reports.text import cells, one_line, shortened, visible, wrapped

ANY_TEXT = st.text(st.characters(codec=None))


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("\x1b[2J", "[U+001B][2J"),
        ("a\u202eb", "a[U+202E]b"),
        ("555\u200b12", "555[U+200B]12"),
        ("\ud800", "[U+D800]"),
        ("\r", "[U+000D]"),
        ("one\ntwo\t3", "one\ntwo\t3"),
        ("plain", "plain"),
        ("naïve 病院 🙂", "naïve 病院 🙂"),
        ("e" + "\u0301" * 5, "e\u0301\u0301\u0301[U+0301][U+0301]"),
    ],
)
def test_what_acts_unseen_is_written_out(hostile: str, shown: str) -> None:
    assert visible(hostile) == shown


@given(ANY_TEXT)
def test_no_character_that_acts_unseen_survives(text: str) -> None:
    """Whatever comes in, the outcome encodes as UTF-8 and holds no control or format character."""
    shown = visible(text)
    shown.encode("utf-8")
    bad = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
    assert not [c for c in shown if unicodedata.category(c) in bad and c not in "\n\t"]
    assert visible(shown) == shown
    assert "\n" not in one_line(text)


@given(st.text(st.characters(categories=["L", "N", "P", "Zs"])), st.integers(12, 60))
def test_wrapping_loses_no_character_and_keeps_the_width(text: str, width: int) -> None:
    lines = wrapped(text, width, first="- ", rest="  ")
    assert all(cells(line) <= width for line in lines)
    body = "".join(line[2:] for line in lines).replace(" ", "")
    assert body == one_line(text).replace(" ", "")


def test_shortening_says_how_much_is_missing() -> None:
    assert shortened("a" * 10, 10) == "a" * 10
    assert shortened("a" * 1510, 10) == "a" * 10 + " … [1,500 more characters]"
