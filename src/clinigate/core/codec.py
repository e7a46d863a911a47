"""Nouns to plain JSON values and back: unknown, missing or mistyped fields are refused."""

from __future__ import annotations

import re
import sys
import types
import typing
from collections.abc import Mapping, Set
from dataclasses import MISSING, Field, fields, is_dataclass
from enum import Enum
from functools import cache
from typing import Any, TypeVar

from clinigate.errors import UsageError

__all__ = ["from_plain", "to_plain"]

T = TypeVar("T")

#: Names the class inside a field that may hold one of several.
TAG = "_type"

_WORD = re.compile(r"[\w.:@/<>=-]{0,40}")
_LARGEST_SHOWN = 1e9


def to_plain(value: Any) -> Any:
    """Return a noun as plain JSON values: dicts, lists, strings, numbers, booleans, None.

    A field that may hold one of several nouns carries the class name under `_type`.
    """
    if isinstance(value, Enum):
        return value.value
    if is_dataclass(value) and not isinstance(value, type):
        return {
            field.name: _field_to_plain(hint, getattr(value, field.name))
            for field, hint in _fields(type(value))
        }
    if isinstance(value, Mapping):
        return {str(to_plain(key)): to_plain(item) for key, item in value.items()}
    if isinstance(value, Set):
        return sorted(to_plain(item) for item in value)
    if isinstance(value, list | tuple):
        return [to_plain(item) for item in value]
    return value


def from_plain(kind: type[T], data: Any) -> T:
    """Build a noun from plain values.

    Raises:
        ValueError: with the path of the field that is unknown, missing or of the wrong type.
    """
    return typing.cast(T, _build(kind, data, kind.__name__))


def _field_to_plain(hint: Any, value: Any) -> Any:
    plain = to_plain(value)
    if len(_members(hint)) > 1 and is_dataclass(value):
        return {TAG: type(value).__name__, **plain}
    return plain


@cache
def _fields(kind: type) -> tuple[tuple[Field[Any], Any], ...]:
    hints = typing.get_type_hints(kind)
    return tuple((field, hints[field.name]) for field in fields(kind))


@cache
def _members(hint: Any) -> tuple[type, ...]:
    """The dataclasses that a hint allows."""
    options = typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
    return tuple(option for option in options if is_dataclass(option))  # type: ignore[misc]


def _build(hint: Any, data: Any, path: str) -> Any:
    if hint is Any:
        return data
    if isinstance(hint, types.UnionType):
        return _build_union(hint, data, path)
    origin = typing.get_origin(hint)
    if origin is typing.Literal:
        return _expect(data in typing.get_args(hint), data, hint, path)
    if origin in (tuple, frozenset):
        item, *others = typing.get_args(hint)
        _expect(isinstance(data, list), data, "a list", path)
        if others and others != [Ellipsis]:
            count = 1 + len(others)
            _expect(len(data) == count, len(data), f"a list of {count}", path)
        return origin(_build(item, each, f"{path}[{i}]") for i, each in enumerate(data))
    if origin is not None and issubclass(origin, Mapping):
        _expect(isinstance(data, dict), data, "an object", path)
        return {key: _build(typing.get_args(hint)[1], data[key], f"{path}.{key}") for key in data}
    if is_dataclass(hint):
        return _build_noun(hint, data, path)  # type: ignore[arg-type]
    return _build_scalar(hint, data, path)


def _build_union(hint: types.UnionType, data: Any, path: str) -> Any:
    if data is None and type(None) in typing.get_args(hint):
        return None
    members = _members(hint)
    if len(members) > 1:
        _expect(isinstance(data, dict), data, "an object", path)
        named = {member.__name__: member for member in members}
        tag = data.get(TAG)
        _expect(tag in list(named), tag, f"one of {', '.join(named)}", f"{path}.{TAG}")
        return _build_noun(named[tag], {k: v for k, v in data.items() if k != TAG}, path)
    only = next(option for option in typing.get_args(hint) if option is not type(None))
    return _build(only, data, path)


def _build_noun(kind: type, data: Any, path: str) -> Any:
    _expect(isinstance(data, dict), data, "an object", path)
    known = {field.name: (field, hint) for field, hint in _fields(kind)}
    for key in data:
        _expect(key in known, key, f"one of {', '.join(known)}", path)
    for name, (field, _) in known.items():
        required = field.default is MISSING and field.default_factory is MISSING
        _expect(name in data or not required, "nothing", "a value", f"{path}.{name}")
    values = {k: _build(known[k][1], data[k], f"{path}.{k}") for k in data}
    try:
        return kind(**values)
    except UsageError as error:
        raise ValueError(f"{path}: {error}") from error


def _build_scalar(hint: Any, data: Any, path: str) -> Any:
    if issubclass(hint, Enum):
        _expect(data in [member.value for member in hint], data, f"a {hint.__name__}", path)
        return hint(data)
    if hint is float and isinstance(data, int) and not isinstance(data, bool):
        _expect(abs(data) <= sys.float_info.max, data, "a float", path)
        return float(data)
    right = isinstance(data, hint) and not (isinstance(data, bool) and hint is not bool)
    return _expect(right, data, f"a {hint.__name__}", path)


def _expect(condition: bool, got: Any, wanted: Any, path: str) -> Any:
    if not condition:
        raise ValueError(f"{path}: got {_shown(got)}, wanted {wanted}")
    return got


def _shown(value: Any) -> str:
    """Name a wrong value: a short word or number itself, anything longer by its type alone.

    What stands in the wrong place may be what somebody said, and messages go everywhere.
    """
    is_word = isinstance(value, str) and _WORD.fullmatch(value) is not None
    is_number = isinstance(value, int | float) and abs(value) < _LARGEST_SHOWN
    return repr(value) if value is None or is_word or is_number else type(value).__name__
