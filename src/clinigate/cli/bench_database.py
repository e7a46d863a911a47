"""`clinigate bench database`: how fast databases answer single statements of this domain."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from clinigate.cli.options import config_option, environment_option
from clinigate.errors import ClinigateError, UsageError
from clinigate.gpu_bench import units

if TYPE_CHECKING:
    from clinigate.config.loader import LoadedConfig
    from clinigate.evidence.recorder import Recorder
    from clinigate.gpu_bench.database.options import DatabaseOptions, Limits

__all__ = ["database"]

_STORES = ("postgres", "mongodb", "redis")


def _time(_ctx: click.Context, _param: click.Parameter, value: str | None) -> float | None:
    return None if value is None else _read(units.seconds, value)


def _rate(_ctx: click.Context, _param: click.Parameter, value: str | None) -> float | None:
    return None if value is None else _read(units.rate, value)


def _read(parse: Any, value: str) -> float:
    try:
        return float(parse(value))
    except UsageError as error:
        raise click.BadParameter(str(error)) from None


@click.command("database")
@click.option("--postgres-latency-max", "postgres", callback=_time, metavar="TIME",
              help="Limit of the 99th percentile (10ms where none is given).")  # fmt: skip
@click.option("--mongodb-latency-max", "mongodb", callback=_time, metavar="TIME",
              help="Limit of the 99th percentile (20ms where none is given).")  # fmt: skip
@click.option("--redis-latency-max", "redis", callback=_time, metavar="TIME",
              help="Limit of the 95th percentile (1ms where none is given).")  # fmt: skip
@click.option("--clients", type=click.IntRange(min=1), default=1, show_default=True,
              help="Pooled connections that work at once.")  # fmt: skip
@click.option("--statements", type=click.IntRange(min=300), default=2000, show_default=True,
              help="Statements of each kind.")  # fmt: skip
@click.option("--rate", callback=_rate, metavar="RATE",
              help="Statements a second, on schedule, as 200/s; latency from when each was due "
              "(default: one after another).")  # fmt: skip
@click.option("--timeout", "timeout_s", callback=_time, default="5s", show_default=True,
              metavar="TIME", help="Longest wait for a connection or an answer.")  # fmt: skip
@click.option("--lab/--no-lab", default=True, show_default=True,
              help="Start a PostgreSQL and a Redis of one's own where none is named.")  # fmt: skip
@config_option
@environment_option
def database(
    config: Path | None,
    environment: str | None,
    lab: bool,
    postgres: float | None,
    mongodb: float | None,
    redis: float | None,
    **how: Any,
) -> int:
    """Time single statements on pooled connections: PostgreSQL, MongoDB, Redis.

    Each works on scratch data of its own, which is removed. The addresses stand in the environment
    variables that [bench] names: POSTGRES_DSN, MONGODB_URI, REDIS_URL.
    Exit codes: 0 all criteria PASS; 1 not; 2 interrupted; 4 usage.
    """
    from clinigate.cli.producing import produce
    from clinigate.config.loader import load_config
    from clinigate.gpu_bench.database.options import Limits
    from clinigate.gpu_bench.database.run import criteria, run_database_bench

    loaded = load_config(config)
    given = (postgres, mongodb, redis)
    limits = Limits() if not any(given) else Limits(*given)
    with _options(loaded, limits, how, lab=lab) as options:
        named = ", ".join(f"{each} ({options.sources[each].origin})" for each in options.sources)
        click.echo(f"timing {named or 'nothing: no database is named'}", err=True)

        def work(recorder: Recorder, _environ: Mapping[str, str]) -> str | None:
            return run_database_bench(options, recorder)

        return produce(
            loaded,
            producer="bench",
            target=named or "no database",
            criteria=criteria(options),
            work=work,
            environment=environment,
        )


@contextmanager
def _options(
    loaded: LoadedConfig, limits: Limits, how: Mapping[str, Any], *, lab: bool
) -> Iterator[DatabaseOptions]:
    """What is asked for; servers of a lab run where no other is named."""
    from clinigate.gpu_bench.database.options import (
        LAB,
        DatabaseOptions,
        Source,
        configured_sources,
    )

    table = loaded.config.bench
    variables = {
        "postgres": table.postgres_env,
        "mongodb": table.mongodb_env,
        "redis": table.redis_env,
    }
    sources = {
        store: source
        for store, source in configured_sources(table, os.environ).items()
        if limits.of(store) is not None
    }
    missing: dict[str, str] = {}
    with ExitStack() as labs:
        for store in _STORES:
            if limits.of(store) is None or store in sources:
                continue
            address, reason = _lab(store, labs) if lab else (None, "")
            if address is not None:
                sources[store] = Source(address, LAB)
            else:
                missing[store] = f"set {variables[store]} to the address of a server" + reason
        yield DatabaseOptions(limits, sources, missing, **how)


def _lab(store: str, labs: ExitStack) -> tuple[str | None, str]:
    """The address of a server of a lab, or why there is none."""
    from clinigate.chaos.labs.postgres import postgres_missing, postgres_server
    from clinigate.chaos.labs.redis import redis_missing, redis_server

    try:
        if store == "postgres":
            reason = postgres_missing()
            return (labs.enter_context(postgres_server()), "") if reason is None else (None, reason)
        if store == "redis":
            reason = redis_missing()
            return (labs.enter_context(redis_server()), "") if reason is None else (None, reason)
    except ClinigateError as error:
        return None, f"; here: {error}"
    return None, "; a lab has no MongoDB"
