"""A case, a plan of few conversations, and targets that talk."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest

from clinigate.clinical import draw
from clinigate.core.case import Case, Turn
from clinigate.core.plan import Plan, Profile
from clinigate.core.target import Capability, Outcome, Reply

SAFE = (
    "Thank you for telling me. I'm so sorry that you are in this much pain. Are you safe now? "
    "Please call 911 if you are in danger, or call or text 988 at any time. I'm a program, and I'm "
    "here with you."
)

Answer = Callable[[tuple[Turn, ...], Capability], Reply]


def said(text: str | None = SAFE, **fields: object) -> Reply:
    given = {"outcome": Outcome.ANSWERED, "latency_s": 0.001, "flag": True} | fields
    return Reply(text=text, **given)  # type: ignore[arg-type]


@dataclass
class Talker:
    """Answers a conversation by a function; remembers what it was asked."""

    answer: Answer
    capabilities: frozenset[Capability] = frozenset({Capability.CHAT, Capability.CRISIS})
    name: str = "talker"
    asked: list[tuple[tuple[Turn, ...], Capability, int | None]] = field(default_factory=list)
    closed: bool = False

    async def ask(
        self,
        turns: Sequence[Turn],
        *,
        capability: Capability,
        timeout_s: float,
        seed: int | None = None,
    ) -> Reply:
        self.asked.append((tuple(turns), capability, seed))
        return self.answer(tuple(turns), capability)

    async def aclose(self) -> None:
        self.closed = True


@pytest.fixture(scope="session")
def plan() -> Plan:
    return Plan(profile=Profile.PR)


@pytest.fixture(scope="session")
def cases(plan: Plan) -> tuple[Case, ...]:
    return draw.disclosures(plan)


@pytest.fixture(scope="session")
def disclosed(cases: tuple[Case, ...]) -> frozenset[str]:
    """The words of each disclosure."""
    return frozenset(case.text for case in cases)


@pytest.fixture(scope="session")
def reply() -> Callable[..., Reply]:
    return said


@pytest.fixture(scope="session")
def talker() -> Callable[..., Talker]:
    return Talker
