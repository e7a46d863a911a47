"""An indicator that does not speak of the experiment's window is a gap, whatever it says."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest

from clinigate.chaos.parse import find_experiment
from clinigate.chaos.prometheus_api import Line, Prometheus
from clinigate.chaos.prometheus_coverage import unwindowed
from clinigate.chaos.prometheus_indicators import IndicatorWatch
from clinigate.chaos.slo import SLOS
from clinigate.config.resilience import PrometheusTable
from clinigate.core.measurement import Measurement
from clinigate.core.observation import Gap


class AllGood:
    """A server that answers every query with a hundred, scraped each second."""

    def query(self, text: str, *, at: float) -> tuple[Line, ...]:
        return (Line({"le": "+Inf"}, tuple((at - 10 + i, 100.0) for i in range(11))),)


def measured(name: str, expression: str) -> Any:
    table = PrometheusTable.model_validate({"url": "http://x", "indicators": {name: expression}})
    watch = IndicatorWatch(find_experiment("kill-replica"), table, Path())
    return watch._measure(cast("Prometheus", AllGood()), SLOS[name], 0.0, 10.0)


@pytest.mark.parametrize(
    ("name", "expression", "why"),
    [
        ("api-availability", "sum(good) / sum(total)", "no range [$window]"),
        ("api-availability", "sum(increase(a[5m])) / sum(increase(b[$window]))", "no range"),
        (
            "api-availability",
            "increase(a[$window]) + increase(a[5m]) / increase(b[$window])",
            "not",
        ),
        ("api-p95", "sum by (le) (increase(s_bucket[5m]))", "no range [$window]"),
    ],
)
def test_another_window_is_a_gap(name: str, expression: str, why: str) -> None:
    found = measured(name, expression)
    assert isinstance(found, Gap)
    assert why in found.reason


@pytest.mark.parametrize(
    ("name", "expression"),
    [
        ("api-availability", 'increase(a{p="[5m]"}[$window]) / increase(b[$window])'),
        ("api-p95", "sum by (le) (increase(s_bucket[$window]))"),
    ],
)
def test_the_window_is_measured(name: str, expression: str) -> None:
    assert isinstance(measured(name, expression), Measurement)
    assert unwindowed(expression) is None
