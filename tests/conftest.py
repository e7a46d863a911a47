"""What several test folders share."""

from __future__ import annotations

import os
import sys
from collections.abc import Generator, Iterator
from pathlib import Path

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


#: What a user's suites hold: their skips are verdicts, as INCONCLUSIVE.
_SUITES = {Path(__file__).parent / name for name in ("clinical", "therapeutic", "hipaa")}


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Where all that tests need must be there, as in CI, one that is skipped has failed."""
    report = yield
    suite = not _SUITES.isdisjoint(item.path.parents)
    if report.skipped and os.environ.get("CLINIGATE_REQUIRE_ALL") and not suite:
        report.outcome = "failed"
        report.longrepr = f"CLINIGATE_REQUIRE_ALL is set, and this was skipped: {report.longrepr}"
    return report


def pytest_sessionfinish() -> None:
    """Write down which branches were counted: a worker that is slow to end is killed by xdist."""
    counting = sys.modules.get("coverage")
    current = counting and counting.Coverage.current()
    if current:
        current.save()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Beside other tests our suites ask a sample: tests/cli/test_cli_demo.py evaluates in full.

    By themselves, or with `--profile full`, they are the full evaluation that they ship as.
    """
    beside = any(_SUITES.isdisjoint(item.path.parents) for item in items)
    if beside and config.option.clinigate_profile is None:
        config.option.clinigate_profile = "pr"


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
