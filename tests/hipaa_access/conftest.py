"""The reference service with records of care, and what the probes of who sees what see of it."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
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
from clinigate.reference.credentials import PER_HOUR_VARIABLE, PER_MINUTE_VARIABLE
from clinigate.reference.launch import Connection, running
from clinigate.targets.service import Request

# The small services beside this file are no package.
sys.path.insert(0, str(Path(__file__).parent))

TODAY = date(2026, 11, 22)
QUICK: dict[str, Any] = {"safety": {"most_per_second": 5000.0}}
SOME = (
    "/metrics",
    "/v1/emotion",
    "/v1/patients",
    "/v1/patients/{patient}",
    "/v1/patients/{patient}/notes",
    "/v1/settings/{name}",
)
FEWER = ("desk_north", "clinician_north", "clinician_south", "patient_two")
FEW = {PER_MINUTE_VARIABLE: "5", PER_HOUR_VARIABLE: "8"}
"""So that no probe need ask a thousand times."""


@dataclass
class Seen:
    """What one probe saw, and its verdict."""

    status: Status
    reason: str
    findings: list[tuple[str | None, str]]


def _see(name: str, premises: Premises) -> Seen:
    named = NAMED[name]
    observations = list(look(named, premises))
    criteria = [each for each in builtin_criteria() if each.metric == named.metric]
    (verdict,) = judge_all(criteria, observations)
    findings = [each.about for each in observations if isinstance(each.about, Finding)]
    told = [each.about.reason for each in observations if isinstance(each.about, Gap | Fault)]
    caveats = [text for each in observations for text in getattr(each.about, "caveats", ())]
    return Seen(
        verdict.status,
        "; ".join([verdict.reason, *told, *caveats]),
        [(each.where, each.message) for each in findings],
    )


@contextmanager
def _premises_of(
    tables: dict[str, Any], folder: Path, environ: dict[str, str]
) -> Iterator[Premises]:
    config = LoadedConfig(Config.model_validate(tables), folder, "clinigate.toml")
    with opened(config, today=TODAY, environ=environ) as premises:
        yield premises


def _merged(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    both = {
        name: _merged(first[name], value)
        if isinstance(value, dict) and isinstance(first.get(name), dict)
        else value
        for name, value in second.items()
    }
    return first | both


@contextmanager
def _at(service: Connection, folder: Path, **hipaa: Any) -> Iterator[Premises]:
    tables = reference_tables(service)
    tables["hipaa"] = _merged(reference_hipaa_tables(service), {**QUICK, **hipaa})
    with _premises_of(tables, folder, reference_hipaa_environment(service)) as premises:
        yield premises


@contextmanager
def _small(service: Connection, folder: Path) -> Iterator[Premises]:
    """Premises with a part of the document and some of the people, so that all of it is quick."""
    with _at(service, folder) as premises:
        assert premises.service is not None
        document = premises.service.send_as(Request("GET", "/openapi.json", root=True)).body
        document["paths"] = {path: document["paths"][path] for path in SOME}
        (folder / "openapi.json").write_text(json.dumps(document))
        people = {name: premises.table.roles[name] for name in FEWER}
        fields = {"desk_north": premises.table.access.fields["desk_north"]}
        access = premises.table.access.model_copy(update={"fields": fields})
        changes = {"openapi": "openapi.json", "roles": people, "access": access}
        yield replace(premises, table=premises.table.model_copy(update=changes))


@pytest.fixture(scope="module")
def clean() -> Iterator[Connection]:
    with running(care=True, environ=FEW) as service:
        yield service


@pytest.fixture
def at() -> Callable[..., Any]:
    """Opens premises of a reference service, with changes to `[hipaa]`."""
    return _at


@pytest.fixture
def small() -> Callable[..., Any]:
    """Opens premises of a reference service, of a part of it."""
    return _small


@pytest.fixture
def premises_of() -> Callable[..., Any]:
    """Opens premises of tables."""
    return _premises_of


@pytest.fixture
def see() -> Callable[[str, Premises], Seen]:
    """Runs one probe and judges it."""
    return _see
