"""What several test folders share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from clinigate.cli.reference_target import reference_environment, reference_tables
from clinigate.core.target import Target

# The same examples in every run, and no example fails for taking long: no test asserts a time.
settings.register_profile(
    "clinigate",
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("clinigate")


@pytest.fixture(scope="session")
def reference_target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """The clean reference service over HTTPS, as a process of its own."""
    from clinigate.config.model import Config
    from clinigate.reference.launch import running
    from clinigate.targets import build_target

    with running() as connection:
        spec = Config.model_validate(reference_tables(connection)).target
        assert spec is not None
        folder = tmp_path_factory.mktemp("reference")
        yield build_target(spec, base_dir=folder, environ=reference_environment(connection))
