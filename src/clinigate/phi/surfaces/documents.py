"""JSON of any length and any number of documents: each value with its line, in little memory."""

from __future__ import annotations

import json
import re
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from typing import Any

from clinigate.phi.surfaces.fields import leaves
from clinigate.phi.surfaces.woven import Item, Record

__all__ = ["JsonReader", "json_items"]

#: So many values are held until the object is whole; what is larger comes piece by piece.
_HELD = 20_000
_DEEPEST = 256
#: Longer texts have no key: they are searched as they stand.
_LONGEST = 32 * 2**20
_TOKEN = re.compile(
    r'"(?P<text>[^"\\\n]*(?:\\.[^"\\\n]*)*)"|(?P<sign>[][{}:,])|(?P<line>\n)'
    r"|(?P<number>-?\d[\d.eE+-]*)|(?P<torn>\")"
)


def json_items(blocks: Iterator[bytes]) -> Iterator[Item]:
    """Yield JSON as it stands and, behind each block, its values by their paths.

    One document or one a line; what is not well formed is read as far as it goes.
    """
    reader = JsonReader()
    for block in blocks:
        yield block
        yield from reader.read(block.decode("utf-8", "surrogateescape"))
    yield from reader.end()


class _Placed(str):
    """A text and the line it stands in."""

    __slots__ = ("line",)
    line: int


@dataclass(slots=True)
class _Frame:
    """An object or array that has been begun.

    Attributes:
        path: of its own keys.
        key: of the value that comes next.
        streams: whether its values go on by themselves, because it is too large to be held.
    """

    values: dict[str, Any] | list[Any]
    path: str
    key: str | None = None
    streams: bool = False
    last: str | None = field(default=None)

    @property
    def below(self) -> str:
        """The path of the value that comes next."""
        if self.key is None:
            return self.path
        return f"{self.path}.{self.key}" if self.path else self.key


class JsonReader:
    """Builds values from tokens, and gives their records as soon as one is whole."""

    def __init__(self, line: int = 1) -> None:
        self._frames: list[_Frame] = []
        self._line = line
        self._held = 0
        self._too_deep = 0
        self._torn = ""

    def read(self, text: str) -> Iterator[Record]:
        """Read on, and yield the records of what is whole."""
        text, self._torn = self._torn + text, ""
        at = 0
        while at < len(text):
            at = yield from self._tokens(text, at)

    def _tokens(self, text: str, at: int) -> Generator[Record, None, int]:
        """Read tokens, and return where to go on: behind them all, or behind a quote's line."""
        for token in _TOKEN.finditer(text, at):
            kind = token.lastgroup
            if kind == "text":
                yield from self._text(token["text"])
            elif kind == "sign":
                yield from self._sign(token["sign"])
            elif kind == "line":
                self._line += 1
            elif kind == "number" and token.end() < len(text):
                yield from self._value(self._placed(token["number"]))
            else:
                line_end = text.find("\n", token.start())
                if line_end >= 0:
                    return line_end
                # The rest may come with the next block; of a text without an end it never does.
                if len(text) - token.start() <= _LONGEST:
                    self._torn = text[token.start() :]
                break
        return len(text)

    def end(self) -> Iterator[Record]:
        """Yield what has not been closed."""
        if self._torn[:1].isdigit() or self._torn[:1] == "-":
            yield from self._value(self._placed(self._torn))
        yield from self._let_go()

    def _placed(self, text: str) -> _Placed:
        placed = _Placed(text)
        placed.line = self._line
        return placed

    def _text(self, written: str) -> Iterator[Record]:
        text = written
        if "\\" in written:
            try:
                text = json.loads(f'"{written}"', strict=False)
            except ValueError:
                text = written
        frame = self._frames[-1] if self._frames else None
        if frame is not None and frame.key is None and isinstance(frame.values, dict):
            frame.last = text
        else:
            yield from self._value(self._placed(text))

    def _sign(self, sign: str) -> Iterator[Record]:
        if sign in "{[":
            if len(self._frames) >= _DEEPEST:
                self._too_deep += 1
            else:
                path = self._frames[-1].below if self._frames else ""
                self._frames.append(_Frame({} if sign == "{" else [], path))
        elif sign in "}]":
            yield from self._close()
        elif self._frames:
            frame = self._frames[-1]
            frame.key, frame.last = (frame.last if sign == ":" else None), None

    def _close(self) -> Iterator[Record]:
        if self._too_deep:
            self._too_deep -= 1
        elif self._frames:
            frame = self._frames.pop()
            if frame.values:
                yield from self._value(frame.values)

    def _value(self, value: Any) -> Iterator[Record]:
        frame = self._frames[-1] if self._frames else None
        if frame is None or frame.streams:
            yield from leaves(value, self._line, "" if frame is None else frame.below)
            if frame is None:
                self._held = 0
            return
        if isinstance(frame.values, list):
            frame.values.append(value)
        else:
            key = frame.key or ""
            if key in frame.values:
                yield from leaves(frame.values[key], self._line, frame.below)
            frame.values[key] = value
        self._held += 1
        if self._held > _HELD:
            yield from self._let_go()

    def _let_go(self) -> Iterator[Record]:
        """Yield all that is held; what the open objects still get comes by itself."""
        self._held = 0
        for frame in self._frames:
            if frame.values:
                yield from leaves(frame.values, self._line, frame.path)
            frame.values = {} if isinstance(frame.values, dict) else []
            frame.streams = True
