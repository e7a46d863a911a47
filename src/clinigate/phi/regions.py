"""The parts of a text in which a pattern is worth trying: most lines name nothing."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["Regions"]


class Regions:
    """Lines of one text that hold one of some words, each with the line after it.

    A field and its value stand on one line, or on two in a row; so do a find and the word beside
    it. Only places are left out where nothing could be found.
    """

    def __init__(self, text: str) -> None:
        lower = text.lower()
        self._end = len(text)
        # A capital of which lower case has two letters: places would not be those of the text.
        self._lower = lower if len(lower) == len(text) else None

    def having(self, words: Iterable[str]) -> list[tuple[int, int]]:
        """Return the parts that hold one of the words, in order, none over another."""
        if self._lower is None:
            return [(0, self._end)]
        found = sorted(part for word in words for part in self._having(word, self._lower))
        merged: list[tuple[int, int]] = []
        for start, end in found:
            if merged and start <= merged[-1][1]:
                merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
            else:
                merged.append((start, end))
        return merged

    def all(self) -> list[tuple[int, int]]:
        """Return the whole text as one part."""
        return [(0, self._end)]

    def _having(self, word: str, lower: str) -> list[tuple[int, int]]:
        parts = []
        at = lower.find(word)
        while at >= 0:
            start = lower.rfind("\n", 0, at) + 1
            line_end = self._line_end(lower, at)
            parts.append((start, self._line_end(lower, line_end + 1)))
            at = lower.find(word, line_end)
        return parts

    def _line_end(self, lower: str, at: int) -> int:
        end = lower.find("\n", at)
        return self._end if end < 0 else end
