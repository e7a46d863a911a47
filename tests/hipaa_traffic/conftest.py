"""The reference service with records of care, and what the probes of its traffic see of it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from clinigate.cli.reference_hipaa import reference_hipaa_environment, reference_hipaa_tables
from clinigate.cli.reference_target import reference_tables
from clinigate.config.loader import LoadedConfig
from clinigate.config.model import Config
from clinigate.core.judgement import judge_all
from clinigate.core.observation import Fault, Finding, Gap
from clinigate.core.verdict import Status
from clinigate.hipaa.criteria import builtin_criteria
from clinigate.hipaa.named import NAMED
from clinigate.hipaa.premises import Premises, opened
from clinigate.hipaa.run import look
from clinigate.reference.launch import Connection, running

# The small service beside this file is no package.
sys.path.insert(0, str(Path(__file__).parent))

TODAY = date(2026, 11, 22)

#: What the probes of other areas are told is nothing to these.
_OTHERS = dict.fromkeys(("accounts", "access", "records", "rights", "lifecycle"))


@dataclass
class Seen:
    """What one probe saw, and its verdict."""

    status: Status
    reason: str
    findings: list[str]


def _see(name: str, premises: Premises) -> Seen:
    named = NAMED[name]
    observations = list(look(named, premises))
    criteria = [each for each in builtin_criteria() if each.metric == named.metric]
    (verdict,) = judge_all(criteria, observations)
    told = [each.about.reason for each in observations if isinstance(each.about, Gap | Fault)]
    caveats = [text for each in observations for text in getattr(each.about, "caveats", ())]
    return Seen(
        verdict.status,
        "; ".join([verdict.reason, *told, *caveats]),
        [each.about.message for each in observations if isinstance(each.about, Finding)],
    )


def _merged(table: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """A table with changes in it; None takes something away."""
    found = dict(table)
    for key, value in changes.items():
        if value is None:
            found.pop(key, None)
        elif isinstance(value, dict) and isinstance(found.get(key), dict):
            found[key] = _merged(found[key], value)
        else:
            found[key] = value
    return found


@contextmanager
def _premises_of(
    service: Connection,
    folder: Path,
    *,
    hipaa: dict[str, Any] | None = None,
    target: dict[str, Any] | None = None,
    environ: dict[str, str] | None = None,
    **options: Any,
) -> Iterator[Premises]:
    tables = reference_tables(service)
    tables["hipaa"] = reference_hipaa_tables(service)
    few = {"traffic": {"activity": {"charts": 20, "denials": 10}}}
    tables = _merged(tables, {"hipaa": {**_OTHERS, **few}})
    tables = _merged(tables, {"hipaa": hipaa or {}, "target": target or {}})
    config = LoadedConfig(Config.model_validate(tables), folder, "clinigate.toml")
    variables = {**reference_hipaa_environment(service), **(environ or {})}
    with opened(config, today=TODAY, environ=variables, **options) as premises:
        yield premises


@pytest.fixture(scope="session")
def clean() -> Iterator[Connection]:
    with running(care=True) as service:
        yield service


@pytest.fixture
def at_clean(clean: Connection, tmp_path: Path) -> Callable[..., Any]:
    """Opens premises of the clean service, with changes to its configuration."""
    return lambda **changes: _premises_of(clean, tmp_path, **changes)


@pytest.fixture
def see() -> Callable[[str, Premises], Seen]:
    """Carries out one probe and judges it."""
    return _see


@pytest.fixture
def premises_of() -> Callable[..., Any]:
    """Opens premises of a service that runs."""
    return _premises_of
