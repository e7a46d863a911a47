"""A profile is accepted as its writer means it, or refused with file, field and remedy."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from clinigate.errors import ConfigError, UsageError
from clinigate.load.graph import reachable
from clinigate.load.library import builtin_profiles, find_profile, parse_profile, read_profile
from clinigate.load.run import adjusted
from clinigate.load.script import script_of
from clinigate.load.shape import shape_of


def plain(**changes: Any) -> dict[str, Any]:
    """A profile that is right, with some of its fields changed; None takes one away."""
    base: dict[str, Any] = {
        "schema": "clinigate.load-profile/1",
        "name": "tiny",
        "title": "Tiny",
        "arrivals": {"conversations_per_s": 5, "duration_s": 2},
        "personas": [{"name": "anyone", "weight": 1, "start": "hello"}],
        "states": {
            "hello": {"say": ["Hi"], "next": [{"to": "hello", "p": 0.4}, {"to": "bye", "p": 0.6}]},
            "bye": {"say": ["Bye"], "end": True},
        },
    }
    return {key: value for key, value in (base | changes).items() if value is not None}


def parsed(data: Any) -> Any:
    return parse_profile(yaml.safe_dump(data), source="team.yaml")


def state(**changes: Any) -> dict[str, Any]:
    return plain()["states"] | changes


WRONG: list[tuple[str, dict[str, Any], str, str]] = [
    ("unreachable", plain(states=state(lost={"say": ["?"], "end": True})), "states.lost", "lead a"),
    (
        "sum",
        plain(states=state(hello={"say": ["Hi"], "next": [{"to": "bye", "p": 0.6}]})),
        "states.hello.next",
        "add up to 0.6",
    ),
    (
        "no such start",
        plain(personas=[{"name": "a", "weight": 1, "start": "helo"}]),
        "personas.a",
        "did you mean 'hello'",
    ),
    (
        "no such state",
        plain(states=state(hello={"say": ["Hi"], "next": [{"to": "by", "p": 1}]})),
        "states.hello.next.0.to",
        "did you mean 'bye'",
    ),
    (
        "weights",
        plain(personas=[{"name": "a", "weight": 0.5, "start": "hello"}]),
        "personas",
        "add up to 0.5",
    ),
    (
        "no end",
        plain(states={"hello": {"say": ["Hi"], "next": [{"to": "hello", "p": 1}]}}),
        "states",
        "end: true",
    ),
    (
        "trap",
        plain(
            states=state(
                hello={"say": ["a"], "next": [{"to": "bye", "p": 0.5}, {"to": "trap", "p": 0.5}]},
                trap={"say": ["b"], "next": [{"to": "trap", "p": 1}]},
            )
        ),
        "states.trap",
        "no end can be reached",
    ),
    (
        "only conditions",
        plain(states=state(hello={"say": ["a"], "next": [{"to": "bye", "when": {"flag": True}}]})),
        "states.hello.next",
        "no way on",
    ),
    (
        "says nothing",
        plain(states=state(hello={"next": [{"to": "bye", "p": 1}]})),
        "states.hello",
        "says nothing",
    ),
    (
        "expects without crisis",
        plain(states=state(bye={"say": ["b"], "end": True, "expect": {"flag": True}})),
        "states.bye",
        "crisis: true",
    ),
    (
        "both p and when",
        plain(
            states=state(
                hello={"say": ["a"], "next": [{"to": "bye", "p": 1, "when": {"flag": True}}]}
            )
        ),
        "states.hello.next.0",
        "exactly one",
    ),
    (
        "pattern",
        plain(
            states=state(
                hello={
                    "say": ["a"],
                    "next": [{"to": "bye", "when": {"matches": "("}}, {"to": "bye", "p": 1}],
                }
            )
        ),
        "states.hello.next.0.when.matches",
        "regular expression",
    ),
    (
        "unknown key",
        plain(arrivals={"conversations_per_s": 1, "duration": 2}),
        "arrivals.duration",
        "did you mean",
    ),
    (
        "no rate",
        plain(arrivals={"conversations_per_s": 0, "duration_s": 2}),
        "arrivals.conversations_per_s",
        "greater than 0",
    ),
    (
        "surge backwards",
        plain(
            arrivals={
                "conversations_per_s": 1,
                "duration_s": 2,
                "surge": {"begin": 0.6, "end": 0.5, "factor": 2},
            }
        ),
        "arrivals.surge",
        "begin below end",
    ),
    (
        "curve backwards",
        plain(
            arrivals={
                "conversations_per_s": 1,
                "duration_s": 2,
                "curve": {"points": [[2, 1], [1, 1]]},
            }
        ),
        "arrivals.curve",
        "ascending",
    ),
    ("impatient", plain(timeout_s=10), "the file", "below objectives.crisis_within_s (30)"),
    *(
        (
            f"{goal} as long as the time-out",
            plain(timeout_s=40, objectives={goal: 40}),
            "the file",
            "not above objectives.latency_p95_s and ttft_p95_s (at most 40)",
        )
        for goal in ("latency_p95_s", "ttft_p95_s")
    ),
    (
        "twice",
        plain(personas=[{"name": "a", "weight": 0.5, "start": "hello"}] * 2),
        "personas",
        "stands twice",
    ),
    ("no states", plain(states=None), "states", "missing"),
]


@pytest.mark.parametrize(
    ("data", "field", "why"), [w[1:] for w in WRONG], ids=[w[0] for w in WRONG]
)
def test_what_cannot_be_meant_is_refused_by_file_field_and_remedy(
    data: dict[str, Any], field: str, why: str
) -> None:
    with pytest.raises(ConfigError) as refusal:
        parsed(data)
    message = str(refusal.value)
    assert message.startswith("team.yaml: ")
    assert field in message
    assert why in message
    assert "\n" not in message


def test_the_base_of_these_refusals_is_accepted() -> None:
    assert parsed(plain()).profile.name == "tiny"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("a: 1\na: 2\n", "stands twice"),
        ("a: [1\n", "is not YAML in line"),
        ("- 1\n", "holds no mapping"),
        ("", "holds no mapping"),
        ("? [a]\n: 1\n", "no plain word"),
        ("a: !!python/object/apply:os.getcwd []\n", "is not YAML"),
    ],
)
def test_what_is_no_profile_at_all_is_refused(text: str, why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        parse_profile(text, source="team.yaml")


def test_missing_files_and_names_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        read_profile(tmp_path / "absent.yaml")
    with pytest.raises(ConfigError, match="did you mean 'weekday'"):
        find_profile("weekdy")
    with pytest.raises(ConfigError, match=r"\[load\] profiles names own/"):
        find_profile("smoke", own=["own/*.yaml"], base_dir=tmp_path)


def test_a_teams_own_profile_is_found_by_its_file_name(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump(plain()), encoding="utf-8")
    found = find_profile("mine", own=["*.yaml"], base_dir=tmp_path)
    assert found.profile.title == "Tiny"
    assert found.digest == parsed(plain()).digest


def test_nobody_takes_the_name_of_a_profile_that_ships(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump(plain(name="weekday")), encoding="utf-8")
    for find in (
        lambda: find_profile(str(tmp_path / "mine.yaml")),
        lambda: find_profile("mine", own=["*.yaml"], base_dir=tmp_path),
    ):
        with pytest.raises(ConfigError, match=r"mine\.yaml: name: 'weekday' is a built-in"):
            find()


@pytest.mark.parametrize("name", builtin_profiles())
def test_every_profile_that_ships_can_be_played_and_names_its_sources(name: str) -> None:
    loaded = find_profile(name)
    script, shape = script_of(loaded.profile), shape_of(loaded.profile.arrivals)
    assert loaded.profile.name == name
    assert loaded.profile.sources
    drawn = (
        sum(role.drawn for role in script.roles if script.steps[role.start].crisis) * shape.expected
    )
    assert drawn > loaded.profile.objectives.crisis_min_n, "too few crises for a verdict"


def test_the_six_profiles_ship() -> None:
    names = {"weekday", "evening-peak", "post-event-surge", "senior-living", "soak", "smoke"}
    assert set(builtin_profiles()) == names


def test_another_length_and_rate_keep_the_places_of_the_surge() -> None:
    loaded = adjusted(find_profile("post-event-surge"), duration_s=10, rate=2)
    shape = shape_of(loaded.profile.arrivals)
    assert shape.surge == (3.0, 7.0, 8.0)
    assert shape.peak == 16.0
    assert loaded.digest != find_profile("post-event-surge").digest
    for wrong in (0.0, -1.0, math.inf, math.nan):
        with pytest.raises(UsageError, match="--duration and --rate: 'conversations_per_s'"):
            adjusted(loaded, rate=wrong)


NAMES = [f"s{number}" for number in range(6)]


@st.composite
def graphs(draw: st.DrawFn) -> dict[str, Any]:
    """Graphs of up to six states whose ways go anywhere."""
    names = NAMES[: draw(st.integers(1, 6))]
    states: dict[str, Any] = {}
    for name in names:
        to = draw(st.lists(st.sampled_from(names), max_size=3))
        if to:
            share = 1 / len(to)
            states[name] = {"say": ["x"], "next": [{"to": each, "p": share} for each in to]}
        else:
            states[name] = {"say": ["x"], "end": True}
    return states


@given(graphs())
def test_a_graph_is_accepted_exactly_when_every_state_is_met_and_can_end(
    states: dict[str, Any],
) -> None:
    ways = {name: {branch["to"] for branch in s.get("next", [])} for name, s in states.items()}

    def met(start: str) -> set[str]:
        seen, ahead = set(), {start}
        while ahead:
            seen |= ahead
            ahead = {to for each in ahead for to in ways[each]} - seen
        return seen

    ends = {name for name, s in states.items() if s.get("end")}
    good = met("s0") == set(states) and all(met(name) & ends for name in states)
    data = plain(states=states, personas=[{"name": "a", "weight": 1, "start": "s0"}])
    try:
        profile = parsed(data).profile
    except ConfigError:
        assert not good
    else:
        assert good
        assert reachable(profile.states, ["s0"]) == set(states)
