"""The HIPAA suite in pytest: which of its tests are selected, and the fixture that runs one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import pytest

from clinigate.pytest_plugins import session
from clinigate.pytest_plugins.options import Option, add_options, flag_of, skip_unselected, value

if TYPE_CHECKING:
    from clinigate.pytest_plugins.hipaa_session import HipaaSession

__all__ = ["SELECTORS", "selected_by_flag"]

#: Options that select the tests marked with them; tests without a mark of one always run.
SELECTORS = MappingProxyType({
    "audit-trail-validation": "select the HIPAA tests of the audit trail",
    "phi-protection": "select the HIPAA tests of PHI in stores and logs",
    "consent-management": "select the HIPAA test of consent",
})  # fmt: skip

# They begin no evaluation by themselves: the run is begun by the first test that looks at anything.
OPTIONS = (
    *(Option(name, text, evaluates=False) for name, text in SELECTORS.items()),
    Option(
        "allow-destructive",
        "let HIPAA probes lock out an account of their own, or alter a record of their own in the "
        "store, in a test environment",
        evaluates=False,
    ),
)


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(
    early_config: pytest.Config, parser: pytest.Parser
) -> Iterator[None]:
    """Add our options after everybody else's."""
    yield
    # Without the plugin that records, which `-p no:clinigate` keeps out, they mean nothing.
    if early_config.pluginmanager.is_registered(session):
        add_options(early_config, parser, OPTIONS)


def pytest_configure(config: pytest.Config) -> None:
    """Document the marker."""
    config.addinivalue_line(
        "markers",
        "hipaa(flag=None): a HIPAA test; `flag` names the option that selects it: "
        f"{', '.join(f'--{name}' for name in SELECTORS)}. Run the test with the `assess_hipaa` "
        "fixture: assess_hipaa('audit_trail').",
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip the tests that were not selected while others were."""
    skip_unselected(config, items, "hipaa", SELECTORS)


@pytest.fixture(scope="session")
def hipaa_premises(pytestconfig: pytest.Config) -> Iterator[Any]:
    """What the HIPAA tests look at, as [target] and [hipaa] of the configuration describe it.

    Override it in conftest.py, with session scope, to look at something else: yield
    `clinigate.hipaa.premises.Premises`.
    """
    from clinigate.pytest_plugins.hipaa_session import configured_premises

    with configured_premises(pytestconfig) as premises:
        yield premises


@pytest.fixture(scope="session")
def _hipaa_session(pytestconfig: pytest.Config, hipaa_premises: Any) -> Iterator[HipaaSession]:
    """The HIPAA part of the session's run."""
    from clinigate.pytest_plugins.hipaa_session import HipaaSession

    part = HipaaSession(pytestconfig, hipaa_premises)
    yield part
    part.close()


@pytest.fixture
def assess_hipaa(
    request: pytest.FixtureRequest, _hipaa_session: HipaaSession
) -> Callable[[str], None]:
    """Run a HIPAA test by its name, as 'audit_trail', and end the test by its verdict.

    PASS passes. FAIL and ERROR fail. INCONCLUSIVE and NOT_ASSESSED fail under --clinical-grade or
    when the test's own flag selected it, unless the policy does not require the criterion;
    otherwise the test is skipped with the reason.
    """

    def run(name: str) -> None:
        __tracebackhide__ = True
        _hipaa_session.assess(name, request.node)

    return run


def selected_by_flag(item: pytest.Item) -> bool:
    """Whether the test's own flag selected it."""
    flag = flag_of(item, "hipaa", SELECTORS)
    return flag is not None and bool(value(item.config, flag))
