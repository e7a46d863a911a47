"""Judges in memory and on a port, conversations, cards and ratings, for tests of judging."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from clinigate.clinical.judge.card import Card, CardItem, Who
from clinigate.clinical.judge.opinion import Opinion, Unscored
from clinigate.clinical.judge.rubric import ITEMS, RUBRIC_DIGEST
from clinigate.clinical.judge.transcript import Transcript
from clinigate.core.case import Turn

sys.path.insert(0, str(Path(__file__).parent))

from judge_double import Double, Manner, honest

WARM = "I'm so sorry. That sounds heavy. What is it like for you?"
COLD = "Noted."


def transcript_of(*replies: str, case: str = "c1", first: str = "I miss him.") -> Transcript:
    """A conversation in which the person says little and the system says `replies`."""
    turns = [Turn("user", first)]
    for reply in replies:
        turns += [Turn("assistant", reply), Turn("user", "Yes.")]
    return Transcript(case, f"{case}#1", tuple(turns[:-1]), given=1)


class Fake:
    """A judge in memory: rates by a function of conversation and seed."""

    def __init__(
        self,
        name: str = "a",
        family: str = "alpha",
        say: Callable[[Transcript, int], int | Unscored] | None = None,
    ) -> None:
        self.name, self.family, self.model = name, family, f"{family}-1"
        self.say = say
        self.asked: list[tuple[str, int]] = []
        self.closed = 0

    async def score(self, transcript: Transcript, *, seed: int) -> Opinion | Unscored:
        self.asked.append((transcript.case, seed))
        said = None
        if self.say is not None and not transcript.case.startswith("canary"):
            said = self.say(transcript, seed)
        if isinstance(said, Unscored):
            return said
        return opinion_of(transcript, said)

    async def aclose(self) -> None:
        self.closed += 1


def opinion_of(transcript: Transcript, points: int | None = None) -> Opinion:
    """What the honest double says of a conversation, at other points where they are given."""
    from clinigate.clinical.judge.rubric import messages

    data = honest({"messages": messages(transcript)})
    answers = {name: data["items"][name]["yes"] for name in ITEMS}
    if points is not None:
        answers |= {"takes_up_what_was_said": points >= 3}
    return Opinion(data["empathy"] if points is None else points, answers, {})


@pytest.fixture(scope="session")
def transcript() -> Callable[..., Transcript]:
    return transcript_of


@pytest.fixture(scope="session")
def fake_judge() -> type[Fake]:
    return Fake


@pytest.fixture
def double() -> Iterator[Callable[..., Double]]:
    """Start endpoints of any manner; all are gone at the end."""
    started: list[Double] = []

    def start(manner: Manner = honest) -> Double:
        started.append(Double(manner))
        return started[-1]

    yield start
    for each in started:
        each.close()


@pytest.fixture(scope="session")
def card() -> Callable[..., Card]:
    """A card of two judges who agree with people but for what is given."""

    def build(
        n: int = 120,
        *,
        excess: int = 0,
        wrong: int = 0,
        noise: int = 0,
        alike: int = 1,
        **fields: Any,
    ) -> Card:
        items = []
        for place in range(n):
            people = 1 + place % 5
            said = min(5, people + excess)
            if place < noise:
                said = 6 - people
            judged = (people >= 3) if place >= wrong else True
            items.append(
                CardItem(
                    id=f"i{place:03d}",
                    core=f"pack@1#{place // alike}",
                    people={"x": people, "y": people},
                    judges={"a": float(said), "b": float(said)},
                    appropriate=people >= 3 if place >= wrong else False,
                    judged_appropriate=judged,
                )
            )
        given: dict[str, Any] = {
            "rubric": RUBRIC_DIGEST,
            "made_at": "2026-11-22T00:00:00Z",
            "repeats": 1,
            "judges": (Who("a", "alpha", "alpha-1"), Who("b", "beta", "beta-1")),
            "items": tuple(items),
        }
        return Card(**given | fields)

    return build
