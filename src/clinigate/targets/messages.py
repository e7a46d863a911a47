"""A conversation in the forms in which systems take it."""

from __future__ import annotations

from collections.abc import Sequence

from clinigate.core.canonical import canonical_bytes, sha256_hex
from clinigate.core.case import Turn

__all__ = ["last_words", "messages_of", "turns_digest"]


def messages_of(turns: Sequence[Turn]) -> list[dict[str, str]]:
    """Return the turns as chat messages: a list of `{"role", "content"}`."""
    return [{"role": turn.role, "content": turn.text} for turn in turns]


def last_words(turns: Sequence[Turn]) -> str:
    """Return what the user said last; without a user, what was said last."""
    return next((turn.text for turn in reversed(turns) if turn.role == "user"), turns[-1].text)


def turns_digest(turns: Sequence[Turn]) -> str:
    """Return the SHA-256 digest (hex) of the turns' roles and texts in canonical JSON."""
    return sha256_hex(canonical_bytes([[turn.role, turn.text] for turn in turns]))
