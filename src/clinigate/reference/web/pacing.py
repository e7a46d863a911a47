"""How fast a reply is said: at once, or word by word as a language model would."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass

from clinigate.errors import UsageError

__all__ = ["Pacing"]


@dataclass(frozen=True, slots=True)
class Pacing:
    """When the words of a reply come. Words stand in for tokens: nothing here has a tokenizer.

    Attributes:
        tokens_per_s: so many words a second after the first; 0 says all at once.
        first_token_s: how long the first word takes.

    With either, each event of a stream carries `monotonic_s`: CLOCK_MONOTONIC at the moment when it
    was handed to the server, the same clock in every process of one host. A load tool calibrates
    its own reading of streams with it.
    """

    tokens_per_s: float = 0.0
    first_token_s: float = 0.0

    def __post_init__(self) -> None:
        for name in ("tokens_per_s", "first_token_s"):
            value = getattr(self, name)
            if not 0 <= value < float("inf"):
                raise UsageError(f"pacing: {name} is {value}; it must be 0 or more")

    @property
    def paced(self) -> bool:
        """Whether anything waits at all."""
        return self.tokens_per_s > 0 or self.first_token_s > 0

    async def words(self, text: str) -> AsyncIterator[str]:
        """Yield the words of `text`, each with the space after it, when they are due."""
        words = text.split(" ")
        begun = time.monotonic()
        for number, word in enumerate(words):
            await self._until(begun, number)
            yield word if number == len(words) - 1 else f"{word} "

    async def whole(self, text: str) -> None:
        """Wait until the last word of `text` would have been said."""
        await self._until(time.monotonic(), len(text.split(" ")) - 1)

    def stamp(self) -> dict[str, float]:
        """Return what goes into each event of a stream."""
        return {"monotonic_s": time.monotonic()} if self.paced else {}

    async def _until(self, begun: float, number: int) -> None:
        if not self.paced:
            return
        # From the beginning, not from the word before: delays must not add up.
        spoken = number / self.tokens_per_s if self.tokens_per_s else 0.0
        await asyncio.sleep(max(0.0, begun + self.first_token_s + spoken - time.monotonic()))
