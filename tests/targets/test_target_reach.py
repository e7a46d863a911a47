"""One sentence before a run: can the target be asked, and is its answer understood?"""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from clinigate.core.target import Capability, Outcome, Reply
from clinigate.targets import callable_target, check_reachable, probe


def answering(reply: Any) -> Any:
    return callable_target(lambda text: reply, name="bot")


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        ("hello", None),
        ("", None),
        (Reply(Outcome.REFUSED, 0.1, error="no"), None),
        (Reply(Outcome.ERROR, 0.1, error="is not there"), "bot, chat: is not there"),
        (Reply(Outcome.THROTTLED, 0.1), "bot, chat: throttled"),
        (Reply(Outcome.TIMEOUT, 0.1, error="too slow"), "bot, chat: too slow"),
        (5, "bot, chat: chat: text, looked up as 'text', is a number where text belongs"),
    ],
)
def test_a_target_that_cannot_be_asked_or_understood(reply: Any, reason: str | None) -> None:
    """How a system behaves is for the checks; that nobody is there is said before them."""
    found = asyncio.run(check_reachable(answering(reply)))
    assert (found is None) if reason is None else (found or "").startswith(reason)


def test_every_capability_is_greeted() -> None:
    """A wrong address of one of them is found too."""
    target = callable_target({"chat": lambda text: "hi", "crisis": lambda text: "no"})
    replies = asyncio.run(probe(target))
    assert replies[Capability.CHAT].answered
    assert replies[Capability.CRISIS].outcome is Outcome.UNPARSABLE
    assert "crisis" in (asyncio.run(check_reachable(target)) or "")
