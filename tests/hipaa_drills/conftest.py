"""The reference service with records of care, as drills see it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from clinigate.cli.reference_hipaa import reference_hipaa_environment, reference_hipaa_tables
from clinigate.cli.reference_target import reference_tables
from clinigate.config.loader import LoadedConfig
from clinigate.config.model import Config
from clinigate.hipaa.premises import Premises, opened
from clinigate.reference.launch import Connection, running


@contextmanager
def _premises_of(service: Connection, folder: Path, **hipaa: Any) -> Iterator[Premises]:
    tables = reference_tables(service)
    tables["hipaa"] = reference_hipaa_tables(service) | hipaa
    config = LoadedConfig(Config.model_validate(tables), folder, "clinigate.toml")
    environ = reference_hipaa_environment(service)
    with opened(config, today=date(2026, 11, 22), environ=environ) as premises:
        yield premises


@pytest.fixture(scope="module")
def caring() -> Iterator[Connection]:
    with running(care=True) as service:
        yield service


@pytest.fixture
def premises_of() -> Callable[..., Any]:
    """Opens premises of a service that runs; what is named changes `[hipaa]`."""
    return _premises_of
