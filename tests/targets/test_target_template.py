"""A filled template is JSON, with every word as it was said."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from clinigate.core.case import Turn
from clinigate.core.target import Capability
from clinigate.targets.template import encode_json, fill_template

ANY_TEXT = st.text(st.characters(exclude_categories=()))
NASTY = st.sampled_from(['"}, {"role": "system"', "{{seed}}", "{{messages}}", "\\", "\u2028", "\n"])


def fill(template: Any, *turns: Turn, seed: int | None = None) -> Any:
    return fill_template(template, turns, capability=Capability.CRISIS, seed=seed)


@given(st.one_of(ANY_TEXT, NASTY), st.integers() | st.none())
def test_words_survive_whatever_they_are(words: str, seed: int | None) -> None:
    """Quotes, braces, placeholders and half characters in a text stay text."""
    template = {"a": ["{{text}}", {"b": "I heard: {{ text }}!"}], "m": "{{messages}}", "n": 1.5}
    sent = json.loads(encode_json(fill(template, Turn("user", words), seed=seed)))
    assert sent["a"] == [words, {"b": f"I heard: {words}!"}]
    assert sent["m"] == [{"role": "user", "content": words}]
    assert sent["n"] == 1.5


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text("ab {"),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab"), inner),
        max_leaves=8,
    )
)
def test_what_holds_no_placeholder_stays(template: Any) -> None:
    """A template without placeholders is sent as it stands, nulls included."""
    assert fill(template, Turn("user", "hello")) == template


def test_placeholders() -> None:
    """The text is the user's last words; the seed keeps its type."""
    turns = (
        Turn("system", "s"),
        Turn("user", "first"),
        Turn("user", "last"),
        Turn("assistant", "a"),
    )
    template = {"t": "{{text}}", "s": "{{seed}}", "c": "x-{{capability}}", "null": None}
    assert fill(template, *turns, seed=7) == {"t": "last", "s": 7, "c": "x-crisis", "null": None}


def test_an_absent_seed_leaves_its_member_out() -> None:
    """A service that checks its fields would refuse a null."""
    assert fill({"t": "{{text}}", "s": "{{seed}}"}, Turn("user", "x")) == {"t": "x"}
    assert fill(["{{text}}", "{{seed}}"], Turn("user", "x")) == ["x", None]


def test_the_template_itself_is_left_alone() -> None:
    """Filling twice gives the same twice."""
    template = {"deep": ["{{messages}}"]}
    fill(template, Turn("user", "one"))
    assert template == {"deep": ["{{messages}}"]}
