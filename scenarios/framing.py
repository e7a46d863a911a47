"""Transforms that put something beside the text and leave the text itself alone."""

from __future__ import annotations

from collections.abc import Sequence

from clinigate.scenarios.pack import Voice
from clinigate.scenarios.prng import CounterPRNG
from clinigate.scenarios.vocabulary import Remark, wording

__all__ = ["context", "emoji", "life", "opener", "preamble", "wrap_es"]


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


def emoji(text: str, prng: CounterPRNG, _voice: Voice | None) -> str:
    """One emoji last that tells nothing of a feeling."""
    return f"{text} {prng.choice(wording().emoji)}"


def _remark(remarks: Sequence[Remark], prng: CounterPRNG, voice: Voice | None) -> str:
    fitting = [r for r in remarks if voice is None or r.voice is None or r.voice is voice]
    return prng.choice(fitting).text
