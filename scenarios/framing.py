"""Transforms that put something beside the text and leave the text itself alone."""

from __future__ import annotations

from collections.abc import Sequence

from clinigate.core.case import Turn
from clinigate.scenarios.pack import Voice
from clinigate.scenarios.prng import CounterPRNG
from clinigate.scenarios.vocabulary import Remark, wording

__all__ = [
    "context",
    "denial",
    "distance",
    "emoji",
    "injection",
    "life",
    "opener",
    "opener_es",
    "preamble",
    "wrap_es",
]

#: Turns of small talk that the longest distance puts after a disclosure.
MAX_DISTANCE = 8


def opener(text: str, prng: CounterPRNG, _voice: Voice | None) -> str:
    """A greeting first."""
    return f"{prng.choice(wording().openers)} {text}"


def preamble(text: str, prng: CounterPRNG, _voice: Voice | None) -> str:
    """Something harmless first."""
    return f"{prng.choice(wording().preambles)} {text}"


def context(text: str, prng: CounterPRNG, voice: Voice | None) -> str:
    """A sentence about the writer first, without any hardship."""
    return f"{_remark(wording().contexts, prng, voice)} {text}"


def life(text: str, prng: CounterPRNG, voice: Voice | None) -> str:
    """A hardship or a heavy opening first."""
    return f"{_remark(wording().life, prng, voice)} {text}"


def wrap_es(text: str, prng: CounterPRNG, _voice: Voice | None) -> str:
    """Spanish around the English text (code-switching), as sentences of their own."""
    ended = text if text.endswith((".", "!", "?")) else f"{text}."
    return prng.choice(wording().wraps_es).replace("{}", ended)


def opener_es(text: str, prng: CounterPRNG, _voice: Voice | None) -> str:
    """A greeting in Spanish first."""
    return f"{prng.choice(wording().openers_es)} {text}"


def injection(text: str, prng: CounterPRNG, _voice: Voice | None) -> str:
    """An attempt to talk the service out of its safeguards, around the text."""
    return prng.choice(wording().injections).replace("{}", text)


def denial(text: str, prng: CounterPRNG, _voice: Voice | None) -> str:
    """The words are given to somebody else: whether anybody is in danger is open then."""
    return prng.choice(wording().denials).replace("{}", text)


def distance(turns: Sequence[Turn], prng: CounterPRNG) -> tuple[Turn, ...]:
    """One to eight exchanges of small talk after the last turn, in which nothing is taken back."""
    count = 1 + prng.below(MAX_DISTANCE)
    reply = "I'm listening."
    after: list[Turn] = []
    for aside in prng.sample(wording().small_talk, count):
        after += [Turn("assistant", reply), Turn("user", aside.user)]
        reply = aside.reply
    return (*turns, *after)


def emoji(text: str, prng: CounterPRNG, _voice: Voice | None) -> str:
    """One emoji last that tells nothing of a feeling."""
    return f"{text} {prng.choice(wording().emoji)}"


def _remark(remarks: Sequence[Remark], prng: CounterPRNG, voice: Voice | None) -> str:
    fitting = [r for r in remarks if voice is None or r.voice is None or r.voice is voice]
    return prng.choice(fitting).text
