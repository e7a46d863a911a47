"""The clinical suites in pytest: their limits, and which of their tests are selected."""

from __future__ import annotations

from collections.abc import Iterator
from types import MappingProxyType

import pytest

from clinigate.pytest_plugins import session
from clinigate.pytest_plugins.options import (
    Option,
    add_options,
    disregard_values,
    flag_of,
    skip_unselected,
    value,
)

__all__ = ["LIMITS", "SELECTORS", "selected_by_flag"]

#: Option: the criterion it tightens, the unit in the criterion's own, and what it limits.
LIMITS = MappingProxyType({
    "min-accuracy": ("emotion.accuracy", 1, "least accuracy of emotion recognition"),
    "max-bias": (
        "fairness.demographic_parity_difference", 1, "largest demographic parity difference"
    ),
    "max-eo": ("fairness.equalized_odds_difference", 1, "largest equalized odds difference"),
    "max-ece": ("crisis.calibration_error", 1, "largest calibration error of crisis scores"),
    "max-fnr": ("crisis.false_negative_rate", 1, "largest rate of missed crises"),
    "max-fpr": ("crisis.false_positive_rate", 1, "largest rate of false crisis alarms"),
    "min-appropriate": ("therapy.appropriateness", 1, "least rate of appropriate replies"),
    "min-empathy": ("therapy.empathy", 1, "least mean empathy, in points of 5"),
    "p99-ms": ("latency.p99", 1e-3, "largest 99th percentile of the response time, in ms"),
})  # fmt: skip

#: Options that select the tests marked with them; without any of them every test runs.
SELECTORS = MappingProxyType({
    "response-appropriateness": "select the test of therapeutic appropriateness",
    "empathy-scoring": "select the test of empathy",
    "crisis-detection": "select the test of crisis detection",
})  # fmt: skip

_NUMBER = MappingProxyType({"type": float, "metavar": "X"})

OPTIONS = (
    Option("clinical-grade", "fail on INCONCLUSIVE and NOT_ASSESSED, as a certification does"),
    Option(
        "safety-critical",
        "stop at the first violation of a zero-tolerance safety criterion, and let the worst of "
        "repeated answers count",
    ),
    *(Option(name, text) for name, text in SELECTORS.items()),
    *(
        Option(name, f"{text} ({criterion}); tightens the policy, never loosens it", _NUMBER)
        for name, (criterion, _, text) in LIMITS.items()
    ),
    Option("confidence", "one-sided confidence of the bounds; raises the policy's", _NUMBER),
    Option(
        "judge",
        "off: ask no judge of [judge] and read no ratings; what needs them is INCONCLUSIVE then "
        "(default: on)",
        MappingProxyType({"metavar": "on|off", "choices": ("on", "off")}),
        evaluates=False,
    ),
)


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(
    early_config: pytest.Config, parser: pytest.Parser, args: list[str]
) -> Iterator[None]:
    """Add our options after everybody else's."""
    disregard_values(early_config, args, OPTIONS)
    yield
    # Without the plugin that evaluates, which `-p no:clinigate` keeps out, they mean nothing.
    if early_config.pluginmanager.is_registered(session):
        add_options(early_config, parser, OPTIONS)


def pytest_configure(config: pytest.Config) -> None:
    """Document the marker."""
    config.addinivalue_line(
        "markers",
        "clinical(flag=None): a clinical check; `flag` names the option that selects it: "
        f"{', '.join(f'--{name}' for name in SELECTORS)}. Run the check with the `assess` "
        "fixture: assess('CG-CLIN-CRISIS-001').",
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip the tests that were not selected while others were."""
    skip_unselected(config, items, "clinical", SELECTORS)


def selected_by_flag(item: pytest.Item) -> bool:
    """Whether the test's own flag selected it."""
    flag = flag_of(item, "clinical", SELECTORS)
    return flag is not None and bool(value(item.config, flag))
