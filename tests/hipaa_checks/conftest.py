"""The reference service with a defect, and what the HIPAA checks see of it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from clinigate.cli.reference_hipaa import (
    reference_attestations,
    reference_hipaa_environment,
    reference_hipaa_tables,
)
from clinigate.cli.reference_target import reference_tables
from clinigate.config.loader import LoadedConfig
from clinigate.config.model import Config
from clinigate.core.judgement import judge_all
from clinigate.core.observation import Fault, Finding, Gap, Observation
from clinigate.core.verdict import Status
from clinigate.hipaa.criteria import builtin_criteria
from clinigate.hipaa.named import NAMED
from clinigate.hipaa.premises import Premises, ask_program, opened
from clinigate.hipaa.run import look
from clinigate.reference.credentials import STORE_KEY_VARIABLE
from clinigate.reference.launch import Connection, running
from clinigate.reference.verify import main as verify

# The small service beside this file is no package.
sys.path.insert(0, str(Path(__file__).parent))

TODAY = date(2026, 11, 22)


@dataclass
class Seen:
    """What one named test saw, and its verdict."""

    status: Status
    reason: str
    findings: list[tuple[str | None, str]]
    observations: list[Observation]


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
        observations,
    )


@contextmanager
def _premises_of(
    service: Connection, folder: Path, *, hipaa: dict[str, Any] | None = None, **target: Any
) -> Iterator[Premises]:
    """The premises of a running service; changes are to `[hipaa]` and `[target]`.

    The verifier is the service's own, called in this process: a program for each copy takes long.
    """
    (folder / "hipaa-attestations.toml").write_text(reference_attestations(TODAY))
    tables = reference_tables(service)
    tables["target"] |= target
    tables["hipaa"] = reference_hipaa_tables(service) | (hipaa or {})
    config = LoadedConfig(Config.model_validate(tables), folder, "clinigate.toml")
    environ = reference_hipaa_environment(service)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(STORE_KEY_VARIABLE, service.store_key)
        with opened(config, today=TODAY, environ=environ) as premises:
            yield replace(premises, ask_verifier=_in_this_process)


def _in_this_process(premises: Premises, words: list[str]) -> int | None:
    if "clinigate.reference.verify" not in words:
        return ask_program(premises, words)
    at = words.index("clinigate.reference.verify")
    return verify(words[at + 1 :])


@pytest.fixture(scope="module")
def clean() -> Iterator[Connection]:
    with running() as service:
        yield service


@pytest.fixture
def at_clean(clean: Connection, tmp_path: Path) -> Callable[..., Any]:
    """Opens premises of the clean service, with changes to its configuration."""
    return lambda **changes: _premises_of(clean, tmp_path, **changes)


@pytest.fixture
def see() -> Callable[[str, Premises], Seen]:
    """Runs one named test and judges it."""
    return _see


@pytest.fixture
def premises_of() -> Callable[..., Any]:
    """Opens premises of a service that runs."""
    return _premises_of
