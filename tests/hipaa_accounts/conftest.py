"""The reference service with records of care, and what the probes of accounts see of it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
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
from clinigate.reference.launch import Connection, running
from clinigate.targets.service import Answer, Request, Service

# What tests share beside this file is no package.
sys.path.insert(0, str(Path(__file__).parent))

TODAY = date(2026, 11, 22)
#: What the probes of other areas are told is nothing to these.
_OTHERS = dict.fromkeys(("access", "records", "rights", "lifecycle", "traffic"))


@dataclass
class Seen:
    """What one probe saw, and its verdict."""

    status: Status
    reason: str
    findings: list[str]


class Altered:
    """A service that answers some requests otherwise than it does."""

    def __init__(self, service: Service, answer: Callable[[Request], Answer | None]) -> None:
        self._service = service
        self._answer = answer

    def send(self, request: Request) -> Answer:
        """Answer as the altered one, or ask the real one."""
        return self._answer(request) or self._service.send(request)

    def send_as(self, request: Request, headers: Mapping[str, str] | None = None) -> Answer:
        """The same, as somebody else."""
        return self._answer(request) or self._service.send_as(request, headers or {})

    def __getattr__(self, name: str) -> Any:
        return getattr(self._service, name)


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
        [
            f"{each.about.where}: {each.about.message}"
            for each in observations
            if isinstance(each.about, Finding)
        ],
    )


def _merged(table: dict[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
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
    environ: Mapping[str, str] | None = None,
    answer: Callable[[Request], Answer | None] | None = None,
    allow_destructive: bool = True,
    **hipaa: Any,
) -> Iterator[Premises]:
    """The premises of a running service; further arguments change tables of `[hipaa]`."""
    tables = reference_tables(service)
    tables["hipaa"] = _merged(reference_hipaa_tables(service), {**_OTHERS, **hipaa})
    config = LoadedConfig(Config.model_validate(tables), folder, "clinigate.toml")
    variables = {**reference_hipaa_environment(service), **(environ or {})}
    with opened(
        config, today=TODAY, environ=variables, allow_destructive=allow_destructive
    ) as premises:
        if answer is not None:
            altered: Any = Altered(premises.service, answer)  # type: ignore[arg-type]
            premises = replace(premises, service=altered)
        yield premises


@pytest.fixture(scope="session")
def clean() -> Iterator[Connection]:
    """One for all: whatever is done to it is done to accounts of its own."""
    with running(care=True, idle_timeout_s=2.0) as service:
        yield service


@pytest.fixture
def at_clean(clean: Connection, tmp_path: Path) -> Callable[..., Any]:
    """Opens premises of the clean service, with changes to its configuration."""
    return lambda **changes: _premises_of(clean, tmp_path, **changes)


@pytest.fixture(scope="session")
def see() -> Callable[[str, Premises], Seen]:
    """Carries out one probe and judges it."""
    return _see


@pytest.fixture(scope="session")
def premises_of() -> Callable[..., Any]:
    """Opens premises of a service that runs."""
    return _premises_of
