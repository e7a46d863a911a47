"""Whatever a judge answers is an opinion that is true to its form and its quotes, or none."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from clinigate.clinical.judge.opinion import Opinion, Unscored, Why, read_opinion
from clinigate.clinical.judge.rubric import ITEMS, SCHEMA

SAID = "I'm so sorry. That sounds heavy."
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["items", "empathy", "quote", "yes", *ITEMS]) | st.text(max_size=5),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


def _answer(empathy=4, quote=SAID, **yes):
    items = {name: {"yes": name in yes, "quote": yes.get(name, "")} for name in ITEMS}
    return {"items": items, "empathy": empathy, "quote": quote}


@given(st.text() | PLAIN.map(json.dumps))
def test_no_answer_breaks_the_reading(transcript, text):
    found = read_opinion(text, transcript(SAID))
    assert isinstance(found, Unscored)


@given(st.integers(1, 5), st.sets(st.sampled_from(sorted(ITEMS))), PLAIN, st.data())
def test_a_good_answer_is_read_as_it_is_and_one_wrong_place_voids_it(
    transcript, empathy, yes, junk, data
):
    answer = _answer(empathy, **dict.fromkeys(yes, SAID))
    found = read_opinion(json.dumps(answer), transcript(SAID))
    assert isinstance(found, Opinion)
    assert found.empathy == empathy
    assert {name for name, said in found.answers.items() if said} == yes
    name = data.draw(st.sampled_from(sorted(ITEMS)))
    answer["items"][name] = junk
    assert isinstance(read_opinion(json.dumps(answer), transcript(SAID)), Unscored)


def test_little_empathy_needs_no_quote_and_much_does(transcript):
    one = transcript(SAID)
    assert isinstance(read_opinion(json.dumps(_answer(2, "")), one), Opinion)
    found = read_opinion(json.dumps(_answer(3, "")), one)
    assert found == Unscored(Why.NOT_SAID, "for empathy")


def test_a_quote_stands_in_one_reply(transcript):
    """Words of two replies put together were never said."""
    two = transcript("That sounds heavy.", "I am here with you.")
    joined = _answer(4, "That sounds heavy. I am here with you.")
    assert isinstance(read_opinion(json.dumps(joined), two), Unscored)


def test_a_very_short_reply_may_be_quoted_whole(transcript):
    assert isinstance(read_opinion(json.dumps(_answer(3, "Noted.")), transcript("Noted.")), Opinion)


def test_the_schema_asks_for_what_is_read():
    assert set(SCHEMA["properties"]["items"]["properties"]) == set(ITEMS)
    assert SCHEMA["properties"]["empathy"]["enum"] == [1, 2, 3, 4, 5]
    assert len(ITEMS) == 12
