"""Latency counts from when a statement was due; what cannot be meant is refused at once."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext

import click
import pytest
from click.testing import CliRunner

from clinigate.cli.bench_database import database
from clinigate.config.resilience import BenchTable
from clinigate.errors import UsageError
from clinigate.gpu_bench.database.criteria import OPERATIONS, criteria_for
from clinigate.gpu_bench.database.loop import time_store
from clinigate.gpu_bench.database.options import (
    DatabaseOptions,
    Limits,
    Source,
    configured_sources,
)
from clinigate.measure.histogram import Histogram

STALL_S = 0.2
RATE = 100.0


class StallingStore:
    """Answers at once, but for one statement."""

    description, left_behind = "a fake", None

    def __init__(self, stalls_at: int) -> None:
        self._stalls_at = stalls_at
        self.closed = 0
        self.asked: list[int] = []

    def __enter__(self) -> StallingStore:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def session(self) -> StallingStore:
        return self

    def named(self, what: str) -> AbstractContextManager[None]:
        return nullcontext()

    @property
    def operations(self) -> Mapping[str, Callable[[int], object]]:
        return {"read": self._read}

    def close(self) -> None:
        self.closed += 1

    def _read(self, number: int) -> None:
        self.asked.append(number)
        # The warm-up asks for the first numbers too.
        if len(self.asked) == self._stalls_at:
            time.sleep(STALL_S)


def _at_least(histogram: Histogram, seconds: float) -> int:
    return sum(count for _, high, count in histogram.buckets() if high >= seconds)


class TestLoop:
    def test_on_schedule_a_stall_counts_for_all_who_were_due_meanwhile(self) -> None:
        store = StallingStore(stalls_at=60)
        timed = time_store(store, DatabaseOptions(statements=40, blocks=1, rate=RATE))["read"]
        # Of 20 that were due during the stall, half waited 100 ms or more.
        assert _at_least(timed.whole, STALL_S / 2) >= 9

    def test_one_after_another_it_counts_once(self) -> None:
        store = StallingStore(stalls_at=60)
        timed = time_store(store, DatabaseOptions(statements=40, blocks=1))["read"]
        assert 1 <= _at_least(timed.whole, STALL_S / 2) < 5

    def test_clients_share_the_statements_and_every_connection_is_closed(self) -> None:
        store = StallingStore(stalls_at=0)
        options = DatabaseOptions(statements=60, blocks=3, clients=4)
        timed = time_store(store, options)["read"]
        assert [block.count for block in timed.blocks] == [20, 20, 20]
        assert timed.whole.count == 60
        assert store.closed == 4

    @pytest.mark.parametrize("clients", [1, 3])
    def test_what_a_statement_raises_ends_the_run_and_closes_connections(
        self, clients: int
    ) -> None:
        class Broken(StallingStore):
            def _read(self, number: int) -> None:
                super()._read(number)
                if len(self.asked) > 50 * clients + 5:
                    raise OSError("gone")

        store = Broken(stalls_at=0)
        with pytest.raises(OSError, match="gone"):
            time_store(store, DatabaseOptions(statements=60, blocks=2, clients=clients))
        assert store.closed == clients


class TestOptions:
    def test_each_operation_of_a_store_with_a_limit_has_one_criterion(self) -> None:
        assert [c.id for c in criteria_for(Limits())] == [o.metric for o in OPERATIONS]
        only = criteria_for(Limits(postgres=None, mongodb=None, redis=0.002))
        assert [(c.id, c.limit) for c in only] == [
            ("bench.db.redis.get.p95", 0.002),
            ("bench.db.redis.set.p95", 0.002),
        ]

    def test_addresses_come_from_the_variables_of_the_configuration_and_are_never_shown(
        self,
    ) -> None:
        table = BenchTable(postgres_env="OUR_DSN")
        environ = {"OUR_DSN": "postgresql://me:hunter2@db/x", "REDIS_URL": ""}
        sources = configured_sources(table, environ)
        assert set(sources) == {"postgres"}
        assert sources["postgres"] == Source("postgresql://me:hunter2@db/x", "OUR_DSN")
        assert "hunter2" not in repr(sources)

    @pytest.mark.parametrize(
        ("options", "words"),
        [
            ({"clients": 0}, "clients is 0"),
            ({"blocks": 0}, "blocks is 0"),
            ({"statements": 5}, "do not fill 10 blocks"),
        ],
    )
    def test_what_cannot_be_meant_is_refused(self, options: dict[str, int], words: str) -> None:
        with pytest.raises(UsageError, match=words):
            DatabaseOptions(**options)  # type: ignore[arg-type]


class TestCommand:
    @pytest.mark.parametrize(
        ("given", "words"),
        [
            ("--postgres-latency-max=10", "wanted a time above 0 with its unit"),
            ("--redis-latency-max=-1ms", "wanted a time above 0 with its unit"),
            ("--mongodb-latency-max=soon", "got 'soon'"),
            ("--rate=fast", "wanted a rate above 0"),
        ],
    )
    def test_a_limit_without_a_unit_is_refused_with_one_that_has(
        self, given: str, words: str
    ) -> None:
        result = CliRunner().invoke(database, [given], standalone_mode=False)
        assert isinstance(result.exception, click.BadParameter)
        assert words in str(result.exception)
