"""What the probes of patients' rights see: of the reference service, and of a clinic in memory."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
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
from clinigate.hipaa.probes.rights import DECLARED
from clinigate.hipaa.run import look
from clinigate.reference.launch import Connection, running

# The small clinic beside this file is no package.
sys.path.insert(0, str(Path(__file__).parent))

from clinic import Clinic, open_clinic, tables

TODAY = date(2026, 11, 22)


@dataclass
class Seen:
    """What one probe saw, and its verdict; `told` is all that is said of it."""

    status: Status
    findings: list[tuple[str | None, str]]
    told: str


def _see(name: str, premises: Premises) -> Seen:
    named = NAMED[name]
    observations = list(look(named, premises))
    criteria = [each for each in builtin_criteria() if each.metric == named.metric]
    (verdict,) = judge_all(criteria, observations)
    findings = [each.about for each in observations if isinstance(each.about, Finding)]
    reasons = [each.about.reason for each in observations if isinstance(each.about, Gap | Fault)]
    caveats = [text for each in observations for text in getattr(each.about, "caveats", ())]
    return Seen(
        verdict.status,
        [(each.where, each.message) for each in findings],
        "; ".join([verdict.reason, *reasons, *caveats]),
    )


@pytest.fixture(scope="session")
def see() -> Callable[[str, Premises], Seen]:
    """Carries out one probe and judges it."""
    return _see


@pytest.fixture(scope="session")
def every() -> list[str]:
    """The names of all probes of the area."""
    return [each.name for each in DECLARED]


@contextmanager
def _of_reference(service: Connection) -> Iterator[Premises]:
    config = reference_tables(service)
    config["hipaa"] = reference_hipaa_tables(service)
    config["hipaa"]["rights"]["expires_in_s"] = 0.15
    loaded = LoadedConfig(Config.model_validate(config), Path(), "clinigate.toml")
    with opened(loaded, today=TODAY, environ=reference_hipaa_environment(service)) as premises:
        yield premises


@pytest.fixture(scope="session")
def of_reference() -> Callable[[Connection], Any]:
    """Opens the premises of a reference service that runs."""
    return _of_reference


@pytest.fixture(scope="module")
def clean() -> Iterator[Premises]:
    """The premises of a reference service without defect."""
    with running(care=True) as service, _of_reference(service) as premises:
        yield premises


@pytest.fixture
def clinic() -> Clinic:
    """A clinic that does all of it right."""
    return Clinic()


@pytest.fixture
def at_clinic(clinic: Clinic) -> Iterator[Callable[..., Premises]]:
    """Opens premises of the clinic; `rights__consent=None` drops that table of its `[hipaa]`."""
    with open_clinic(clinic) as base_url, ExitStack() as stack:

        def premises(**put: Any) -> Premises:
            config = {"target": _target(base_url), "hipaa": _changed(tables(), put)}
            loaded = LoadedConfig(Config.model_validate(config), Path(), "clinigate.toml")
            environ = {"T": "secret", "TOKEN": "target"}
            return stack.enter_context(opened(loaded, today=TODAY, environ=environ))

        yield premises


def _target(base_url: str) -> dict[str, Any]:
    chat = {"path": "/chat", "request": {"text": "{{text}}"}, "answer": {"text": "text"}}
    auth = {"bearer_env": "TOKEN"}
    return {"kind": "http", "base_url": base_url, "auth": auth, "chat": chat, "timeout_s": 5}


def _changed(table: dict[str, Any], put: dict[str, Any]) -> dict[str, Any]:
    for dotted, value in put.items():
        *above, last = dotted.split("__")
        node = table
        for name in above:
            node = node[name]
        if value is None:
            del node[last]
        else:
            node[last] = value
    return table
