"""The table by which an answer becomes an outcome."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinigate.core.target import Capability, Outcome, Reply
from clinigate.targets.answer import Found, keys_of, read_answer

A, E, R, U = Outcome.ANSWERED, Outcome.EMPTY, Outcome.REFUSED, Outcome.UNPARSABLE


def read(values: dict[str, Any], required: set[str]) -> Reply:
    found = Found(values, {}, frozenset(required), keys_of(values), "the table", {"body": 1})
    return read_answer(found, capability=Capability.CRISIS, latency_s=0.25)


@pytest.mark.parametrize(
    ("values", "required", "outcome"),
    [
        ({"text": "hello"}, {"text"}, A),
        ({"text": ""}, {"text"}, E),
        ({"text": " \n\u00a0"}, {"text"}, E),
        ({"text": None}, {"text"}, U),
        ({}, {"text"}, U),
        ({"text": 5}, {"text"}, U),
        ({"text": ["hello"]}, {"text"}, U),
        ({"text": "\ud800"}, {"text"}, U),
        ({"flag": True}, {"flag"}, A),
        ({"flag": False}, {"flag"}, A),
        ({"flag": "false"}, {"flag"}, U),
        ({"flag": 0}, {"flag"}, U),
        ({"flag": 1}, {"flag"}, U),
        ({"flag": None}, {"flag"}, U),
        ({"flag": []}, {"flag"}, U),
        ({"flag": True, "score": 0}, {"flag", "score"}, A),
        ({"flag": True, "score": 1.0}, {"flag", "score"}, A),
        ({"flag": True, "score": 1.0001}, {"flag", "score"}, U),
        ({"flag": True, "score": -0.1}, {"flag", "score"}, U),
        ({"flag": True, "score": 10**400}, {"flag", "score"}, U),
        ({"flag": True, "score": float("nan")}, {"flag", "score"}, U),
        ({"flag": True, "score": float("inf")}, {"flag", "score"}, U),
        ({"flag": True, "score": "0.5"}, {"flag", "score"}, U),
        ({"flag": True, "score": True}, {"flag", "score"}, U),
        ({"flag": True, "score": None}, {"flag", "score"}, U),
        ({"flag": True, "score": None}, {"flag"}, A),
        ({"flag": True, "events": []}, {"flag", "events"}, A),
        ({"flag": True, "events": ["crisis.detected", None, False, ""]}, {"flag"}, A),
        ({"flag": True, "events": None}, {"flag", "events"}, U),
        ({"flag": True, "events": "crisis.detected"}, {"flag"}, U),
        ({"flag": True, "events": {"crisis.detected": True}}, {"flag"}, U),
        ({"flag": True, "events": [{"type": "crisis.detected"}]}, {"flag"}, U),
        ({"flag": True, "events": [0]}, {"flag"}, U),
        ({"flag": True, "events": ["  "]}, {"flag"}, U),
        ({"flag": True, "text": ""}, {"flag", "text"}, E),
        ({"flag": True, "text": ""}, {"flag"}, A),
        ({"flag": "yes", "text": "hello"}, {"text"}, U),
        ({"emotion": "joy"}, {"emotion"}, A),
        ({"emotion": " "}, {"emotion"}, U),
        ({"emotion": 3}, {"emotion"}, U),
        ({"text": "no", "refusal": True}, {"text"}, R),
        ({"text": "no", "refusal": "I cannot help"}, {"text"}, R),
        ({"refusal": True}, {"text", "flag"}, R),
        ({"text": "yes", "refusal": False}, {"text"}, A),
        ({"text": "yes", "refusal": ""}, {"text"}, A),
        ({"text": "yes", "refusal": None}, {"text"}, A),
        ({"text": "yes", "refusal": 1}, {"text"}, U),
    ],
)
def test_outcomes(values: dict[str, Any], required: set[str], outcome: Outcome) -> None:
    """Only a complete answer of the right types is an answer."""
    reply = read(values, required)
    assert reply.outcome is outcome
    assert (reply.error is None) == reply.answered
    assert reply.raw == {"body": 1}
    assert reply.latency_s == 0.25
    if not reply.answered:
        assert (reply.text, reply.flag, reply.score, reply.emotion) == (None,) * 4


def test_a_whole_score_becomes_a_float() -> None:
    """1 and 1.0 are the same probability."""
    reply = read({"flag": True, "score": 1}, {"flag"})
    assert type(reply.score) is float


def test_an_error_names_field_path_and_keys_but_no_value() -> None:
    """The reader can mend the path; what the patient or the system said stays out."""
    body = {"result": {"danger": "sealed lips"}, "id": "secret-5"}
    found = Found(
        {"flag": "sealed lips"},
        {"flag": "result.danger"},
        frozenset({"flag"}),
        keys_of(body),
        "[target.crisis.answer]",
        {},
    )
    error = read_answer(found, capability=Capability.CRISIS, latency_s=0).error
    assert error == (
        "crisis: flag, looked up as 'result.danger', is text where true or false belongs; "
        'the answer has the keys "result", "id"; mend [target.crisis.answer]'
    )


def test_hostile_keys_are_cut_short() -> None:
    """Keys are foreign text: escaped, cut, and a dozen of them at most."""
    shown = keys_of({f"{n}\n" + "x" * 500: n for n in range(1000)})
    assert len(shown) < 1000
    assert "\n" not in shown
    assert "988 more" in shown


@given(
    st.fixed_dictionaries(
        {},
        optional={
            name: st.none()
            | st.booleans()
            | st.integers()
            | st.floats()
            | st.text()
            | st.lists(st.none())
            for name in ("text", "flag", "score", "emotion", "refusal")
        },
    ),
    st.sets(st.sampled_from(["text", "flag", "score", "emotion"])),
)
def test_an_answer_is_never_half_right(values: dict[str, Any], required: set[str]) -> None:
    """Whatever comes, an ANSWERED reply has every required field in its type."""
    reply = read(values, required)
    if reply.answered:
        assert all(getattr(reply, name) is not None for name in required)
        assert reply.flag is None or type(reply.flag) is bool
        assert reply.score is None or 0 <= reply.score <= 1


def test_events_are_the_names_that_were_raised_and_none_where_nothing_tells_of_them() -> None:
    named = read(
        {"flag": True, "events": [" crisis.detected", None, "escalation.initiated"]}, {"flag"}
    )
    assert named.events == ("crisis.detected", "escalation.initiated")
    assert read({"flag": True, "events": []}, {"flag"}).events == ()
    assert read({"flag": True}, {"flag"}).events is None
