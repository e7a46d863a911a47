"""One pytest session is one run: it is recorded as it goes, sealed at the end, and shown.

Silent unless used: without one of our options or fixtures this plugin adds options and nothing
else. Whatever is heavy is imported when the first check runs.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import pytest

from clinigate.pytest_plugins.options import Option, add_options, disregard_values, given
from clinigate.pytest_plugins.workers import Report, is_worker

if TYPE_CHECKING:
    from clinigate.pytest_plugins.redacting import ReportRedactor
    from clinigate.pytest_plugins.state import SessionState

__all__ = ["state_of"]

_STATE = pytest.StashKey["SessionState"]()
_REDACTOR = pytest.StashKey["ReportRedactor"]()

OPTIONS = (
    Option(
        "clinigate-config",
        "configuration (default: the nearest clinigate.toml or [tool.clinigate])",
        MappingProxyType({"metavar": "FILE"}),
        evaluates=False,
    ),
    Option(
        "clinigate-environment",
        "environment of the policy to judge by (default: [gate] environment)",
        MappingProxyType({"metavar": "NAME"}),
        evaluates=False,
    ),
    Option(
        "clinigate-seed",
        "seed of case generation (default: [run] seed)",
        MappingProxyType({"metavar": "N", "type": int}),
        evaluates=False,
    ),
    Option(
        "profile",
        "pr: a sample that runs in seconds and never certifies (default: full)",
        MappingProxyType({"metavar": "full|pr", "choices": ("full", "pr")}),
    ),
    Option(
        "sample",
        "ask this share of the cases, as 10%%; each number says what that costs in certainty; "
        "never certifies",
        MappingProxyType({"metavar": "SHARE"}),
    ),
    Option(
        "stop-early",
        "stop asking once a criterion fails whatever the rest would show; nothing passes early",
    ),
    Option(
        "reply-cache",
        "let answers of earlier runs on the same build stand in for asking; never certifies",
    ),
    Option(
        "clinigate-rerun-failed",
        "ask only the wrong cases that the last run recorded, some of each kind; never certifies",
    ),
)

#: Options of pytest's own under which no test runs.
_LOOKING = ("collectonly", "setupplan", "showfixtures", "show_fixtures_per_test")


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(
    early_config: pytest.Config, parser: pytest.Parser, args: list[str]
) -> Iterator[None]:
    """Add the options that every evaluation knows, after everybody else's."""
    disregard_values(early_config, args, OPTIONS)
    yield
    add_options(early_config, parser, OPTIONS)


def pytest_configure(config: pytest.Config) -> None:
    """Refuse options that cannot be meant before anything runs."""
    if given(config) and not is_worker(config):
        state_of(config).require_setup(evaluates=_evaluates(config))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, Any]:
    """Take identifiers out of what reporters will show, after every other plugin has looked."""
    return (yield from _redacted(item.config))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Generator[None, Any, Any]:
    """The same of what failed while it was collected."""
    return (yield from _redacted(collector.config))


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Hand the run to a worker of pytest-xdist, so that all of them write one."""
    if _evaluates(node.config):
        state_of(node.config).share().hand_to(node)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:
    """Take over what a worker has to say of the evaluation."""
    report = Report.of(node, crashed=error is not None and _evaluates(node.config))
    if report is not None:
        state_of(node.config).reports.append(report)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Seal what was recorded; an evaluation that assessed nothing does not end well.

    Last of all: fixtures are torn down and workers gone by then.
    """
    state = session.config.stash.get(_STATE, None)
    if state is None:
        return
    state.end(interrupted=_interruption(session))
    if is_worker(session.config):
        state.report().send(session.config)
    else:
        evaluates = _evaluates(session.config)
        session.exitstatus = state.exit_status(session.exitstatus, evaluates=evaluates)


def pytest_report_header(config: pytest.Config) -> str | None:
    """Say by what is judged, where an evaluation is meant."""
    if is_worker(config) or not _evaluates(config):
        return None
    return state_of(config).header()


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Show every criterion with its bound and verdict."""
    state = terminalreporter.config.stash.get(_STATE, None)
    if state is None:
        return
    if text := state.summary():
        terminalreporter.section("clinigate")
        for line in text.splitlines():
            terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def clinical_target(pytestconfig: pytest.Config) -> Any:
    """The system under test, as [target] of the configuration describes it.

    Override it in conftest.py, with session scope, to evaluate something else: return a target, a
    function, or a mapping from capability to function.
    """
    return state_of(pytestconfig).configured_target()


@pytest.fixture(scope="session")
def _clinigate_session(pytestconfig: pytest.Config, clinical_target: Any) -> Iterator[SessionState]:
    """The session's evaluation, which records since the first check asked for it."""
    state = state_of(pytestconfig)
    state.begin(clinical_target)
    yield state
    state.close()


@pytest.fixture
def assess(request: pytest.FixtureRequest, _clinigate_session: SessionState) -> Callable[..., None]:
    """Run a registered check by its id, and end the test by its verdicts.

    PASS passes. FAIL and ERROR fail. INCONCLUSIVE and NOT_ASSESSED fail under --clinical-grade or
    when the test's own flag selected it, unless the policy does not require the criterion;
    otherwise the test is skipped with the reason. A check runs once a session, however many tests
    ask for it.

    A check of your own may measure what no policy knows; say then what it must show:
    assess('ACME-TONE-001', Criterion('acme.tone', 'acme.tone', Relation.AT_LEAST, 0.9)).
    """

    def run(check_id: str, *criteria: Any) -> None:
        __tracebackhide__ = True
        _clinigate_session.assess(check_id, request.node, criteria)

    return run


def state_of(config: pytest.Config) -> SessionState:
    """Return the session's state, made on first use."""
    state = config.stash.get(_STATE, None)
    if state is None:
        from clinigate.pytest_plugins.state import SessionState

        state = config.stash[_STATE] = SessionState(config)
    return state


def _redacted(config: pytest.Config) -> Generator[None, Any, Any]:
    report: Any = yield
    speaks = report.longrepr or report.sections or getattr(report, "user_properties", ())
    if speaks and (_STATE in config.stash or _evaluates(config)):
        redactor: ReportRedactor | None = config.stash.get(_REDACTOR, None)
        if redactor is None:
            from clinigate.pytest_plugins.redacting import ReportRedactor

            redactor = config.stash[_REDACTOR] = ReportRedactor()
        redactor.redact(report)
    return report


def _evaluates(config: pytest.Config) -> bool:
    """Whether this session is meant to be an evaluation, and will run tests."""
    looks = any(config.getoption(name, False) for name in _LOOKING)
    return given(config, evaluating=True) and not looks


def _interruption(session: pytest.Session) -> str | None:
    """Say why the session ended early, if it did."""
    for reason in (session.shouldfail, session.shouldstop):
        if reason:
            return str(reason)
    ran = (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.NO_TESTS_COLLECTED)
    if session.exitstatus in ran:
        return None
    interrupted = session.exitstatus == pytest.ExitCode.INTERRUPTED
    return "pytest was interrupted" if interrupted else "pytest broke off"
