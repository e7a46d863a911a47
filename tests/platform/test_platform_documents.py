"""YAML is read as Kubernetes' tools read it, with lines, and nothing in it can hurt the reader."""

from __future__ import annotations

from contextlib import suppress

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from clinigate.platform.documents import MAX_DEPTH, Document, DocumentError, read_documents

TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=20)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)

BOMB = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{key}: &{key} [{', '.join([f'*{last}'] * 10)}]\n"
    for last, key in zip("abcdef", "bcdefg", strict=True)
)

REFUSED = {
    "a: 1\nb: 2\na: 3\n": (3, "the key 'a' stands twice, first in line 1"),
    "a:\n  - b: [1, 2\nc: 3\n": (3, "is no YAML"),
    "a: !Ref b\n": (1, "a tag that Kubernetes does not know"),
    "a: !!python/object/apply:os.system [x]\n": (1, "a tag that Kubernetes does not know"),
    "? [a]\n: b\n": (1, "a key is a mapping or a list"),
    "a: &x\n  b: *x\n": (2, "names nothing that ended before, or itself"),
    "a: *nowhere\n": (1, "names nothing"),
    "a: b\n? *nowhere\n": (2, "a key is an alias"),
    "a:\n  <<: text\n": (2, "merges what is no mapping"),
    "a: \x07\n": (1, "characters that YAML forbids"),
    "[" * 100_000: (1, f"more than {MAX_DEPTH} deep"),
    BOMB: (6, "once its aliases are followed"),
    "a: &a " + "x" * 1_000_000 + "\nb: [" + "*a, " * 100 + "]\n": (2, "once its aliases"),
}


def only(text: str) -> Document:
    (document,) = read_documents(text)
    return document


@pytest.mark.parametrize("text", REFUSED, ids=lambda text: repr(text[:24]))
def test_what_is_ambiguous_or_hostile_is_refused_with_its_line(text: str) -> None:
    line, words = REFUSED[text]
    with pytest.raises(DocumentError) as refusal:
        list(read_documents(text))
    assert refusal.value.line == line
    assert words in refusal.value.reason


@given(VALUES)
def test_plain_values_come_back_as_they_were_written(value: object) -> None:
    text = yaml.safe_dump(value, allow_unicode=True)
    assert [each.value for each in read_documents(text)] == ([] if value is None else [value])


@given(st.text(max_size=60))
def test_no_text_does_anything_but_read_or_be_refused(text: str) -> None:
    with suppress(DocumentError):
        list(read_documents(text))


def test_scalars_are_what_kubernetes_takes_them_for() -> None:
    stated = only(
        "a: yes\nb: 'yes'\nc: 010\nd: 0x10\ne: 1.5\nf: 2026-01-31\ng: 1e3\nh: ~\ni: +7\n"
        "j: .inf\nk: 12e\nl: !!str 5\nm: 1_000\nn: 0o17\no: NO\np: 1:30\n"
    ).value
    assert stated == {
        "a": True, "b": "yes", "c": 8, "d": 16, "e": 1.5, "f": "2026-01-31", "g": 1000.0,
        "h": None, "i": 7, "j": ".inf", "k": "12e", "l": "5", "m": 1000, "n": 15, "o": False,
        "p": "1:30",
    }  # fmt: skip


def test_keys_stay_text() -> None:
    assert only("on: 1\n5: 2\nnull: 3\n").value == {"on": 1, "5": 2, "null": 3}


def test_several_documents_and_empty_ones() -> None:
    text = "# nothing\n---\na: 1\n---\n---\nb: 2\n...\n"
    assert [(each.value, each.line) for each in read_documents(text)] == [
        ({"a": 1}, 3),
        ({"b": 2}, 6),
    ]


def test_anchors_and_merges_are_followed_and_keep_their_lines() -> None:
    document = only(
        "base: &base\n  x: 1\n  y: {z: 2}\nown:\n  <<: *base\n  x: 3\nalso: *base\n"
        "two:\n  <<: [{p: 1}, *base]\n"
    )
    assert document.value["own"] == {"x": 3, "y": {"z": 2}}
    assert document.value["two"] == {"p": 1, "x": 1, "y": {"z": 2}}
    assert document.line_of(("own", "x")) == 6
    assert document.line_of(("own", "y", "z")) == 3
    assert document.line_of(("also", "x")) == 2


def test_the_line_of_what_is_absent_is_that_of_what_would_hold_it() -> None:
    document = only("a:\n  b:\n    - c: 1\n      d: 2\n")
    assert document.line_of(("a", "b", 0, "d")) == 4
    assert document.line_of(("a", "b", 0, "e", "f")) == 3
    assert document.line_of(("a", "b", 7)) == 2
    assert document.line_of(("x",)) == 1
