"""The reference service with its records of care, and what the probes of the lifecycle see."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from types import MappingProxyType
from typing import Any

import pytest

from clinigate.cli.reference_hipaa import reference_hipaa_environment, reference_hipaa_tables
from clinigate.cli.reference_target import reference_tables
from clinigate.config.hipaa import HipaaTable
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
from clinigate.targets.service import Answer, Request

TODAY = date(2026, 11, 22)


class Troubled:
    """The service as it is, but for answers that `change` replaces: it returns None for others."""

    def __init__(self, service: Any, change: Callable[[Request, Answer], Answer | None]) -> None:
        self._service, self._change = service, change

    def __getattr__(self, name: str) -> Any:
        return getattr(self._service, name)

    def send(self, request: Request) -> Answer:
        answer = self._service.send(request)
        return self._change(request, answer) or answer

    def send_as(self, request: Request, headers: Any = MappingProxyType({})) -> Answer:
        answer = self._service.send_as(request, headers)
        return self._change(request, answer) or answer


@dataclass(frozen=True)
class Seen:
    """What one probe saw: its verdict, why, and what it found where."""

    status: Status
    reason: str
    findings: list[tuple[str | None, str]]
    tried: int


def _see(name: str, premises: Premises) -> Seen:
    named = NAMED[name]
    observations = list(look(named, premises))
    criteria = [each for each in builtin_criteria() if each.metric == named.metric]
    (verdict,) = judge_all(criteria, observations)
    told = [each.about.reason for each in observations if isinstance(each.about, Gap | Fault)]
    caveats = [text for each in observations for text in getattr(each.about, "caveats", ())]
    findings = [each.about for each in observations if isinstance(each.about, Finding)]
    tried = max((getattr(each.about, "n", 0) or 0 for each in observations), default=0)
    return Seen(
        verdict.status,
        "; ".join([verdict.reason, *told, *caveats]),
        [(each.where, each.message) for each in findings],
        tried,
    )


@contextmanager
def _premises_of(service: Connection) -> Iterator[Premises]:
    """The premises of a running service, as `clinigate demo` configures them."""
    tables = reference_tables(service)
    tables["hipaa"] = reference_hipaa_tables(service)
    config = LoadedConfig(Config.model_validate(tables), service.data_dir, "clinigate.toml")
    with opened(config, today=TODAY, environ=reference_hipaa_environment(service)) as premises:
        yield premises


@pytest.fixture(scope="module")
def clean() -> Iterator[Premises]:
    """The premises of a service without a defect."""
    with running(care=True) as service, _premises_of(service) as premises:
        yield premises


@pytest.fixture
def premises_at() -> Callable[..., Any]:
    """Opens the premises of a service that runs."""
    return _premises_of


@pytest.fixture
def see() -> Callable[[str, Premises], Seen]:
    """Runs one probe and judges it."""
    return _see


@pytest.fixture
def with_hipaa() -> Callable[..., Premises]:
    """Returns premises with another `[hipaa]`: members that are replaced in it."""

    def changed(premises: Premises, **members: Any) -> Premises:
        held = premises.table.model_dump(exclude_unset=True) | members
        return replace(premises, table=HipaaTable.model_validate(held))

    return changed


@pytest.fixture
def with_lifecycle(with_hipaa: Any) -> Callable[..., Premises]:
    """Returns premises with another `[hipaa.lifecycle]`: members that are replaced in it."""

    def changed(premises: Premises, **members: Any) -> Premises:
        held = premises.table.lifecycle.model_dump(exclude_unset=True) | members
        return with_hipaa(premises, lifecycle=held)

    return changed


@pytest.fixture
def in_trouble() -> Callable[..., Premises]:
    """Returns premises of a service that answers otherwise: by what, and to what."""

    def changed(premises: Premises, change: Any) -> Premises:
        return replace(premises, service=Troubled(premises.service, change))

    return changed
