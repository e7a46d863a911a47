"""Servers of a lab, one of each for all tests here, and what stands in for a run."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from clinigate.chaos.labs.postgres import postgres_missing, postgres_server
from clinigate.chaos.labs.redis import redis_missing, redis_server
from clinigate.core.judgement import judge_all
from clinigate.core.observation import Observation
from clinigate.core.verdict import Verdict
from clinigate.gpu_bench.database.options import DatabaseOptions
from clinigate.gpu_bench.database.run import criteria, run_database_bench
from clinigate.measure.hostguard import HostGuard


@dataclass(slots=True)
class Record:
    """Takes what a recorder takes."""

    seen: list[Observation] = field(default_factory=list)
    notes: list[Mapping[str, Any]] = field(default_factory=list)

    def observation(self, observation: Observation) -> None:
        self.seen.append(observation)

    def note(self, topic: str, body: Mapping[str, Any]) -> None:
        self.notes.append({"topic": topic, **body})


class QuietHost(HostGuard):
    """A host on which nothing waits, whatever else runs beside these tests."""

    def __init__(self, waits: tuple[float, ...] = (0.0,) * 400) -> None:
        super().__init__()
        self._waits = list(waits)

    def _watch(self) -> None:
        return


@dataclass(slots=True)
class Bench:
    record: Record

    def run(self, options: DatabaseOptions, *, waits: tuple[float, ...] = (0.0,) * 400) -> Verdicts:
        recorder: Any = self.record
        run_database_bench(options, recorder, guard=lambda: QuietHost(waits))
        verdicts = judge_all(criteria(options), self.record.seen)
        return {verdict.criterion: verdict for verdict in verdicts}


Verdicts = dict[str, Verdict]


@pytest.fixture(autouse=True)
def _quick_collections() -> Iterator[None]:
    """A bench collects garbage before each block; what the test run itself holds is left alone."""
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture
def bench() -> Bench:
    return Bench(Record())


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    reason = postgres_missing()
    if reason is not None:
        pytest.skip(reason)
    with postgres_server(fsync=False) as dsn:
        yield dsn


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    reason = redis_missing()
    if reason is not None:
        pytest.skip(reason)
    with redis_server() as url:
        yield url
