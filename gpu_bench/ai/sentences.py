"""What is said to a model whose speed is timed: nothing of consequence."""

from __future__ import annotations

from random import Random

__all__ = ["everyday"]

#: What people write to a companion on an ordinary day; lengths as short messages have them.
_SENTENCES = (
    "Good morning.",
    "I slept well and went for a walk by the river.",
    "Work was busy today, but my colleague helped me with the report.",
    "Can you remind me of the breathing exercise from last week?",
    "My daughter called, and we talked for almost an hour about the garden and her new job.",
    "I am a little nervous about the appointment on Thursday.",
    "It rained all day.",
    "I cooked for my neighbours, and it turned out better than I had expected; all want more.",
)


def everyday(count: int, seed: int) -> tuple[str, ...]:
    """Return `count` everyday messages, drawn with `seed`."""
    return tuple(Random(seed).choices(_SENTENCES, k=count))  # noqa: S311 - no secret
