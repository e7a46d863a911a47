"""Words of a text, and the one spelling under which lists know them."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

__all__ = ["LINE", "Word", "fold", "sections", "words_of"]

#: How the end of a line stands among words.
LINE = "\n"

# Letters with what holds a name together (O'Neil), numbers, ends of lines, single signs.
# Bytes that are no UTF-8 arrive as lone surrogates and count as letters.
_WORD = re.compile(
    r"(?:[^\W\d_]{1,2}['’](?=[^\W\d_]{3}))?[^\W\d_\udc80-\udcff](?:[^\W\d_]|[\udc80-\udcff])*"
    r"|[\udc80-\udcff][^\W\d_]*|[0-9]+|\n|[^\s\w]|_"
)
# What NFKD does not take apart.
_LETTERS = str.maketrans(
    {"ß": "ss", "ø": "o", "ł": "l", "æ": "ae", "œ": "oe", "ð": "d", "þ": "th", "đ": "d", "ı": "i"}
    | {"’": "'"}
)

#: A word with its span in the text.
Word = tuple[str, int, int]


def words_of(text: str) -> list[Word]:
    """Return the words, numbers, signs and ends of lines of a text."""
    return [(match.group(), match.start(), match.end()) for match in _WORD.finditer(text)]


@lru_cache(maxsize=65_536)
def fold(word: str) -> str:
    """Return a word without capitals and accents: `HYVINKÄÄ` and `Hyvinkää` are one place."""
    lower = word.lower()
    if lower.isascii():
        return lower
    plain = unicodedata.normalize("NFKD", lower.translate(_LETTERS))
    return "".join(sign for sign in plain if not unicodedata.combining(sign))


def sections(text: str) -> dict[str, str]:
    """Return the one line of each `[section]` of a list."""
    lines = [line for line in text.splitlines() if not line.startswith("# ")]
    heads = [at for at, line in enumerate(lines) if line.startswith("[")]
    return {lines[at].strip("[]"): lines[at + 1] for at in heads}
