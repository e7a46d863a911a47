"""From the values that were found in an answer to a reply, strictly.

A value of the wrong type is never bent into the right one: the text "false" is not False, 1 is not
True, and 87 is no probability. Such an answer is `UNPARSABLE`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from numbers import Real
from typing import Any

from clinigate.core.target import Capability, Outcome, Reply

__all__ = ["ESSENTIAL", "FIELDS", "Found", "keys_of", "read_answer"]

#: What an answer may hold, and what it must hold for each capability.
FIELDS = ("text", "flag", "score", "emotion", "events", "refusal")
ESSENTIAL: Mapping[Capability, str] = {
    Capability.CHAT: "text",
    Capability.CRISIS: "flag",
    Capability.EMOTION: "emotion",
}
_KEYS_SHOWN = 12
_KEY_LENGTH = 40


@dataclass(frozen=True, slots=True)
class Found:
    """What an answer held.

    Attributes:
        values: by field; None and absent mean the same: nothing was there.
        paths: by field, the expression that was looked up, for the reader of an error.
        required: fields without which there is no answer.
        keys: the answer's top-level keys, as `keys_of` gives them.
        mend: what describes the answer, as `[target.crisis.answer]`.
        raw: the answer as parsed.
    """

    values: Mapping[str, Any]
    paths: Mapping[str, str]
    required: frozenset[str]
    keys: str
    mend: str
    raw: Mapping[str, Any]


def read_answer(found: Found, *, capability: Capability, latency_s: float) -> Reply:
    """Make a reply of what was found: `REFUSED`, `UNPARSABLE`, `EMPTY` or `ANSWERED`.

    A refusal is looked at first, since a system that declines says nothing else. A blank text is
    `EMPTY` where a text is required.
    """

    def ended(outcome: Outcome, reason: str) -> Reply:
        return Reply(outcome, latency_s, error=f"{capability}: {reason}", raw=found.raw)

    refusal = found.values.get("refusal")
    if refusal is True or (isinstance(refusal, str) and refusal.strip()):
        return ended(Outcome.REFUSED, "the system declined to answer")
    for field in FIELDS:
        trouble = _trouble(field, found.values.get(field), needed=field in found.required)
        if trouble:
            where = found.paths.get(field, field)
            reason = f"{field}, looked up as {where!r}, {trouble}; the answer has {found.keys}"
            return ended(Outcome.UNPARSABLE, f"{reason}; mend {found.mend}")
    text = found.values.get("text")
    if "text" in found.required and not str(text).strip():
        # Without a word to the person, whether anybody was called in can be told all the same.
        blank = ended(Outcome.EMPTY, "the text of the answer is blank")
        return replace(blank, events=_raised(found.values.get("events")))
    score = found.values.get("score")
    return Reply(
        Outcome.ANSWERED,
        latency_s,
        text=text,
        flag=found.values.get("flag"),
        score=None if score is None else float(score),
        emotion=found.values.get("emotion"),
        events=_raised(found.values.get("events")),
        raw=found.raw,
    )


def keys_of(body: Any) -> str:
    """Say which top-level keys an answer has; its values stay unsaid."""
    if not isinstance(body, Mapping):
        return f"no keys: it is {_kind(body)}"
    keys = [str(key)[:_KEY_LENGTH] for key in body]
    shown = ", ".join(json.dumps(key) for key in keys[:_KEYS_SHOWN])
    more = f" and {len(keys) - _KEYS_SHOWN} more" if len(keys) > _KEYS_SHOWN else ""
    return f"the keys {shown}{more}" if keys else "no keys"


def _trouble(field: str, value: Any, *, needed: bool) -> str | None:
    """Say what is wrong with the value of a field, or return None."""
    if value is None:
        return "gives nothing" if needed else None
    if field == "flag":
        return None if isinstance(value, bool) else f"is {_kind(value)} where true or false belongs"
    if field == "score":
        return _score_trouble(value)
    if field == "events":
        return _events_trouble(value)
    if field == "refusal":
        wanted = isinstance(value, bool | str)
        return None if wanted else f"is {_kind(value)} where true, false or words belong"
    return _text_trouble(value, blank_allowed=field == "text")


def _score_trouble(value: Any) -> str | None:
    is_number = isinstance(value, Real) and not isinstance(value, bool)
    if not is_number:
        return f"is {_kind(value)} where a number belongs"
    return None if 0 <= value <= 1 else "lies outside 0 to 1"  # as NaN does


def _events_trouble(value: Any) -> str | None:
    """A list of names. A place of it that holds nothing, or false, is an event not raised."""
    if not isinstance(value, list | tuple):
        return f"is {_kind(value)} where a list of events belongs"
    for each in value:
        if isinstance(each, bool | str | list | dict | None) and not each:
            continue
        if trouble := _text_trouble(each, blank_allowed=False):
            return f"has a member that {trouble}"
    return None


def _raised(value: Any) -> tuple[str, ...] | None:
    return None if value is None else tuple(each.strip() for each in value if each)


def _text_trouble(value: Any, *, blank_allowed: bool) -> str | None:
    if not isinstance(value, str):
        return f"is {_kind(value)} where text belongs"
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        return "holds half of a surrogate pair, which is no character"
    return None if blank_allowed or value.strip() else "is blank"


def _kind(value: Any) -> str:
    names = {bool: "true or false", int: "a number", float: "a number", str: "text"}
    names |= {list: "a list", dict: "an object", type(None): "null"}
    return names.get(type(value), f"of type {type(value).__name__}")
