"""Compiled databases as bytes, which are believed only if their digest is right."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

__all__ = ["Compiled", "Database"]

_MAGIC = b"clinigate phi database 1\n"
_DIGEST = 32


@dataclass(frozen=True, slots=True)
class Database:
    """One database.

    Attributes:
        numbers: which expressions it holds, by their place in the list.
        data: as the engine wrote it.
    """

    numbers: tuple[int, ...]
    data: bytes


@dataclass(frozen=True, slots=True)
class Compiled:
    """What a list of expressions was compiled into; what no database holds was refused."""

    databases: tuple[Database, ...]

    def packed(self) -> bytes:
        """Return all of it as bytes."""
        head = [[list(each.numbers), len(each.data)] for each in self.databases]
        body = json.dumps(head).encode() + b"\n" + b"".join(each.data for each in self.databases)
        return _MAGIC + hashlib.sha256(body).digest() + body

    @classmethod
    def unpacked(cls, data: bytes) -> Compiled | None:
        """Return what `packed` made, None where these are no such bytes or not all of them."""
        body = data[len(_MAGIC) + _DIGEST :]
        digest = data[len(_MAGIC) : len(_MAGIC) + _DIGEST]
        if not data.startswith(_MAGIC) or hashlib.sha256(body).digest() != digest:
            return None
        head, _, rest = body.partition(b"\n")
        databases, at = [], 0
        for numbers, size in json.loads(head):
            databases.append(Database(tuple(numbers), rest[at : at + size]))
            at += size
        return cls(tuple(databases))
