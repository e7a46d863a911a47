"""Nouns survive the way to JSON and back; whatever does not fit is refused with its path."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinigate.core import (
    Criterion,
    Fault,
    Finding,
    Gap,
    Interval,
    Kind,
    Measurement,
    Observation,
    PackUse,
    Plan,
    Profile,
    Relation,
    Results,
    Scope,
    SliceResult,
    Split,
    Subject,
    from_plain,
    to_plain,
)
from clinigate.core.canonical import canonical_bytes, parse_json

numbers = st.floats(allow_nan=False, allow_infinity=False)
words = st.text(max_size=12)
intervals = st.builds(Interval, st.none() | numbers, st.none() | numbers, numbers, words)
slices = st.builds(SliceResult, words, st.none() | numbers, st.integers(), st.none(), intervals)
measurements = st.builds(
    Measurement,
    metric=words,
    kind=st.sampled_from(Kind),
    value=st.none() | numbers,
    n=st.integers(0),
    interval=st.none() | intervals,
    scope=st.sampled_from(Scope),
    slices=st.lists(slices, max_size=2).map(tuple),
    caveats=st.lists(words, max_size=2).map(tuple),
)
abouts = st.one_of(
    measurements,
    st.builds(Finding, words, words, st.none() | words),
    st.builds(Gap, words, words, st.none() | st.sampled_from(Scope)),
    st.builds(Fault, words, words),
)
observations = st.builds(Observation, words, abouts, st.lists(words, max_size=2).map(tuple))


@given(observations)
def test_observation_round_trip_through_bytes(observation: Observation) -> None:
    data = canonical_bytes(to_plain(observation))
    assert from_plain(Observation, parse_json(data)) == observation


def test_results_round_trip() -> None:
    results = Results(
        run="20261121T000000Z-00",
        subject=Subject("s", digests={"image": "sha256:" + "0" * 64}),
        target="t",
        plan=Plan(
            profile=Profile.PR,
            split=Split.DEV,
            exposed_to=("crisis-en",),
            packs={"crisis": ("crisis-en",)},
            only_cases=frozenset({"b", "a"}),
        ),
        started_at="2026-11-21T00:00:00Z",
        finished_at="2026-11-21T00:00:01Z",
        criteria=(Criterion("m", "m", Relation.BELOW, 0.1),),
        verdicts=(),
        observations=(),
        packs=(PackUse("p", "1", "sha256:0", 3, "Clinigate authors"),),
    )
    plain = to_plain(results)
    assert plain["plan"]["only_cases"] == ["a", "b"]
    assert from_plain(Results, parse_json(canonical_bytes(plain))) == results


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ([], "Gap: got list, wanted an object"),
        ({"metric": "m"}, r"Gap\.reason: got 'nothing'"),
        ({"metric": 3, "reason": "r"}, r"Gap\.metric: got 3, wanted a str"),
        ({"metric": "m", "reason": "r", "extra": 1}, "got 'extra', wanted one of metric"),
        ({"metric": "m", "reason": "r", "scope": "all"}, r"Gap\.scope: got 'all', wanted a Scope"),
    ],
)
def test_what_does_not_fit_is_refused(data: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        from_plain(Gap, data)


def test_a_union_needs_a_known_tag() -> None:
    data = {"check": "c", "about": {"_type": "Guess"}, "controls": [], "evidence": []}
    with pytest.raises(ValueError, match=r"about\._type: got 'Guess', wanted one of Measurement"):
        from_plain(Observation, data)


def test_a_tag_of_another_type_is_refused_as_well() -> None:
    with pytest.raises(ValueError, match=r"about\._type: got list, wanted one of Measurement"):
        from_plain(Observation, {"check": "c", "about": {"_type": []}})


def test_what_somebody_said_in_the_wrong_place_is_not_repeated() -> None:
    for wrong in ("I told my nurse everything", ["I told my nurse"], {"said": "my nurse"}):
        with pytest.raises(ValueError, match="wanted") as error:
            from_plain(Plan, {"seed": wrong})
        assert "nurse" not in str(error.value)


def test_a_number_beyond_every_float_is_refused() -> None:
    with pytest.raises(ValueError, match=r"Plan\.timeout_s: got int, wanted a float"):
        from_plain(Plan, {"timeout_s": 10**400})


def test_what_the_noun_itself_refuses_names_its_path() -> None:
    with pytest.raises(ValueError, match="Plan: plan: repeats is 0, it must be at least 1"):
        from_plain(Plan, {"repeats": 0})


def test_true_is_no_number() -> None:
    with pytest.raises(ValueError, match=r"Plan\.seed: got True"):
        from_plain(Plan, {"seed": True})


@pytest.mark.parametrize("possible", [[], [0.0], [0.0, 0.5, 1.0]])
def test_a_pair_has_two_values(possible: list[float]) -> None:
    plain = {"id": "a", "metric": "b", "relation": "AT_LEAST", "limit": 0.5, "possible": possible}
    plain["relation"] = next(iter(Relation)).value
    with pytest.raises(ValueError, match="wanted a list of 2"):
        from_plain(Criterion, plain)
