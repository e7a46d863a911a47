"""A judge's answer, believed only where it keeps the form and quotes what was really said."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from clinigate.clinical.judge.rubric import HIGHEST, ITEMS, LOWEST, appropriate
from clinigate.clinical.judge.transcript import Transcript
from clinigate.core.canonical import parse_json

__all__ = ["Opinion", "Unscored", "Why", "read_opinion"]

#: From these points on empathy needs a quote: of what is absent there is nothing to quote.
_QUOTED_FROM = 3
_SHORTEST_QUOTE = 8
_FENCED = re.compile(r"\A\s*```(?:json)?\s*\n(.*)\n\s*```\s*\Z", re.DOTALL)
_STRAIGHT = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "…": "..."})


class Why(StrEnum):
    """Why a judge's answer does not count."""

    NO_ANSWER = "no answer"
    REFUSED = "refused"
    NO_JSON = "no JSON object"
    WRONG_FORM = "another form than asked for"
    NOT_SAID = "a quote that was not said"


@dataclass(frozen=True, slots=True)
class Unscored:
    """No score, and why; `detail` for a reader, without what was said."""

    why: Why
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.why} ({self.detail})" if self.detail else str(self.why)


@dataclass(frozen=True, slots=True)
class Opinion:
    """One answer of one judge.

    Attributes:
        empathy: 1 to 5 points.
        answers: by question, whether yes.
        quotes: by question that was answered with yes, the words that show it.
    """

    empathy: int
    answers: Mapping[str, bool]
    quotes: Mapping[str, str]

    @property
    def appropriate(self) -> bool:
        """Whether every question that decides was answered as it must be."""
        return appropriate(self.answers)


def read_opinion(text: str, transcript: Transcript) -> Opinion | Unscored:
    """Read a judge's answer strictly: nothing is guessed, mended or filled in."""
    fenced = _FENCED.match(text)
    try:
        data = parse_json(fenced.group(1) if fenced else text)
    except (ValueError, RecursionError):
        return Unscored(Why.NO_JSON)
    trouble = _trouble_of_form(data)
    if trouble:
        return Unscored(Why.WRONG_FORM, trouble)
    answers = {name: bool(each["yes"]) for name, each in data["items"].items()}
    quotes = {name: str(data["items"][name]["quote"]) for name, yes in answers.items() if yes}
    wanted = dict(quotes)
    if data["empathy"] >= _QUOTED_FROM:
        wanted["empathy"] = data["quote"]
    replies = [_plain(reply) for reply in transcript.replies]
    for name, quote in wanted.items():
        if not _was_said(_plain(quote), replies):
            return Unscored(Why.NOT_SAID, f"for {name}")
    return Opinion(data["empathy"], MappingProxyType(answers), MappingProxyType(quotes))


def _trouble_of_form(data: Any) -> str:
    """Say what is wrong with the form, or nothing."""
    if not isinstance(data, dict) or set(data) != {"items", "empathy", "quote"}:
        return "items, empathy and quote are wanted"
    items = data["items"]
    if not isinstance(items, dict) or set(items) != set(ITEMS):
        return "each question must be answered once"
    for name, each in items.items():
        good = (
            isinstance(each, dict)
            and set(each) == {"yes", "quote"}
            and isinstance(each["yes"], bool)
            and isinstance(each["quote"], str)
        )
        if not good:
            return f"{name} must have yes (true or false) and quote (text)"
    if type(data["empathy"]) is not int or not LOWEST <= data["empathy"] <= HIGHEST:
        return f"empathy must be a whole number from {LOWEST} to {HIGHEST}"
    return "" if isinstance(data["quote"], str) else "quote must be text"


def _plain(text: str) -> str:
    """Blanks, case and the shape of quotation marks do not tell one quote from another."""
    return " ".join(text.translate(_STRAIGHT).casefold().split())


def _was_said(quote: str, replies: list[str]) -> bool:
    """Whether one reply has these words, and they are more than a scrap of it.

    Of a reply that is nothing but dots there is nothing to quote.
    """
    bare = _bare(quote)
    return bool(bare) and any(
        bare in reply and len(bare) >= min(_SHORTEST_QUOTE, len(_bare(reply))) for reply in replies
    )


def _bare(text: str) -> str:
    return text.strip("\"'. ")
