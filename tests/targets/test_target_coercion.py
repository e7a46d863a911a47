"""Whatever is handed over as the system under test becomes a target, or is refused by name."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from clinigate.core.case import Turn
from clinigate.core.target import Capability
from clinigate.errors import UsageError
from clinigate.targets import as_target, callable_target


async def later(text: str) -> str:
    return text


class Service:
    capabilities = ("chat", "crisis")

    def __call__(self, text: str, capability: str) -> object:
        return text if capability == "chat" else True


def test_a_target_stays_itself() -> None:
    """Nothing is wrapped twice."""
    target = callable_target(lambda text: text)
    assert as_target(target) is target


@pytest.mark.parametrize(
    ("value", "capabilities"),
    [
        (lambda text: text, {"chat"}),
        (later, {"chat"}),
        (Service(), {"chat", "crisis"}),
        ({"chat": later, "emotion": lambda text: "joy"}, {"chat", "emotion"}),
    ],
    ids=["function", "async function", "instance", "mapping"],
)
def test_a_function_becomes_a_target(value: Any, capabilities: set[str]) -> None:
    """It offers what it says, and answers."""
    target = as_target(value)
    assert target.capabilities == capabilities
    reply = asyncio.run(
        target.ask([Turn("user", "hello")], capability=Capability.CHAT, timeout_s=20)
    )
    assert reply.text == "hello"


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        (42, "the target is of type int; wanted a target, a function, or a mapping"),
        ("http://localhost", "the target is of type str"),
        (Service, r"the target is the class Service; wanted one of its kind: Service\(\)"),
        (type(callable_target(later)), "the target is the class ShellTarget"),
        ({"chatter": later}, "'chatter'"),
        ({"chat": 42}, "what answers for chat is no function"),
        ({}, "offers nothing"),
    ],
    ids=["number", "text", "class", "class of targets", "capability", "no function", "nothing"],
)
def test_what_is_no_target(value: Any, sentence: str) -> None:
    """The sentence says what it is, and what would be one."""
    with pytest.raises(UsageError, match=sentence):
        as_target(value)
