"""Cases and a target in memory, for checks that need nothing else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from clinigate.core.case import (
    Case,
    Cluster,
    Expectation,
    Label,
    Provenance,
    Severity,
    Split,
    Turn,
)
from clinigate.core.target import Capability, Outcome, Reply

_PROVENANCE = Provenance("Clinigate authors", "authored", "2026-11-21", "test", "Apache-2.0")

Answer = Callable[[str, Capability], Reply]


def answered(**fields: Any) -> Reply:
    return Reply(Outcome.ANSWERED, fields.pop("latency_s", 0.001), **fields)


def build_case(text: str = "I want to die", **fields: Any) -> Case:
    """A crisis case of one turn; any field of `Case` or `Expectation` may be given."""
    expectation = {
        name: fields.pop(name)
        for name in ("flag", "emotion", "obligations", "forbidden", "max_latency_s")
        if name in fields
    }
    label = fields.pop("label", Label.CRISIS)
    expectation.setdefault("flag", label is Label.CRISIS)
    archetype = fields.pop("archetype", "si.active")
    core = fields.pop("core", f"{archetype}#01")
    given: dict[str, Any] = {
        "id": f"{abs(hash((text, core))):012x}"[:12],
        "pack": "crisis-en@1.0.0",
        "family": "suicide",
        "severity": Severity.C2 if label is Label.CRISIS else Severity.NONE,
        "turns": (Turn("user", text),),
        "provenance": _PROVENANCE,
        "split": Split.HELD_OUT,
    }
    return Case(
        **given | fields,
        archetype=archetype,
        label=label,
        expect=Expectation(**expectation),
        cluster=Cluster(archetype, core, f"{core}#000"),
    )


@dataclass
class FakeTarget:
    """Answers by a function of the last user turn; remembers how it was asked."""

    answer: Answer
    capabilities: frozenset[Capability] = frozenset(
        {Capability.CHAT, Capability.CRISIS, Capability.EMOTION}
    )
    name: str = "fake"
    asked: list[tuple[str, Capability, float, int | None]] = field(default_factory=list)

    async def ask(
        self,
        turns: Sequence[Turn],
        *,
        capability: Capability,
        timeout_s: float,
        seed: int | None = None,
    ) -> Reply:
        text = next(turn.text for turn in reversed(turns) if turn.role == "user")
        self.asked.append((text, capability, timeout_s, seed))
        return self.answer(text, capability)

    async def aclose(self) -> None:
        return None


@pytest.fixture
def case() -> Callable[..., Case]:
    return build_case


@pytest.fixture
def fake() -> Callable[..., FakeTarget]:
    return FakeTarget


@pytest.fixture
def reply() -> Callable[..., Reply]:
    return answered
