"""Replies on file: a target that answers from recordings, and one that makes them."""

from __future__ import annotations

import itertools
import os
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from clinigate.core.canonical import canonical_bytes, parse_json
from clinigate.core.case import Turn
from clinigate.core.codec import from_plain, to_plain
from clinigate.core.target import Capability, Outcome, Reply, Target
from clinigate.errors import ConfigError, TargetError
from clinigate.targets.messages import turns_digest
from clinigate.targets.wrapped import WrappedTarget

__all__ = ["RecordingTarget", "ReplayTarget"]


@dataclass(frozen=True, slots=True)
class _Key:
    capability: Capability
    turns: str
    seed: int | None


@dataclass(frozen=True, slots=True)
class _Recording:
    """One line of a file of recordings."""

    capability: Capability
    turns: str
    reply: Reply
    seed: int | None = None

    @property
    def key(self) -> _Key:
        return _Key(self.capability, self.turns, self.seed)


class ReplayTarget:
    """Answers what was recorded for the same capability, conversation and seed.

    What was recorded several times is answered in the order of the file, and from the top again
    after the last. What was never recorded is an `ERROR`; nothing is made up.
    """

    def __init__(self, path: Path, *, name: str | None = None) -> None:
        """Read the file.

        Raises:
            ConfigError: it is missing, empty, or a line of it is malformed.
        """
        self._name = name or path.name
        recorded: defaultdict[_Key, list[Reply]] = defaultdict(list)
        for recording in _read(path):
            recorded[recording.key].append(recording.reply)
        if not recorded:
            raise ConfigError(f"{path}: holds no recording; record some with RecordingTarget")
        self._capabilities = frozenset(key.capability for key in recorded)
        self._replies: dict[_Key, Iterator[Reply]] = {
            key: itertools.cycle(replies) for key, replies in recorded.items()
        }

    def __repr__(self) -> str:
        return f"<target {self._name}>"

    @property
    def name(self) -> str:
        """A short name for reports."""
        return self._name

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What there are recordings of."""
        return self._capabilities

    async def ask(
        self,
        turns: Sequence[Turn],
        *,
        capability: Capability,
        timeout_s: float,
        seed: int | None = None,
    ) -> Reply:
        """Return the recorded reply; one that took longer than `timeout_s` is a `TIMEOUT`.

        Raises:
            TargetError: there is no recording of that capability.
        """
        if capability not in self._capabilities:
            offered = ", ".join(sorted(self._capabilities))
            raise TargetError(f"{self._name} holds no recording of {capability}, only of {offered}")
        replies = self._replies.get(_Key(capability, turns_digest(turns), seed))
        if replies is None:
            return Reply(
                Outcome.ERROR,
                0.0,
                error=f"{self._name} holds no recording of this conversation with seed {seed}; "
                "record it anew",
            )
        reply = next(replies)
        if reply.latency_s > timeout_s:
            return Reply(
                Outcome.TIMEOUT,
                reply.latency_s,
                attempts=reply.attempts,
                failures=reply.failures,
                error=f"no complete answer in {timeout_s:g} s when it was recorded",
            )
        return reply

    async def check_reachable(self) -> str | None:
        """A file that was read can be asked."""
        return None

    async def aclose(self) -> None:
        """Nothing is held."""


class RecordingTarget(WrappedTarget):
    """Passes conversations on to another target and writes its replies to a file.

    Questionnaires are no conversations: what a target scores is not recorded, nor offered here.

    The file holds what was answered, word for word. It belongs to whoever runs the evaluation,
    and only they may read it.
    """

    def __init__(self, inner: Target, path: Path) -> None:
        """Create the file.

        Raises:
            ConfigError: it exists already, or cannot be made.
        """
        super().__init__(inner)
        self._path = path
        self._file: IO[bytes] = _create(path)

    def __repr__(self) -> str:
        return f"<recording of {self.inner!r}>"

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What the target behind offers to conversations."""
        return self.inner.capabilities - {Capability.SCORING}

    async def ask(
        self,
        turns: Sequence[Turn],
        *,
        capability: Capability,
        timeout_s: float,
        seed: int | None = None,
    ) -> Reply:
        """Ask the target behind, write its reply down, and return it.

        Raises:
            TargetError: as the target behind, or its reply cannot be written as JSON.
        """
        reply = await self.inner.ask(turns, capability=capability, timeout_s=timeout_s, seed=seed)
        recording = _Recording(capability, turns_digest(turns), reply, seed)
        try:
            line = canonical_bytes(to_plain(recording))
        except (TypeError, ValueError) as error:
            raise TargetError(f"{self.name}: a reply does not go into JSON ({error})") from None
        self._file.write(line + b"\n")
        return reply

    async def aclose(self) -> None:
        """Close the file and the target behind."""
        self._file.close()
        await super().aclose()


def _create(path: Path) -> IO[bytes]:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise ConfigError(f"{path}: exists already; name another file or remove it") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be made ({error.strerror})") from None
    return os.fdopen(descriptor, "wb", buffering=0)


def _read(path: Path) -> Iterator[_Recording]:
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror})") from None
    for number, line in enumerate(lines, start=1):
        if line.strip():
            yield _parse(line, f"{path}, line {number}")


def _parse(line: bytes, where: str) -> _Recording:
    try:
        data: Any = parse_json(line)
    except (ValueError, RecursionError):
        raise ConfigError(f"{where}: is not JSON, perhaps cut off; remove the line") from None
    try:
        return from_plain(_Recording, data)
    except ValueError as error:
        raise ConfigError(f"{where}: {error}") from None
