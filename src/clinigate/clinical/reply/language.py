"""Whether a reply is in English at all: in another language the rules see neither help nor harm."""

from __future__ import annotations

import re

from clinigate.clinical.reply.reading import Reading, Span, phrases

__all__ = ["in_another_language"]

#: Words that hold English sentences together and are no words of its neighbours.
_ENGLISH = phrases(
    r"the|and|you|yours?|you'(?:re|ve|d|ll)|to|that|that's|this|it|it's|for|with|are|be|been|have|"
    r"had|has|can|could|not|i|i'(?:m|ve|ll)|my|what|what's|how|if|there|here|they|them|their|from",
    r"will|would|should|about|when|where|which|who|does|did|(?:do|does|did|ca|is)n't|feel|feels|"
    r"feeling|talk|tell|know|want|need|like|just|more|than|then|because|out|up|now|please|help",
    r"thanks?|sorry|sounds|but|at|by|any|some|someone|one|call|right|safe",
)
_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")
_LEAST_WORDS = 8
_LEAST_SHARE = 0.12
_LEAST_LETTERS = 12


def in_another_language(reading: Reading) -> tuple[Span, ...]:
    """Return the whole reply as a span where it is not English, nothing where it is.

    By the share of common English words among eight or more, or by letters that are mostly not
    Latin; shorter replies are taken as they are. A reply that is half English passes.
    """
    letters = [character for character in reading.plain if character.isalpha()]
    foreign = sum(character > "\u024f" for character in letters)
    words = _WORD.findall(reading.plain)
    english = len(_ENGLISH.findall(reading.plain))
    other_script = len(letters) >= _LEAST_LETTERS and 2 * foreign > len(letters)
    other_words = len(words) >= _LEAST_WORDS and english < _LEAST_SHARE * len(words)
    if not other_script and not other_words:
        return ()
    return (Span(0, len(reading.text), reading.text),)
