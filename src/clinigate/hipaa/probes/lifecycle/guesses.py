"""What a code could have been made of: digests of what is known of a population.

Each guess is tried as the usual digests, written in the usual ways, whole or cut to the code's
length, and as a UUID by name (RFC 9562, versions 3 and 5).
"""

from __future__ import annotations

import base64
import hashlib
import uuid
import zlib
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import date, timedelta
from functools import lru_cache
from itertools import permutations

__all__ = ["SHORTEST", "guesses", "maker_of", "maker_of_birth_date"]

SHORTEST = 8
"""Shorter codes are the beginning of some digest by chance."""

_DIGESTS = ("md5", "sha1", "sha224", "sha256", "sha384", "sha512", "sha3_256", "sha3_512",
            "blake2b", "blake2s")  # fmt: skip
_COMMON = {"md5": hashlib.md5, "sha1": hashlib.sha1, "sha256": hashlib.sha256}
_JOINTS = ("", "-", "|", ":", " ", "_")
_NAMESPACES = (uuid.NAMESPACE_DNS, uuid.NAMESPACE_OID, uuid.NAMESPACE_URL, uuid.NAMESPACE_X500)
_FIRST_YEAR = 1900
#: So many bytes of a digest are no coincidence, whatever is guessed.
_FEWEST = 4


def guesses(values: Mapping[str, str], salts: Iterable[str] = ()) -> Iterator[tuple[str, str]]:
    """Yield what may have been hashed, after what it is made of: values, and pairs of them."""
    for name, value in values.items():
        digits = "".join(filter(str.isdigit, value))
        for text in dict.fromkeys((value, value.lower(), value.upper(), digits)):
            if text:
                yield name, text
                for salt in salts:
                    yield f"{name} with a salt", salt + text
                    yield f"{name} with a salt", text + salt
    for (one, first), (two, second) in permutations(values.items(), 2):
        for joint in _JOINTS:
            yield f"{one} and {two}", f"{first}{joint}{second}"


def maker_of(code: str, text: str) -> str | None:
    """Return how a code is made of a text; None where it is not, or the code is very short."""
    readings = _readings(code)
    if not readings:
        return None
    data = text.encode("utf-8", "surrogatepass")
    for name in _DIGESTS:
        if hashlib.new(name, data, usedforsecurity=False).digest().startswith(readings):
            return name
    if zlib.crc32(data).to_bytes(4, "big") in readings:
        return "crc32"
    return "UUID by name" if _is_uuid_of(code, text) else None


def maker_of_birth_date(codes: Iterable[str], today: date) -> str | None:
    """Return by which of the three most usual digests a code is made of somebody's date of birth.

    Each date since 1900 is tried, in three ways of writing it.
    """
    wanted = tuple(reading for code in codes for reading in _readings(code))
    heads = _heads(today)
    if not any(_stands_in(heads, int.from_bytes(each[:_FEWEST], "big")) for each in wanted):
        return None
    for name, digest in _digests_of_dates(today):
        if digest.startswith(wanted):
            return name
    return None


@lru_cache(maxsize=1)
def _heads(today: date) -> array[int]:
    """Return how the digests of all dates begin, in order: many codes are looked up in one list."""
    return array(
        "L", sorted(int.from_bytes(each[:_FEWEST], "big") for _, each in _digests_of_dates(today))
    )


def _stands_in(heads: array[int], head: int) -> bool:
    at = bisect_left(heads, head)
    return at < len(heads) and heads[at] == head


def _digests_of_dates(today: date) -> Iterator[tuple[str, bytes]]:
    for text in _birth_dates(today):
        data = text.encode()
        for name, digest in _COMMON.items():
            yield name, digest(data, usedforsecurity=False).digest()


def _birth_dates(today: date) -> Iterator[str]:
    day = date(_FIRST_YEAR, 1, 1)
    while day <= today:
        text = day.isoformat()
        yield text
        yield text.replace("-", "")
        yield f"{text[5:7]}/{text[8:]}/{text[:4]}"
        day += timedelta(1)


@lru_cache(maxsize=64)
def _readings(code: str) -> tuple[bytes, ...]:
    """Return the bytes that a code may be the writing of, in each alphabet that it fits."""
    if len(code) < SHORTEST:
        return ()
    bare, plain = code.replace("-", ""), code.rstrip("=")
    # What was cut in the middle of a byte is read as far as it is whole.
    ways: tuple[Callable[[], bytes], ...] = (
        lambda: bytes.fromhex(_whole(bare, 2)),
        lambda: base64.b64decode(_whole(plain, 4), validate=True),
        lambda: base64.b64decode(_whole(plain, 4), b"-_", validate=True),
        lambda: base64.b32decode(_whole(plain, 8), casefold=True),
    )
    found = set()
    for way in ways:
        with suppress(ValueError):
            found.add(way())
    return tuple(sorted(reading for reading in found if len(reading) >= _FEWEST))


def _whole(text: str, group: int) -> str:
    return text[: len(text) // group * group]


def _is_uuid_of(code: str, text: str) -> bool:
    try:
        wanted = uuid.UUID(code)
    except ValueError:
        return False
    return any(
        make(space, text) == wanted for make in (uuid.uuid3, uuid.uuid5) for space in _NAMESPACES
    )
