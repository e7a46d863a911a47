"""`clinigate bench database`: how fast the databases answer single statements."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from clinigate.cli.options import config_option, environment_option
from clinigate.cli.quantities import RATE, TIME

if TYPE_CHECKING:
    from clinigate.config.resilience import BenchTable
    from clinigate.evidence.recorder import Recorder
    from clinigate.gpu_bench.database.options import Limits, Source

__all__ = ["database"]


@click.command("database")
@click.option("--postgres-latency-max", "postgres", type=TIME,
              help="Limit of the 99th percentile (10ms).")  # fmt: skip
@click.option("--mongodb-latency-max", "mongodb", type=TIME,
              help="Limit of the 99th percentile (20ms).")  # fmt: skip
@click.option("--redis-latency-max", "redis", type=TIME,
              help="Limit of the 95th percentile (1ms).")  # fmt: skip
@click.option("--lab", is_flag=True,
              help="Start PostgreSQL and Redis here where no address is configured.")  # fmt: skip
@click.option("--clients", type=click.IntRange(min=1), default=1, show_default=True,
              help="Pooled connections that work at once.")  # fmt: skip
@click.option("--statements", type=click.IntRange(min=1), default=2000, show_default=True,
              help="Of each operation.")  # fmt: skip
@click.option("--rate", type=RATE,
              help="Statements a second, on schedule (default: one after another).")  # fmt: skip
@config_option
@environment_option
def database(
    postgres: float | None,
    mongodb: float | None,
    redis: float | None,
    lab: bool,
    clients: int,
    statements: int,
    rate: float | None,
    config: Path | None,
    environment: str | None,
) -> int:
    """Time single statements on pooled connections of PostgreSQL, MongoDB and Redis.

    With a limit given, only the databases with one are looked at; without any, all are, at the
    limits in brackets. Addresses stand in the variables that [bench] names: POSTGRES_DSN,
    MONGODB_URI, REDIS_URL. A database without an address is NOT_ASSESSED.
    Exit codes: 0 all criteria PASS; 1 not; 2 interrupted; 4 usage.
    """
    from clinigate.cli.producing import produce
    from clinigate.config.loader import load_config
    from clinigate.gpu_bench.database.options import DatabaseOptions
    from clinigate.gpu_bench.database.run import criteria, run_database_bench
    from clinigate.pipeline.setup import confidence_for

    loaded = load_config(config)
    limits = _limits(postgres, mongodb, redis)
    with _sources(loaded.config.bench, limits, lab=lab) as (sources, missing):
        options = DatabaseOptions(
            limits=limits,
            sources=sources,
            missing=missing,
            clients=clients,
            statements=statements,
            rate=rate,
            confidence=confidence_for(loaded, environment=environment),
        )

        def work(recorder: Recorder, _environ: Mapping[str, str]) -> str | None:
            return run_database_bench(options, recorder)

        return produce(
            loaded,
            producer="bench",
            target=", ".join(options.asked),
            criteria=criteria(options),
            work=work,
            environment=environment,
        )


def _limits(postgres: float | None, mongodb: float | None, redis: float | None) -> Limits:
    from clinigate.gpu_bench.database.options import Limits

    if postgres is mongodb is redis is None:
        return Limits()
    return Limits(postgres, mongodb, redis)


@contextmanager
def _sources(
    table: BenchTable, limits: Limits, *, lab: bool
) -> Iterator[tuple[dict[str, Source], dict[str, str]]]:
    """The databases that are asked for: configured ones, and a lab's in place of the others."""
    from clinigate.gpu_bench.database.options import LAB, STORES, Source, configured_sources

    sources = configured_sources(table, os.environ)
    missing: dict[str, str] = {}
    with ExitStack() as stack:
        for store in STORES:
            if limits.of(store) is None or store in sources:
                continue
            missing[store] = _why_missing(store, table, lab=lab)
            if lab and not missing[store]:
                sources[store] = Source(_start(store, stack), LAB)
        yield sources, missing


def _why_missing(store: str, table: BenchTable, *, lab: bool) -> str:
    """Say why a store has no address; nothing where the lab will give it one."""
    variable = {
        "postgres": table.postgres_env,
        "mongodb": table.mongodb_env,
        "redis": table.redis_env,
    }[store]
    if store == "mongodb":
        return f"no address: set {variable}; --lab starts no MongoDB, which Debian does not have"
    if not lab:
        return f"no address: set {variable}, or let --lab start one here"
    from clinigate.chaos.labs.postgres import postgres_missing
    from clinigate.chaos.labs.redis import redis_missing

    return (postgres_missing() if store == "postgres" else redis_missing()) or ""


def _start(store: str, stack: ExitStack) -> str:
    from clinigate.chaos.labs.postgres import postgres_server
    from clinigate.chaos.labs.redis import redis_server

    server = postgres_server() if store == "postgres" else redis_server()
    return stack.enter_context(server)
