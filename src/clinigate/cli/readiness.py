"""Which producers beside pytest can run here, and what each of them lacks."""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib.util import find_spec

from clinigate.config.loader import LoadedConfig
from clinigate.config.resilience import BenchTable, ChaosTable
from clinigate.errors import ClinigateError
from clinigate.evidence.times import system_clock

__all__ = ["Readiness", "readiness"]

#: Topic, whether it can run, and what is there or missing.
Readiness = tuple[str, bool, str]

#: Extra of the package: a module that it brings.
_EXTRAS = {
    "chaos": "chaoslib",
    "load": "locust",
    "gpu": "torch",
    "db": "psycopg",
    "phi": "presidio_analyzer",
}


def readiness(loaded: LoadedConfig) -> Iterator[Readiness]:
    """Yield one line for each producer; none is started and nobody is contacted."""
    yield from _security(loaded)
    yield _platform(loaded)
    yield "phi", *_extra("phi", f"{', '.join(loaded.config.phi.paths)}: `clinigate phi scan`")
    yield _hipaa(loaded)
    yield _chaos(loaded.config.chaos)
    yield "load", *_extra("load", "`clinigate load list` shows the profiles")
    yield "bench ai", *_extra("gpu", "`clinigate bench ai`")
    yield "bench database", *_extra("db", _databases(loaded.config.bench))


def _security(loaded: LoadedConfig) -> Iterator[Readiness]:
    from clinigate.security.scan import context_for, scanners_for

    try:
        context = context_for(loaded, today=system_clock().date())
        scanners = scanners_for(loaded)
    except ClinigateError as error:
        yield "security", False, str(error)
        return
    for scanner in scanners:
        missing = scanner.missing(context)
        text = f"will be NOT_ASSESSED: {missing}" if missing else scanner.summary
        yield f"security {scanner.id}", not missing, text


def _platform(loaded: LoadedConfig) -> Readiness:
    patterns = loaded.config.platform.manifests
    count = sum(1 for pattern in patterns for _ in loaded.base_dir.glob(pattern))
    named = ", ".join(patterns)
    if not count:
        return "platform", False, f"will be NOT_ASSESSED: no manifest at {named}"
    return "platform", True, f"{count} file(s) at {named}"


def _hipaa(loaded: LoadedConfig) -> Readiness:
    from clinigate.hipaa.attestations import read_attestations

    table = loaded.config.hipaa
    try:
        attested = len(read_attestations(loaded.base_dir / table.attestations))
    except ClinigateError as error:
        return "hipaa", False, str(error)
    described = {
        "stores": table.stores,
        "logs": table.logs,
        "audit": table.audit.file or table.audit.command,
        "roles": table.roles,
        "consent": table.consent,
    }
    open_parts = [name for name, value in described.items() if not value]
    text = f"{attested} attestation(s)"
    if open_parts:
        text += f"; [hipaa] says nothing of {', '.join(open_parts)}: `clinigate hipaa tests`"
    return "hipaa", bool(attested) and not open_parts, text


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
