"""Canonical JSON: the one byte form in which evidence is written, hashed and signed.

Sorted keys, no insignificant white space, UTF-8 without escapes, integers stay integers, and no
NaN or infinity, for which JSON has no form. Two equal values give equal bytes on every platform.
"""

from __future__ import annotations

import hashlib
import json
import math
from typing import Any

__all__ = ["canonical_bytes", "canonical_text", "parse_json", "sha256_hex"]


def canonical_text(value: Any) -> str:
    """Return `value` (plain JSON types only) as canonical JSON.

    Raises:
        ValueError: the value holds NaN, an infinity, or a lone surrogate.
        TypeError: the value holds something that is not a plain JSON type.
    """
    text = json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )
    text.encode("utf-8")  # a lone surrogate has no UTF-8 form: refuse it here, not at the disk
    return text


def canonical_bytes(value: Any) -> bytes:
    """Return `canonical_text(value)` in UTF-8."""
    return canonical_text(value).encode("utf-8")


def parse_json(data: bytes | str) -> Any:
    """Parse JSON strictly: a repeated key or NaN is refused, where `json.loads` keeps the last.

    Raises:
        ValueError: not JSON, a repeated key, NaN/Infinity, or a number too large for a float.
    """
    return json.loads(
        data, object_pairs_hook=_unique, parse_constant=_refuse_constant, parse_float=_finite
    )


def sha256_hex(data: bytes) -> str:
    """Return the SHA-256 digest of `data` in lower-case hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"key {twice!r} stands twice in one JSON object")
    return result


def _finite(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise ValueError(f"{text[:20]} is larger than any float")
    return value


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")
