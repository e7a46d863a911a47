"""Answers of earlier runs in place of asking again: kept by content, told in every measurement.

What is kept: one answer for each build, target configuration, capability, conversation, seed and
time limit. An error, a time-out or an empty reply is kept like any other answer: running again
must give nobody a second chance. Only what the rate limit held back is asked again, since it says
nothing. Response times are always measured anew, and questionnaires always scored anew.

Each entry carries a digest of itself and of its build: one that was edited, or that came from the
file of another build, is an error. It is no seal, since whoever writes an entry can write its
digest too; that is one more reason why a run with the cache never certifies.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from clinigate import __version__
from clinigate.core.canonical import canonical_bytes, canonical_text, parse_json, sha256_hex
from clinigate.core.case import Turn
from clinigate.core.codec import from_plain, to_plain
from clinigate.core.scoring import Answers, Instrument, Scored, Scorer, Terms
from clinigate.core.target import Capability, Outcome, Reply, Target
from clinigate.errors import EvidenceError, UsageError
from clinigate.evidence.times import Clock, system_clock, timestamp
from clinigate.pipeline.setup import Setup
from clinigate.targets.messages import turns_digest
from clinigate.targets.wrapped import WrappedTarget

__all__ = ["CachingTarget", "ReplyStore", "caching"]

_SCHEMA = "clinigate.replies/2"
_TABLE = (
    "CREATE TABLE IF NOT EXISTS replies "
    "(key TEXT PRIMARY KEY, reply TEXT, kept_at TEXT, digest TEXT)"
)
_WAIT_S = 30.0


class ReplyStore:
    """The answers of one build, in one SQLite file that its owner alone can read."""

    def __init__(self, path: Path, build: str) -> None:
        """Open the file, or make it; `build` tells this build from every other.

        Raises:
            EvidenceError: it cannot be written, or is no such file.
        """
        self._path = path
        self._build = build
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
            self._file = sqlite3.connect(path, timeout=_WAIT_S, isolation_level=None)
        except (OSError, sqlite3.Error) as error:
            raise self._trouble(error) from error
        try:
            self._file.execute("PRAGMA journal_mode=WAL")
            self._file.execute("PRAGMA synchronous=NORMAL")
            self._file.execute(_TABLE)
        except sqlite3.Error as error:
            self.close()
            raise self._trouble(error) from error

    def get(self, key: str) -> tuple[Reply, str] | None:
        """Return an answer and when it was given, or None.

        Raises:
            EvidenceError: what is kept there cannot be read, was changed since, or is of another
                build.
        """
        try:
            query = "SELECT reply, kept_at, digest FROM replies WHERE key = ?"
            row = self._file.execute(query, (key,)).fetchone()
            if row is None:
                return None
            if row[2] != self._digest(key, row[0], row[1]):
                raise self._trouble("an answer in it was changed, or is of another build")
            return from_plain(Reply, parse_json(row[0])), str(row[1])
        except (sqlite3.Error, ValueError, TypeError) as error:
            raise self._trouble(error) from error

    def put(self, key: str, reply: Reply, kept_at: str) -> None:
        """Keep an answer; the first one of its key stays.

        Raises:
            EvidenceError: it cannot be written.
        """
        text = canonical_text(to_plain(reply))
        row = (key, text, kept_at, self._digest(key, text, kept_at))
        try:
            self._file.execute("INSERT OR IGNORE INTO replies VALUES (?, ?, ?, ?)", row)
        except sqlite3.Error as error:
            raise self._trouble(error) from error

    def close(self) -> None:
        """Close the file. Calling it twice is harmless."""
        with suppress(sqlite3.Error):
            self._file.close()

    def _digest(self, key: str, reply: object, kept_at: object) -> str:
        return sha256_hex(canonical_bytes([self._build, key, reply, kept_at]))

    def _trouble(self, problem: Exception | str) -> EvidenceError:
        what = problem if isinstance(problem, str) else type(problem).__name__
        return EvidenceError(
            f"reply cache {self._path}: {what}; delete the file, or leave --reply-cache out"
        )


class CachingTarget(WrappedTarget):
    """A target whose answers are kept, and given again to the same question.

    Attributes:
        asked, reused: answers that it gave since `begin`; `oldest` is when the oldest was given.
    """

    def __init__(self, target: Target, store: ReplyStore, *, clock: Clock = system_clock) -> None:
        super().__init__(target)
        self._store = store
        self._clock = clock
        self.begin()

    def begin(self) -> None:
        """Count anew, for the next check."""
        self.asked = self.reused = 0
        self.oldest: str | None = None

    @property
    def uncached(self) -> Target:
        """The target itself, for what must be measured anew (`clinical.asking` asks for it)."""
        return self.inner

    def policy(self) -> str | None:
        """Return in a sentence how many answers were given earlier; None where none was."""
        if not self.reused:
            return None
        return (
            f"reply cache: {self.reused:,} of {self.asked + self.reused:,} answers were given "
            f"earlier, the oldest at {self.oldest}; kept for this build and target alone, failures "
            "like answers, throttled ones never; response times are always measured anew"
        )

    async def ask(
        self,
        turns: Sequence[Turn],
        *,
        capability: Capability,
        timeout_s: float,
        seed: int | None = None,
    ) -> Reply:
        """Return what is kept, or else ask and keep what comes."""
        key = sha256_hex(canonical_bytes([capability, turns_digest(turns), seed, str(timeout_s)]))
        kept = self._store.get(key)
        if kept is not None:
            self.reused += 1
            self.oldest = min(filter(None, (self.oldest, kept[1])))
            return kept[0]
        reply = await super().ask(turns, capability=capability, timeout_s=timeout_s, seed=seed)
        self.asked += 1
        if reply.outcome is not Outcome.THROTTLED:
            # What it was parsed from is for the evidence of the run that asked.
            self._store.put(key, replace(reply, raw={}), timestamp(self._clock()))
        return reply

    async def aclose(self) -> None:
        """Release connections and the file."""
        self._store.close()
        await super().aclose()


class _CachingScorer(CachingTarget):
    """One that scores questionnaires too; these are always scored anew."""

    @property
    def _scorer(self) -> Scorer:
        assert isinstance(self.inner, Scorer)
        return self.inner

    @property
    def instruments(self) -> Mapping[Instrument, Terms]:
        return self._scorer.instruments

    @property
    def scored_fields(self) -> frozenset[str]:
        return self._scorer.scored_fields

    @property
    def sheets_at_once(self) -> int:
        return self._scorer.sheets_at_once

    async def score(
        self, instrument: Instrument, sheets: Sequence[Answers], *, timeout_s: float
    ) -> Sequence[Scored]:
        return await self._scorer.score(instrument, sheets, timeout_s=timeout_s)


def caching(setup: Setup, target: Target) -> CachingTarget:
    """Return `target` with the cache of its build before it.

    Raises:
        UsageError: nothing tells one build from the next, so that the answers of another one could
            stand in for this one's.
        EvidenceError: the cache cannot be opened.
    """
    if not setup.subject.names_a_build:
        raise UsageError(
            "--reply-cache needs to know which build gave an answer; name its digests or version "
            "under [subject], or leave the option out"
        )
    spec = setup.config.config.target
    identity = [
        _SCHEMA,
        __version__,  # another release may read other fields from the same answer
        to_plain(setup.subject),
        target.name,
        None if spec is None else spec.model_dump(mode="json"),
    ]
    build = sha256_hex(canonical_text(identity).encode())
    store = ReplyStore(setup.config.root / "cache" / "replies" / f"{build[:32]}.sqlite", build)
    return (_CachingScorer if isinstance(target, Scorer) else CachingTarget)(target, store)
