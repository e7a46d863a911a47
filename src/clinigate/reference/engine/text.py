"""From an utterance to what the engines look at: letters, whatever they were dressed up as."""

from __future__ import annotations

import re
import unicodedata

__all__ = ["GRAM", "grams", "skeleton", "words"]

GRAM = 4
"""Letters in one gram."""

# Digits and signs that stand in for letters. `l` joins `i`, because `1` and `|` stand for both.
_LOOKALIKES = {
    "i": "1!|l",
    "o": "0",
    "e": "3",
    "a": "4@",
    "s": "5$",
    "t": "7+",
    "b": "8",
    "g": "96",
    "z": "2",
}
_PAIRS = [(sign, letter) for letter, signs in _LOOKALIKES.items() for sign in signs]
_TO_LETTERS = bytes.maketrans(
    "".join(sign for sign, _ in _PAIRS).encode(), "".join(letter for _, letter in _PAIRS).encode()
)
_KEPT = frozenset(b"abcdefghijklmnopqrstuvwxyz") | frozenset(sign.encode()[0] for sign, _ in _PAIRS)
_DROPPED = bytes(byte for byte in range(256) if byte not in _KEPT)
# What chat shortens, and code words for a filter. The long form is shortened too, so that both end
# alike; inside other words that happens to a message and to the utterance it came from in step.
_SHORTENED = {
    "you": "u",
    "are": "r",
    "and": "n",
    "because": "cuz",
    "before": "b4",
    "people": "ppl",
    "please": "pls",
    "about": "abt",
    "really": "rly",
    "with": "w",
    "want to": "wanna",
    "going to": "gonna",
    "got to": "gotta",
    "tonight": "tonite",
    "tomorrow": "tmrw",
    "right now": "rn",
    "something": "smth",
    "everyone": "every1",
    "someone": "some1",
    "though": "tho",
    "again": "agn",
    "myself": "mself",
    "ending my life": "killing mself",
    "end my life": "kill mself",
    "unaliv": "kill",
    "unalive": "kill",
    "killed": "killd",
    "sewerslid": "suicid",
}
_WORD = re.compile(r"[a-z]+(?:'[a-z]+)?")


def skeleton(text: str) -> str:
    """Return the letters of `text` alone: no case, accents, spaces, signs; look-alikes undone."""
    letters = _letters(text)
    for long, short in _SHORTER_LETTERS:
        letters = letters.replace(long, short)
    return letters


def grams(text: str) -> frozenset[str]:
    """Return the distinct runs of `GRAM` letters in the skeleton of `text`."""
    letters = skeleton(text)
    return frozenset(letters[i : i + GRAM] for i in range(len(letters) - GRAM + 1))


def words(text: str) -> list[str]:
    """Return the words of `text` in lower case, as they stand; nothing is undone."""
    return _WORD.findall(_plain(text.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")).decode())


def _letters(text: str) -> str:
    return _plain(text).translate(_TO_LETTERS, _DROPPED).decode("ascii")


def _plain(text: str) -> bytes:
    return unicodedata.normalize("NFKD", text.casefold()).encode("ascii", "ignore")


_SHORTER_LETTERS = tuple((_letters(long), _letters(short)) for long, short in _SHORTENED.items())
