"""A random stream that is the same on every platform and in every Python version.

SHA-256 in counter mode: block i is SHA-256(key || i) with i in eight bytes, big-endian; the key is
the SHA-256 of the labels that the stream belongs to. No global state, and no `random`, whose
algorithms may change between releases.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TypeVar

__all__ = ["CounterPRNG"]

T = TypeVar("T")

_BLOCK = 32
_WORD = 8
_SPAN = 1 << 64


class CounterPRNG:
    """Uniform draws from the stream that `labels` name; equal labels give equal draws.

    Labels are told apart by type and place: `("a", "b")`, `("ab",)` and `("a", 1)` are different
    streams.
    """

    __slots__ = ("_block", "_counter", "_key", "_offset")

    def __init__(self, *labels: str | int) -> None:
        self._key = hashlib.sha256("".join(map(_encoded, labels)).encode()).digest()
        self._counter = 0
        self._block = b""
        self._offset = _BLOCK

    def u64(self) -> int:
        """Return the next 64 bits as an integer of 0 to 2**64 - 1."""
        if self._offset == _BLOCK:
            count = self._counter.to_bytes(_WORD, "big")
            self._block = hashlib.sha256(self._key + count).digest()
            self._counter += 1
            self._offset = 0
        word = self._block[self._offset : self._offset + _WORD]
        self._offset += _WORD
        return int.from_bytes(word, "big")

    def below(self, limit: int) -> int:
        """Return an integer of 0 to `limit` - 1, each equally likely.

        Raises:
            ValueError: `limit` is not a positive integer of at most 2**64.
        """
        if not 0 < limit <= _SPAN:
            raise ValueError(f"limit must be 1 to 2**64, got {limit}")
        # Words past the last whole multiple would favour the small numbers: draw again.
        usable = _SPAN - _SPAN % limit
        while True:
            word = self.u64()
            if word < usable:
                return word % limit

    def chance(self, numerator: int, denominator: int) -> bool:
        """Return True in `numerator` of `denominator` draws."""
        return self.below(denominator) < numerator

    def choice(self, items: Sequence[T]) -> T:
        """Return one of `items`.

        Raises:
            ValueError: `items` is empty.
        """
        return items[self.below(len(items))]

    def sample(self, items: Sequence[T], count: int) -> list[T]:
        """Return `count` different places of `items`, in drawn order (Fisher-Yates).

        Raises:
            ValueError: `count` is negative or more than there are items.
        """
        if not 0 <= count <= len(items):
            raise ValueError(f"count must be 0 to {len(items)}, got {count}")
        pool = list(items)
        for place in range(count):
            other = place + self.below(len(pool) - place)
            pool[place], pool[other] = pool[other], pool[place]
        return pool[:count]


def _encoded(label: str | int) -> str:
    """Return `label` in a form whose concatenations are never ambiguous (netstrings)."""
    return f"i{label};" if isinstance(label, int) else f"s{len(label)}:{label}"
