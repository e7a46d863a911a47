"""Answers that say nothing of what was asked: from elsewhere, broken, or without an end."""

from __future__ import annotations

from clinigate.targets.service import Answer

__all__ = ["void"]

_TOO_MANY = 429


def void(answer: Answer) -> str | None:
    """Say why an answer shows nothing, if it does not."""
    if answer.cut:
        return "it answers without an end; see why it does not stop"
    if answer.status == _TOO_MANY:
        return "it answers 429; let this run ask more often"
    if answer.status >= 500:
        return f"it answers {answer.status}; look into the service's logs"
    if 300 <= answer.status < 400:
        return f"it points elsewhere ({answer.status}); name where that is"
    return None
