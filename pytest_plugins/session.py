"""One pytest session is one run: it is recorded as it goes, sealed at the end, and shown.

Silent unless used: without one of our options or fixtures this plugin adds options and nothing
else. Whatever is heavy is imported when the first check runs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from clinigate.pytest_plugins.options import add_option

if TYPE_CHECKING:
    from clinigate.core.target import Target
    from clinigate.pytest_plugins.state import SessionState

__all__ = ["state_of"]

_STATE = pytest.StashKey["SessionState"]()

#: Destinations of the options that say a session is meant to be an evaluation.
ACTIVATING: set[str] = set()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options that every evaluation knows."""
    add_option(
        parser, "clinigate-config", dest="clinigate_config", metavar="FILE",
        help="configuration (default: the nearest clinigate.toml or [tool.clinigate])",
    )  # fmt: skip
    add_option(
        parser, "clinigate-environment", dest="clinigate_environment", metavar="NAME",
        help="environment of the policy to judge by (default: [gate] environment)",
    )  # fmt: skip
    add_option(
        parser, "clinigate-seed", dest="clinigate_seed", type=int, metavar="N",
        help="seed of case generation (default: [run] seed)",
    )  # fmt: skip
    add_option(
        parser, "profile", dest="clinigate_profile", choices=("full", "pr"), metavar="full|pr",
        help="pr: a sample that runs in seconds and never certifies (default: full)",
    )  # fmt: skip
    add_option(
        parser, "clinigate-rerun-failed", dest="clinigate_rerun_failed", action="store_true",
        help="ask only the cases that the last run found wrong; never certifies",
    )  # fmt: skip


def pytest_configure(config: pytest.Config) -> None:
    """Refuse options that cannot be meant before anything runs."""
    config.addinivalue_line(
        "markers",
        "clinical(flag=None): a clinical check; `flag` names the option that selects it. Run it "
        "with the `assess` fixture: assess('CG-CLIN-CRISIS-001').",
    )
    if _meant(config) and not _is_worker(config):
        state_of(config).prepare()


def pytest_configure_node(node: Any) -> None:
    """Hand the run to an xdist worker, so that all of them write one."""
    if _meant(node.config):
        from clinigate.pytest_plugins.state import RUN_INPUT

        node.workerinput[RUN_INPUT] = state_of(node.config).share_run()


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Seal what was recorded; an evaluation that assessed nothing does not end well."""
    state = session.config.stash.get(_STATE, None)
    if state is None:
        return
    state.end(interrupted=_interruption(session))
    if not _is_worker(session.config):
        session.exitstatus = state.exit_status(session.exitstatus, meant=_meant(session.config))


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Show every criterion with its bound and verdict."""
    state = terminalreporter.config.stash.get(_STATE, None)
    text = "" if state is None else state.summary()
    if text:
        terminalreporter.section("clinigate")
        for line in text.splitlines():
            terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def clinical_target(pytestconfig: pytest.Config) -> Target:
    """The system under test, as [target] describes it; override it to bring your own."""
    return state_of(pytestconfig).configured_target()


@pytest.fixture(scope="session")
def evaluation_session(
    pytestconfig: pytest.Config, clinical_target: Target
) -> Iterator[SessionState]:
    """The session's evaluation, recording since the first check asked for it."""
    state = state_of(pytestconfig)
    state.begin(clinical_target)
    yield state
    state.close()


@pytest.fixture
def assess(
    request: pytest.FixtureRequest, evaluation_session: SessionState
) -> Callable[[str], None]:
    """Run a registered check by its id and fail, skip or pass by its verdicts.

    PASS passes. FAIL and ERROR fail. INCONCLUSIVE and NOT_ASSESSED fail under --clinical-grade or
    when the test's own flag selected it, unless the policy does not require the criterion;
    otherwise the test is skipped with the reason. A check runs once a session, however many tests
    ask for it.
    """
    return lambda check_id: evaluation_session.assess(check_id, request.node)


def state_of(config: pytest.Config) -> SessionState:
    """Return the session's state, made on first use."""
    state = config.stash.get(_STATE, None)
    if state is None:
        from clinigate.pytest_plugins.state import SessionState

        state = config.stash[_STATE] = SessionState(config)
    return state


def _meant(config: pytest.Config) -> bool:
    return any(config.getoption(name, None) not in (None, False, ()) for name in ACTIVATING)


def _is_worker(config: pytest.Config) -> bool:
    return hasattr(config, "workerinput")


def _interruption(session: pytest.Session) -> str | None:
    if session.exitstatus == pytest.ExitCode.INTERRUPTED:
        return "pytest was interrupted"
    return str(session.shouldstop) if session.shouldstop else None
