"""What a code could have been made of: digests of what is known of a population.

Each guess is tried as the usual digests, written in the usual ways, whole or cut to the code's
length, and as a UUID by name (RFC 9562, versions 3 and 5).
"""

from __future__ import annotations

import base64
import hashlib
import uuid
import zlib
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from itertools import permutations

__all__ = ["SHORTEST", "guesses", "maker_of", "maker_of_birth_date"]

SHORTEST = 6
"""Shorter codes are the beginning of some digest by chance."""

_DIGESTS = ("md5", "sha1", "sha224", "sha256", "sha384", "sha512", "sha3_256", "sha3_512",
            "blake2b", "blake2s")  # fmt: skip
_COMMON = {"md5": hashlib.md5, "sha1": hashlib.sha1, "sha256": hashlib.sha256}
_JOINTS = ("", "-", "|", ":", " ", "_")
_NAMESPACES = (uuid.NAMESPACE_DNS, uuid.NAMESPACE_OID, uuid.NAMESPACE_URL, uuid.NAMESPACE_X500)
_FIRST_YEAR = 1900


def guesses(values: Mapping[str, str], salts: Iterable[str] = ()) -> Iterator[tuple[str, str]]:
    """Yield what may have been hashed, and what it is made of: values, and pairs of them."""
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


def maker_of_birth_date(codes: Iterable[str], today: date) -> str | None:
    """Return by which of the three most usual digests a code is made of somebody's date of birth.

    Each date since 1900 is tried, in three ways of writing it.
    """
    wanted = tuple(bare for code in codes if len(bare := _bare(code)) >= SHORTEST)
    if not wanted:
        return None
    heads = {bare[:SHORTEST] for bare in wanted}
    for text in _birth_dates(today):
        data = text.encode()
        for name, digest in _COMMON.items():
            found = digest(data, usedforsecurity=False).hexdigest()
            if found[:SHORTEST] in heads and any(map(found.startswith, wanted)):
                return name
    return None


def _birth_dates(today: date) -> Iterator[str]:
    day = date(_FIRST_YEAR, 1, 1)
    while day <= today:
        yield day.isoformat()
        yield f"{day:%Y%m%d}"
        yield f"{day:%m/%d/%Y}"
        day += timedelta(1)


def maker_of(code: str, text: str) -> str | None:
    """Return how a code is made of a text; None where it is not, or the code is very short."""
    bare = _bare(code)
    if len(bare) < SHORTEST:
        return None
    data = text.encode("utf-8", "surrogatepass")
    for name in _DIGESTS:
        digest = hashlib.new(name, data, usedforsecurity=False)
        if digest.hexdigest().startswith(bare) or _is_written(code, digest.digest()):
            return name
    if f"{zlib.crc32(data):08x}" == bare:
        return "crc32"
    named = {make(space, text).hex for make in (uuid.uuid3, uuid.uuid5) for space in _NAMESPACES}
    return "UUID by name" if bare in named else None


def _bare(code: str) -> str:
    return code.replace("-", "").lower()


def _is_written(code: str, digest: bytes) -> bool:
    """Whether a code is a digest, or its beginning, in another alphabet than hexadecimal."""
    forms = (
        base64.b64encode(digest).decode(),
        base64.urlsafe_b64encode(digest).decode(),
        base64.b32encode(digest).decode(),
        base64.b32encode(digest).decode().lower(),
    )
    return any(form.startswith(code.rstrip("=")) for form in forms)
