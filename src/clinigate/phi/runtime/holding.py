"""Hold back a body until it is known that nothing stands in it."""

from __future__ import annotations

from collections import deque

from clinigate.phi.runtime.window import SLICE, BodySearch, slices

__all__ = ["LEAST_LIMIT", "Hold"]

#: Fewer bytes cannot be held: what is searched at a time, and what stands beside it, twice.
LEAST_LIMIT = 4 * SLICE


class Hold:
    """A queue of a body's pieces: what was searched may pass once more is held than the limit.

    A body within the limit is held to its end, so that it can be refused as a whole; of a longer
    one what is searched passes as more comes.
    """

    def __init__(self, search: BodySearch, *, limit: int) -> None:
        self._search = search
        self._limit = limit
        self._pieces: deque[tuple[bytes, int]] = deque()
        self._held = 0
        self._flows = False
        self._ended = False

    @property
    def refused(self) -> bool:
        """Whether something struck, or could not be looked at."""
        return bool(self._search.rules or self._search.unseen)

    def put(self, body: bytes, *, more: bool) -> None:
        """Take the next piece, the last one where there is no more."""
        for piece in slices(body):
            self._pieces.append((piece, self._search.feed(piece)))
            self._held += len(piece)
        if not more:
            self._search.finish()
            self._ended = True
        self._flows |= self._ended or self._held > self._limit

    def ready(self) -> list[tuple[bytes, bool]]:
        """Return the pieces that may pass now, each with whether more follow."""
        passing: list[tuple[bytes, bool]] = []
        while self._flows and self._pieces:
            piece, end = self._pieces[0]
            if end > self._search.searched and not self._ended:
                break
            self._pieces.popleft()
            self._held -= len(piece)
            passing.append((piece, True))
        if self._ended and not self._pieces:
            self._ended = False
            last = passing.pop()[0] if passing else b""
            passing.append((last, False))
        return passing
