"""Is what a model returned an answer at all? Looked at outside of the timed window."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["fault_of"]


def fault_of(outputs: Any, size: int) -> str | None:
    """Say what is wrong with the outputs of a batch of `size` queries; None where nothing is.

    An answer is a tensor or array with a row for each query, a sequence with an item for each
    query, or a mapping of such; every number in it is finite.
    """
    if outputs is None:
        return "returned nothing"
    rows = _rows(outputs)
    if rows is not None and rows != size:
        return f"returned {rows} answers to {size} queries"
    return None if _finite(outputs) else "returned NaN or an infinity"


def _rows(value: Any) -> int | None:
    """How many answers a value holds; None where it does not tell."""
    if isinstance(value, Mapping):
        counts = [rows for rows in map(_rows, value.values()) if rows is not None]
        return counts[0] if counts else None
    shape = getattr(value, "shape", None)
    if shape is not None:
        return int(shape[0]) if len(shape) else None
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return len(value)
    return None


def _finite(value: Any) -> bool:
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
