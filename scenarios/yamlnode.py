"""Strict reading of YAML that knows the line of everything it reads.

`yaml.compose` gives the tree of nodes with their places in the file; `Field` walks it by the
caller's schema, so that whatever is not in the schema is refused, with file, line and field.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NoReturn, Protocol

import yaml

from clinigate.errors import PackError

__all__ = ["Field", "nearest", "read_yaml"]

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_MAX_DEPTH = 20

_KINDS = {
    "tag:yaml.org,2002:null": "nothing",
    "tag:yaml.org,2002:bool": "a yes or no",
    "tag:yaml.org,2002:int": "a number",
    "tag:yaml.org,2002:float": "a number",
    "tag:yaml.org,2002:timestamp": "a date",
}


def nearest(word: str, known: Iterable[str]) -> str:
    """Return `; nearest known is 'x'` where one is near, else `; known are …`."""
    names = sorted(known)
    close = difflib.get_close_matches(word, names, n=1, cutoff=0.6)
    return f"; nearest known is {close[0]!r}" if close else f"; known are {', '.join(names)}"


class _Mark(Protocol):
    """A place in the file, as PyYAML's Python and C loaders both give it; `line` starts at 0."""

    @property
    def line(self) -> int: ...


class Field:
    """One node of the file, with its path as `archetypes[2].cores[0].text`."""

    __slots__ = ("_node", "file", "path")

    def __init__(self, node: yaml.Node, file: str, path: str) -> None:
        self._node = node
        self.file = file
        self.path = path

    def fail(self, problem: str) -> NoReturn:
        """Raise `PackError` with file, line and field before `problem`."""
        place = f"{self.file}:{self._node.start_mark.line + 1}"
        raise PackError(f"{place}: {self.path or 'file'}: {problem}")

    def mapping(self, required: Iterable[str], optional: Iterable[str] = ()) -> dict[str, Field]:
        """Return the fields by key; an unknown, repeated or missing key is refused."""
        must = tuple(required)
        known = {*must, *optional}
        found: dict[str, Field] = {}
        for key, field in self.pairs():
            if key not in known:
                field.fail(f"unknown key{nearest(key, known)}")
            found[key] = field
        for key in must:
            if key not in found:
                self.fail(f"key {key!r} is missing; add it")
        return found

    def pairs(self) -> Iterator[tuple[str, Field]]:
        """Yield each key with its field; a repeated key or one that is no text is refused."""
        if not isinstance(self._node, yaml.MappingNode):
            self.fail(f"expected keys with values, got {self._kind()}")
        seen: set[str] = set()
        for key_node, value_node in self._node.value:
            key = Field(key_node, self.file, self.path)._scalar()
            path = f"{self.path}.{key}" if self.path else key
            if key in seen:
                Field(key_node, self.file, path).fail("this key stands twice; keep one")
            seen.add(key)
            yield key, Field(value_node, self.file, path)

    def sequence(self, *, empty: bool = False) -> list[Field]:
        """Return the items of a list; an empty one is refused unless `empty` allows it."""
        if not isinstance(self._node, yaml.SequenceNode):
            self.fail(f"expected a list, got {self._kind()}")
        if not self._node.value and not empty:
            self.fail("the list is empty; add at least one item")
        return [
            Field(node, self.file, f"{self.path}[{index}]")
            for index, node in enumerate(self._node.value)
        ]

    def is_sequence(self) -> bool:
        """Return whether this is a list."""
        return isinstance(self._node, yaml.SequenceNode)

    def text(self) -> str:
        """Return the text without white space around it; empty or another type is refused."""
        if not isinstance(self._node, yaml.ScalarNode) or self._node.tag in _KINDS:
            self.fail(f"expected text, got {self._kind()}; put it in quotes if it is meant as text")
        value = str(self._node.value).strip()
        if not value:
            self.fail("the text is empty; write one or remove the entry")
        return value

    def word(self) -> str:
        """Return a plain scalar as written, so that `1.0` and `2026-11-21` need no quotes."""
        value = self._scalar().strip()
        if not value:
            self.fail("a value is missing; write one")
        return value

    def one_of(self, known: Iterable[str], what: str) -> str:
        """Return a word that is one of `known`."""
        names = tuple(known)
        value = self.word()
        if value not in names:
            self.fail(f"unknown {what} {value!r}{nearest(value, names)}")
        return value

    def words_of(self, known: Iterable[str], what: str) -> tuple[str, ...]:
        """Return a list of different words, each one of `known`."""
        names = tuple(known)
        values: list[str] = []
        for item in self.sequence(empty=True):
            value = item.one_of(names, what)
            if value in values:
                item.fail(f"{what} {value!r} stands twice; keep one")
            values.append(value)
        return tuple(values)

    def _scalar(self) -> str:
        if not isinstance(self._node, yaml.ScalarNode):
            self.fail(f"expected one value, got {self._kind()}")
        return str(self._node.value)

    def _kind(self) -> str:
        if isinstance(self._node, yaml.SequenceNode):
            return "a list"
        if isinstance(self._node, yaml.MappingNode):
            return "keys with values"
        return _KINDS.get(self._node.tag, "text")


def read_yaml(path: Path, *, shown: str | None = None) -> Field:
    """Return the root of the one YAML document in `path`; `shown` names the file in messages.

    Raises:
        PackError: the file is missing, unreadable, not UTF-8, empty, or not one YAML document.
    """
    name = shown or str(path)
    text = _read_text(path, name)
    try:
        _refuse_depth_and_aliases(text, name)
        node = yaml.compose(text, Loader=_Loader)
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise PackError(
            f"{name}:{line}: file: a control character stands here; remove it"
        ) from None
    except yaml.MarkedYAMLError as error:
        raise PackError(_syntax(name, error)) from None
    if node is None:
        raise PackError(f"{name}:1: file: it is empty; write a pack (docs/scenarios.md)")
    return Field(node, name, "")


def _refuse_depth_and_aliases(text: str, name: str) -> None:
    """Refuse, before any tree is built, what overflows the C composer's stack or shares nodes."""
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        line = _line(event.start_mark)
        if isinstance(event, yaml.AliasEvent):
            raise PackError(f"{name}:{line}: file: an alias (*name); write the value out instead")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > _MAX_DEPTH:
            raise PackError(f"{name}:{line}: file: nested deeper than {_MAX_DEPTH}; flatten it")


def _read_text(path: Path, name: str) -> str:
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise PackError(f"{name}: no such file; check the path or name a built-in pack") from None
    except OSError as error:
        raise PackError(f"{name}: cannot be read ({error.strerror}); check the path") from None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise PackError(f"{name}:{line}: file: not UTF-8; save it as UTF-8") from None


def _syntax(name: str, error: yaml.MarkedYAMLError) -> str:
    line = _line(error.problem_mark or error.context_mark)
    return f"{name}:{line}: file: not YAML, {error.problem or error.context}; mend this line"


def _line(mark: _Mark | None) -> int:
    return 1 if mark is None else mark.line + 1
