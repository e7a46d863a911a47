"""Transforms that rewrite how the text is written, never what it says."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from clinigate.scenarios.pack import Voice
from clinigate.scenarios.prng import CounterPRNG
from clinigate.scenarios.text import NEGATIONS, normalise
from clinigate.scenarios.vocabulary import wording

__all__ = ["algospeak", "asr", "leet", "lower", "slang", "spacing", "typo", "upper"]

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_SPOKEN = re.compile(r"[^\w\s'’]|(?<!\w)['’]|['’](?!\w)")
_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_TYPO_PERCENT = 6

LOOK_ALIKES: Mapping[str, str] = MappingProxyType(
    {"a": "4", "e": "3", "i": "1", "o": "0", "s": "5", "t": "7"}
)
"""Letters, and the signs that are written for them."""


def slang(text: str, prng: CounterPRNG, _voice: Voice | None) -> str | None:
    """Contractions and chat spellings, each with probability 2/3."""
    return _exchange(text, prng, wording().slang, (2, 3))


def algospeak(text: str, prng: CounterPRNG, _voice: Voice | None) -> str | None:
    """Code words for a platform's filter, wherever the plain word stands."""
    return _exchange(text, prng, wording().algospeak, (1, 1))


def asr(text: str, prng: CounterPRNG, _voice: Voice | None) -> str:
    """As a speech recogniser writes it: lower case, no punctuation, every other homophone.

    Apostrophes inside words stay, since without them "I'll" would be "ill" and "he'll" "hell".
    """
    spoken = " ".join(_SPOKEN.sub(" ", text.lower()).split())
    return _exchange(spoken, prng, wording().homophones, (1, 2)) or spoken


def lower(text: str, _prng: CounterPRNG, _voice: Voice | None) -> str:
    """All lower case."""
    return text.lower()


def upper(text: str, _prng: CounterPRNG, _voice: Voice | None) -> str:
    """All upper case."""
    return text.upper()


def leet(text: str, prng: CounterPRNG, _voice: Voice | None) -> str | None:
    """A quarter of the letters that have a look-alike sign are written as that sign, at least one.

    Words that negate stay as they are.
    """
    kept = [match.span() for match in _WORD.finditer(text) if normalise(match[0]) in NEGATIONS]
    places = [
        place
        for place, letter in enumerate(text)
        if letter.lower() in LOOK_ALIKES and not any(a <= place < b for a, b in kept)
    ]
    if not places:
        return None
    letters = list(text)
    for place in prng.sample(places, max(1, len(places) // 4)):
        letters[place] = LOOK_ALIKES[letters[place].lower()]
    return "".join(letters)


def spacing(text: str, prng: CounterPRNG, _voice: Voice | None) -> str | None:
    """One word of four to eight letters s p a c e d out."""
    places = [match.span() for match in _WORD.finditer(text) if _plain(match[0], 4, 8)]
    if not places:
        return None
    start, end = prng.choice(places)
    return text[:start] + " ".join(text[start:end]) + text[end:]


def typo(text: str, prng: CounterPRNG, _voice: Voice | None) -> str | None:
    """Slips of the finger in 6% of the letters, at least one; first and last letters stay."""
    words = [match.span() for match in _WORD.finditer(text) if _plain(match[0], 4, 99)]
    inner = [place for start, end in words for place in range(start + 1, end - 2)]
    letters = sum(end - start for start, end in words)
    count = min(len(inner), max(1, round(letters * _TYPO_PERCENT / 100)))
    if count == 0:
        return None
    for place in sorted(prng.sample(inner, count), reverse=True):
        text = text[:place] + _slip(text[place], text[place + 1], prng) + text[place + 2 :]
    return text


def _slip(first: str, second: str, prng: CounterPRNG) -> str:
    """Return two neighbouring letters as a hurried finger writes them."""
    match prng.below(4):
        case 0:
            return second + first
        case 1:
            return second
        case 2:
            return first + first + second
        case _:
            return _beside(first, prng) + second


def _beside(letter: str, prng: CounterPRNG) -> str:
    """Return a key beside `letter`'s, or the letter itself where it has no key of its own."""
    for row in _ROWS:
        place = row.find(letter.lower())
        if place >= 0:
            return prng.choice(row[max(0, place - 1) : place] + row[place + 1 : place + 2])
    return letter


def _plain(word: str, shortest: int, longest: int) -> bool:
    """Whether `word` may be rewritten: long enough, no apostrophe, not one that negates."""
    return shortest <= len(word) <= longest and word.isalpha() and normalise(word) not in NEGATIONS


def _exchange(
    text: str, prng: CounterPRNG, table: Mapping[str, str], odds: tuple[int, int]
) -> str | None:
    """Return `text` with words of `table` exchanged, at least one, or None where none stands."""
    places = list(_pattern(tuple(table)).finditer(text))
    if not places:
        return None
    sure = prng.below(len(places))
    parts: list[str] = []
    end = 0
    for index, match in enumerate(places):
        taken = prng.chance(*odds) or index == sure
        new = _as_written(_entry(table, match[0]), match[0]) if taken else match[0]
        parts += [text[end : match.start()], new]
        end = match.end()
    return "".join(parts) + text[end:]


def _entry(table: Mapping[str, str], found: str) -> str:
    """Return the entry for the words `found`, whatever their case."""
    return _folded(tuple(table.items()))[found.casefold().replace("’", "'")]


def _as_written(new: str, old: str) -> str:
    return new[0].upper() + new[1:] if old[0].isupper() and old[1:2].islower() else new


@cache
def _folded(items: tuple[tuple[str, str], ...]) -> dict[str, str]:
    return {key.casefold(): value for key, value in items}


@cache
def _pattern(keys: tuple[str, ...]) -> re.Pattern[str]:
    """Match any key as whole words; the longest first, and never inside `don't` or `self-harm`."""
    longest = sorted(keys, key=lambda key: (-len(key), key))
    body = "|".join(re.escape(key).replace("'", "['’]") for key in longest)
    return re.compile(rf"(?<![\w'’-])(?:{body})(?![\w'’-])", re.IGNORECASE)
