"""Is what a model returned an answer at all? Looked at outside of the timed window."""

from __future__ import annotations

import math
import sys
from collections.abc import AsyncIterator, Awaitable, Iterator, Mapping, Sized
from concurrent.futures import Future
from dataclasses import fields, is_dataclass
from types import CoroutineType
from typing import Any

__all__ = ["fault_of"]

#: What stands for work that is still to be done: whoever returned it has answered nothing yet.
_PENDING = (Awaitable, Iterator, AsyncIterator, Future)


def fault_of(outputs: Any, size: int) -> str | None:
    """Say what is wrong with the outputs of a batch of `size` queries; None where nothing is.

    An answer is a tensor or array with a row for each query, a sequence with an item for each
    query, or a mapping or dataclass of such; every number in it is finite. What is still to be
    awaited or iterated over is no answer, whatever would come of it; a coroutine is closed.
    """
    if outputs is None:
        return "returned nothing"
    pending = _pending(outputs)
    rows = None if pending else _rows(outputs)
    if rows is None:
        return f"returned {pending or type(outputs).__name__}, wanted one answer for each query"
    if rows != size:
        return f"returned {rows} answers to {size} queries"
    return None if _finite(outputs) else "returned NaN or an infinity"


def _pending(value: Any) -> str | None:
    """Name the type of what is not answered yet, at whatever depth; None where all is there."""
    if isinstance(value, _PENDING):
        if isinstance(value, CoroutineType):
            value.close()  # nobody will await it, and Python would complain of that
        return type(value).__name__
    value = _by_field(value)
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, list | tuple):
        found = [name for name in map(_pending, value) if name]
        return found[0] if found else None
    return None


def _by_field(value: Any) -> Any:
    """Return a dataclass as a mapping of the fields that are set, and all else as it is."""
    if is_dataclass(value) and not isinstance(value, type):
        named = {field.name: getattr(value, field.name) for field in fields(value)}
        return {name: each for name, each in named.items() if each is not None}
    return value


def _rows(value: Any) -> int | None:
    """How many answers a value holds; None where it does not tell."""
    value = _by_field(value)
    if isinstance(value, Mapping):
        counts = [rows for rows in map(_rows, value.values()) if rows is not None]
        return counts[0] if counts else None
    shape = getattr(value, "shape", None)
    if shape is not None:
        return int(shape[0]) if len(shape) else None
    if isinstance(value, Sized) and not isinstance(value, str | bytes | bytearray):
        return len(value)
    return None


def _finite(value: Any) -> bool:
    value = _by_field(value)
    match value:
        case bool() | int() | str() | bytes():
            return True
        case float():
            return math.isfinite(value)
        case None:
            return False
        case Mapping():
            return all(map(_finite, value.values()))
        case list() | tuple():
            return all(map(_finite, value))
        case _:
            return _finite_array(value)


def _finite_array(value: Any) -> bool:
    """Tensors of torch and arrays of numpy; whoever returned one has loaded the library."""
    for library, kind in (("torch", "Tensor"), ("numpy", "ndarray"), ("numpy", "generic")):
        module = sys.modules.get(library)
        if module is not None and isinstance(value, getattr(module, kind)):
            return bool(module.isfinite(value).all())
    return True
