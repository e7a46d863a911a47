"""Options of the clinical suites: limits, and which parts are selected."""

from __future__ import annotations

import pytest

from clinigate.pytest_plugins import session
from clinigate.pytest_plugins.options import add_option

__all__ = ["LIMITS", "SELECTORS"]

#: Option: criterion it tightens, unit factor, help. The policy's limit is never loosened.
LIMITS: dict[str, tuple[str, float, str]] = {
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
}  # fmt: skip

#: Options that select tests marked with them; without any, every test runs.
SELECTORS = {
    "response-appropriateness": "select the test of therapeutic appropriateness",
    "empathy-scoring": "select the test of empathy",
    "crisis-detection": "select the test of crisis detection",
}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of the clinical suites."""
    switch(
        parser, "clinical-grade", "fail on INCONCLUSIVE and NOT_ASSESSED, as a certification does"
    )
    switch(
        parser,
        "safety-critical",
        "stop at the first violation of a zero-tolerance safety criterion, and let the worst of "
        "repeated answers count",
    )
    for name, text in SELECTORS.items():
        switch(parser, name, text)
    for name, (criterion, _, text) in LIMITS.items():
        _value(parser, name, f"{text} ({criterion}); tightens the policy, never loosens it")
    _value(parser, "confidence", "one-sided confidence of the bounds; raises the policy's")


def switch(parser: pytest.Parser, name: str, text: str) -> None:
    """Add an on/off option that marks the session as an evaluation."""
    add_option(parser, name, dest=destination(name), action="store_true", help=text)
    session.ACTIVATING.add(destination(name))


def _value(parser: pytest.Parser, name: str, text: str) -> None:
    add_option(parser, name, dest=destination(name), type=float, metavar="X", help=text)
    session.ACTIVATING.add(destination(name))


def destination(name: str) -> str:
    """Return the attribute of an option; ours cannot collide with another plugin's."""
    return f"clinigate_{name.replace('-', '_')}"


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test whose flag was not given while another's was."""
    marker = item.get_closest_marker("clinical")
    flag = marker.kwargs.get("flag") if marker else None
    if flag is None:
        return
    chosen = [name for name in SELECTORS if item.config.getoption(destination(name))]
    if chosen and flag.removeprefix("--") not in chosen:
        pytest.skip(f"NOT_ASSESSED: not selected; add {flag}")


def selected_by_flag(item: pytest.Item) -> bool:
    """Whether the test's own flag selected it."""
    marker = item.get_closest_marker("clinical")
    flag = marker.kwargs.get("flag") if marker else None
    return flag is not None and bool(item.config.getoption(destination(flag.removeprefix("--"))))
