"""The suites that users run, run here against the embedded reference service."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from clinigate.cli.reference_hipaa import (
    reference_attestations,
    reference_hipaa_environment,
    reference_hipaa_tables,
)
from clinigate.cli.reference_target import reference_tables
from clinigate.config.loader import LoadedConfig
from clinigate.config.model import Config
from clinigate.hipaa.premises import Premises, opened
from clinigate.reference.launch import running


@pytest.fixture(scope="session")
def hipaa_premises(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Premises]:
    """The reference service stands in for a team's own."""
    today = datetime.now(UTC).date()
    folder = tmp_path_factory.mktemp("hipaa")
    attestations = folder / "hipaa-attestations.toml"
    attestations.write_text(reference_attestations(today), encoding="utf-8")
    with running(care=True, idle_timeout_s=2.0) as service:
        tables = {**reference_tables(service), "hipaa": reference_hipaa_tables(service)}
        config = LoadedConfig(Config.model_validate(tables), folder, "the reference service")
        environ = reference_hipaa_environment(service)
        with opened(config, today=today, environ=environ, allow_destructive=True) as premises:
            yield premises
