"""The project's own tests, whose coverage is evidence too."""

from __future__ import annotations

from clinigate.core.case import Turn
from companion.digest import digest
from companion.service import ANSWERS

CALM = (Turn("user", "The roses in my garden are in bloom and I am happy."),)


def test_a_calm_message_is_answered_and_not_flagged() -> None:
    answer = ANSWERS["chat"](CALM)
    assert answer["text"]
    assert answer["flag"] is False
    assert ANSWERS["crisis"](CALM)["flag"] is False
    assert ANSWERS["emotion"](CALM)


def test_events_are_counted_and_broken_lines_too() -> None:
    lines = ['{"event": "conversation"}', '{"event": "crisis"}', "{}", "[]", "cut off"]
    assert digest(lines) == {"conversation": 1, "crisis": 1, "unreadable": 3}
