"""Replies as they come: from the bytes of a stream, cut anywhere, to words and their times.

Decoding is `clinigate.targets.sse`; here its events are put together and timed. A character that
is split over two pieces of the transport is whole again before it is decoded, since an event is
decoded at its end.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from clinigate.targets.sse import SseDecoder

__all__ = ["StreamError", "StreamedReply"]

_DONE = b"[DONE]"


class StreamError(Exception):
    """A stream that cannot be understood, in two or three words."""


@dataclass(slots=True)
class StreamedReply:
    """A chat completion that arrives as server-sent events.

    Attributes:
        clock: seconds that only grow.
        first_at: when the first words came, by the clock; None before.
        gaps: seconds between pieces with words.
    """

    clock: Callable[[], float]
    first_at: float | None = None
    gaps: list[float] = field(default_factory=list)
    _decoder: SseDecoder = field(default_factory=SseDecoder)
    _texts: list[str] = field(default_factory=list)
    _top: dict[str, Any] = field(default_factory=dict)
    _last_at: float = 0.0
    _done: bool = False

    def feed(self, piece: bytes) -> None:
        """Take in bytes that have just come.

        Raises:
            StreamError: an event that is no piece of a completion, or reports an error.
        """
        for data in self._decoder.feed(piece):
            if data.strip() == _DONE:
                self._done = True
            else:
                self._event(data)

    @property
    def text(self) -> str:
        """The words so far."""
        return "".join(self._texts)

    def whole(self) -> dict[str, Any]:
        """Return the answer in the form of a completion that came in one piece.

        Raises:
            StreamError: the stream ended before its end mark, so that part of it may be lost.
        """
        if not self._done:
            raise StreamError("stream ended early")
        message = {"role": "assistant", "content": self.text}
        return self._top | {"choices": [{"index": 0, "message": message}]}

    def _event(self, data: bytes) -> None:
        try:
            chunk = json.loads(data)
        except (ValueError, RecursionError):
            raise StreamError("stream unparsable") from None
        if not isinstance(chunk, dict):
            raise StreamError("stream unparsable")
        if chunk.get("error"):
            raise StreamError("stream reports an error")
        self._top |= {key: value for key, value in chunk.items() if key != "choices"}
        text = _words(chunk.get("choices"))
        if text:
            self._words_came(text)
        if _ended(chunk.get("choices")):
            self._done = True

    def _words_came(self, text: str) -> None:
        now = self.clock()
        if self.first_at is None:
            self.first_at = now
        else:
            self.gaps.append(now - self._last_at)
        self._last_at = now
        self._texts.append(text)


def _choice(choices: Any) -> dict[str, Any]:
    first = choices[0] if isinstance(choices, list) and choices else {}
    return first if isinstance(first, dict) else {}


def _words(choices: Any) -> str:
    delta = _choice(choices).get("delta")
    content = delta.get("content") if isinstance(delta, dict) else None
    return content if isinstance(content, str) else ""


def _ended(choices: Any) -> bool:
    return isinstance(_choice(choices).get("finish_reason"), str)
