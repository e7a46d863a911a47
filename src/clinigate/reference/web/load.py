"""How many chats are under way in this process."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

__all__ = ["Load"]


class Load:
    """Counts chats from the request to the last word of the reply."""

    def __init__(self) -> None:
        self.chats = 0

    @contextmanager
    def held(self) -> Iterator[None]:
        """Count one more for the length of a block."""
        self.chats += 1
        try:
            yield
        finally:
            self.chats -= 1

    async def during(self, pieces: AsyncIterator[str]) -> AsyncIterator[str]:
        """Pass pieces on, and count one more until the last."""
        with self.held():
            async for piece in pieces:
                yield piece
