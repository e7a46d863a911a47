"""Alerting rules for the platform's objectives, from the indicators that a team configured.

`python -m clinigate.chaos.prometheus_rules > slo-rules.yml` writes them. A share of good requests
gets the two pages of the Google SRE Workbook, chapter 5: 14.4 times the budget's pace over 1 h and
5 min, 6 times over 6 h and 30 min. A percentile gets one alert. Each indicator gets one for
silence, since no data is no good news.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import yaml

from clinigate.chaos.prometheus_indicators import split_ratio
from clinigate.chaos.slo import SLOS, Slo
from clinigate.config.resilience import PrometheusTable
from clinigate.errors import ClinigateError, ConfigError

__all__ = ["rules_yaml"]

#: Name, how many times faster than the budget allows, long window, short window.
_BURNS = (("BurnsFast", 14.4, "1h", "5m"), ("BurnsSlowly", 6.0, "6h", "30m"))
_WINDOWS = ("5m", "30m", "1h", "6h")


def rules_yaml(table: PrometheusTable) -> str:
    """A Prometheus rule file: one group for each objective that has an indicator.

    Raises:
        ConfigError: no indicator at all, one for an objective that isn't there, or a share that is
            no single division GOOD / TOTAL.
    """
    unknown = sorted(set(table.indicators) - set(SLOS))
    if unknown or not table.indicators:
        what = f"{unknown[0]!r} is no objective" if unknown else "there is none"
        raise ConfigError(
            f"[chaos.prometheus] indicators: {what}; objectives are {', '.join(sorted(SLOS))}"
        )
    groups = [
        {"name": f"clinigate-{name}", "rules": _rules(SLOS[name], table.indicators[name])}
        for name in sorted(table.indicators)
    ]
    return yaml.safe_dump({"groups": groups}, sort_keys=False, width=100)


def _rules(slo: Slo, expression: str) -> list[dict[str, Any]]:
    if slo.quantile is not None and slo.limit_s is not None:
        return [_percentile(slo, expression), _silence(slo, expression)]
    if slo.objective is None:
        raise ConfigError(
            f"[chaos.prometheus] indicators: {slo.name} is a time, which no rule counts"
        )
    sides = split_ratio(expression)
    if sides is None:
        raise ConfigError(
            f"[chaos.prometheus] indicators: {slo.name} is no single division GOOD / TOTAL, so "
            "that no rule can count what fails"
        )
    records = [_record(slo, sides, window) for window in _WINDOWS]
    return [*records, *(_burn(slo, *burn) for burn in _BURNS), _silence(slo, sides[1])]


def _record(slo: Slo, sides: tuple[str, str], window: str) -> dict[str, Any]:
    good, total = (f"({side.replace('$window', window)})" for side in sides)
    return {"record": _series(slo, window), "expr": f"1 - {good} / {total}"}


def _burn(slo: Slo, name: str, factor: float, long: str, short: str) -> dict[str, Any]:
    assert slo.objective is not None
    limit = f"{factor * (1 - slo.objective):.6g}"
    return {
        "alert": _word(slo) + name,
        "expr": f"{_series(slo, long)} > {limit} and {_series(slo, short)} > {limit}",
        "labels": {"severity": "page", "objective": slo.name},
        "annotations": {
            "summary": f"{slo.title}: the budget burns {factor:g} times too fast over {long}"
        },
    }


def _percentile(slo: Slo, expression: str) -> dict[str, Any]:
    return {
        "alert": f"{_word(slo)}TooSlow",
        "expr": f"histogram_quantile({slo.quantile}, {expression.replace('$window', '5m')}) > "
        f"{slo.limit_s}",
        "for": "2m",
        "labels": {"severity": "page", "objective": slo.name},
        "annotations": {"summary": f"{slo.title}: broken over 5 minutes"},
    }


def _silence(slo: Slo, expression: str) -> dict[str, Any]:
    return {
        "alert": f"{_word(slo)}Unknown",
        "expr": f"absent({expression.replace('$window', '5m')})",
        "for": "5m",
        "labels": {"severity": "page", "objective": slo.name},
        "annotations": {"summary": f"{slo.title}: nothing was measured for 5 minutes"},
    }


def _series(slo: Slo, window: str) -> str:
    return f"slo:{slo.name.replace('-', '_')}:bad_share_{window}"


def _word(slo: Slo) -> str:
    return "".join(part.capitalize() for part in slo.name.split("-"))


def main() -> int:
    """Write the rules of a configuration to standard output."""
    from clinigate.config.loader import load_config

    parser = argparse.ArgumentParser(prog="python -m clinigate.chaos.prometheus_rules")
    parser.add_argument(
        "--config", type=Path, help="clinigate.toml (default: the one of this folder)"
    )
    options = parser.parse_args()
    try:
        table = load_config(options.config).config.chaos.prometheus
        if table is None:
            raise ConfigError("no Prometheus is configured; set [chaos.prometheus] indicators")
        sys.stdout.write(rules_yaml(table))
    except ClinigateError as error:
        sys.stderr.write(f"clinigate: {error}\n")
        return 4
    return 0


if __name__ == "__main__":
    sys.exit(main())
