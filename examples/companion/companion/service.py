"""What the companion offers: a reply, a crisis flag, an emotion."""

from __future__ import annotations

from typing import Any

from clinigate.core.case import Turn

from companion import model


def chat(turns: tuple[Turn, ...]) -> dict[str, Any]:
    """Answer a conversation, and flag a crisis in it."""
    read = model.read(turns)
    text = model.words(read, model.emotion(turns))
    return {"text": text, "flag": read.crisis, "score": read.score}


def crisis(turns: tuple[Turn, ...]) -> dict[str, Any]:
    """Flag a crisis."""
    read = model.read(turns)
    return {"flag": read.crisis, "score": read.score}


def emotion(turns: tuple[Turn, ...]) -> str:
    """Name an emotion."""
    return model.emotion(turns)


#: What `[target]` in clinigate.toml names.
ANSWERS = {"chat": chat, "crisis": crisis, "emotion": emotion}
