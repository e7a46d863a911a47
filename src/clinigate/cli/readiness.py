"""Which producers beside pytest can run here, and what each of them lacks."""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib.util import find_spec

from clinigate.config.resilience import BenchTable, ChaosTable

__all__ = ["Readiness", "readiness"]

#: Topic, whether it can run, and what is there or missing.
Readiness = tuple[str, bool, str]

#: Extra of the package: a module that it brings.
_EXTRAS = {"chaos": "chaoslib", "load": "locust", "gpu": "torch", "db": "psycopg"}


def readiness(chaos: ChaosTable, bench: BenchTable) -> Iterator[Readiness]:
    """Yield one line for each producer; nothing is imported and nobody is contacted."""
    yield _chaos(chaos)
    yield "load", *_extra("load", "`clinigate load list` shows the profiles")
    yield "bench ai", *_extra("gpu", "`clinigate bench ai`")
    yield "bench database", *_extra("db", _databases(bench))


def _chaos(table: ChaosTable) -> tuple[str, bool, str]:
    found = table.environments.get(table.environment)
    if found is None:
        known = ", ".join(table.environments) or "none"
        text = f"environment {table.environment!r} is not among [chaos.environments] ({known})"
        return "chaos", False, text
    kind = ", production: a signed approval by two is needed" if found.production else ""
    return "chaos", *_extra("chaos", f"environment {table.environment} by {found.driver}{kind}")


def _extra(name: str, ready: str) -> tuple[bool, str]:
    if find_spec(_EXTRAS[name]) is not None:
        return True, ready
    return False, f"will be NOT_ASSESSED: not installed; pip install 'clinigate[{name}]'"


def _databases(table: BenchTable) -> str:
    variables = (table.postgres_env, table.redis_env, table.mongodb_env)
    said = (f"{name} {'is set' if os.environ.get(name) else 'is not set'}" for name in variables)
    return ", ".join(said)
