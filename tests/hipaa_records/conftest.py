"""The reference service with records of care, and what the probes of records see of it."""

from __future__ import annotations

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
from clinigate.hipaa.premises import Premises, ask_program, opened
from clinigate.hipaa.run import look
from clinigate.reference.care.restore import main as restore
from clinigate.reference.credentials import STORE_KEY_VARIABLE
from clinigate.reference.launch import Connection, running

TODAY = date(2026, 11, 22)


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
        [
            f"{each.about.where}: {each.about.message}"
            for each in observations
            if isinstance(each.about, Finding)
        ],
    )


@contextmanager
def _premises_of(
    service: Connection, folder: Path, *, environ: dict[str, str] | None = None, **hipaa: Any
) -> Iterator[Premises]:
    """The premises of a running service; further arguments replace tables of `[hipaa]`."""
    tables = reference_tables(service)
    tables["hipaa"] = reference_hipaa_tables(service) | hipaa
    config = LoadedConfig(Config.model_validate(tables), folder, "clinigate.toml")
    variables = reference_hipaa_environment(service) | (environ or {})
    with (
        pytest.MonkeyPatch.context() as patch,
        opened(config, today=TODAY, environ=variables, allow_destructive=True) as premises,
    ):
        patch.setenv(STORE_KEY_VARIABLE, service.store_key)
        yield replace(premises, ask_verifier=_in_this_process)


def _in_this_process(premises: Premises, words: list[str]) -> int | None:
    """Restore as the service's own program does: to start one for each probe takes long."""
    if "clinigate.reference.care.restore" not in words:
        return ask_program(premises, words)
    return restore(words[words.index("clinigate.reference.care.restore") + 1 :])


@pytest.fixture(scope="session")
def clean() -> Iterator[Connection]:
    """One for all: what probes and tests write here is told apart by fresh patients."""
    with running(care=True) as service:
        yield service


@pytest.fixture
def at_clean(clean: Connection, tmp_path: Path) -> Callable[..., Any]:
    """Opens premises of the clean service, with changes to its configuration."""
    return lambda **changes: _premises_of(clean, tmp_path, **changes)


@pytest.fixture
def records_of(clean: Connection) -> Callable[..., dict[str, Any]]:
    """Returns `[hipaa.records]` of the clean service, with changes to its tables."""

    def changed(**changes: Any) -> dict[str, Any]:
        return {**reference_hipaa_tables(clean)["records"], **changes}

    return changed


@pytest.fixture(scope="session")
def see() -> Callable[[str, Premises], Seen]:
    """Runs one probe and judges it."""
    return _see


@pytest.fixture(scope="session")
def premises_of() -> Callable[..., Any]:
    """Opens premises of a service that runs."""
    return _premises_of
