"""Writes that are carried out once, however often they are sent: by a key of who sends them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from clinigate.core.canonical import canonical_bytes
from clinigate.reference import lapses
from clinigate.reference.care.base import Base
from clinigate.reference.care.sealing import RecordSealer
from clinigate.reference.defect import Defect

__all__ = ["Once", "Reused"]

_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS once (who TEXT NOT NULL, nonce TEXT NOT NULL, said TEXT NOT NULL, "
    "answer TEXT NOT NULL, PRIMARY KEY (who, nonce))"
)


class Reused(Exception):  # noqa: N818 - what a client did, not what went wrong here
    """A key stands for another write already."""


class Once:
    """What was answered to each key. Answers hold ids, never words of a record."""

    def __init__(self, base: Base, sealer: RecordSealer, fault: Defect) -> None:
        self._base = base
        self._sealer = sealer
        self._fault = fault
        base.define((_SCHEMA,))

    def answer(
        self,
        who: str,
        nonce: str | None,
        said: Mapping[str, Any],
        do: Callable[[], dict[str, Any]],
    ) -> dict[str, Any]:
        """Carry out a write, or tell what came of it when it was carried out.

        Args:
            who: sends it.
            nonce: its key; None carries it out every time.
            said: what it says, so that a key cannot stand for two writes.
            do: carries it out.

        Raises:
            Reused: the key stands for another write.
        """
        if nonce is None or self._fault is lapses.records.REPLAYABLE_WRITES:
            return do()
        name = self._sealer.name_of(canonical_bytes(["once", dict(said)]))
        with self._base.transaction():
            known = self._base.row(
                "SELECT said, answer FROM once WHERE who = ? AND nonce = ?", who, nonce
            )
            if known is None:
                made = do()
                self._base.run(
                    "INSERT INTO once VALUES (?, ?, ?, ?)", who, nonce, name, json.dumps(made)
                )
                return made
        if known[0] != name:
            raise Reused
        found: dict[str, Any] = json.loads(known[1])
        return found
