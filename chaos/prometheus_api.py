"""Asking a Prometheus server; what it doesn't know is said, and never taken for good news."""

from __future__ import annotations

import os
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from clinigate.config.resilience import PrometheusTable
from clinigate.errors import ConfigError, TargetError

__all__ = ["AlertRule", "Line", "Prometheus"]

_TIMEOUT_S = 10.0


@dataclass(frozen=True, slots=True)
class Line:
    """One series of an answer: its labels, and its points as (epoch seconds, value) by time."""

    labels: Mapping[str, str]
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class AlertRule:
    """An alerting rule as the server evaluates it; `error` is what its evaluation last said."""

    name: str
    error: str


class Prometheus:
    """A server's HTTP API (v1), for instant queries.

    Raises:
        ConfigError: the token's variable is not set, or the authority's file cannot be used.
    """

    def __init__(self, table: PrometheusTable, root: Path) -> None:
        import httpx

        headers = {}
        if table.token_env is not None:
            token = os.environ.get(table.token_env)
            if not token:
                raise ConfigError(
                    f"[chaos.prometheus] token_env names {table.token_env}, which is not set"
                )
            headers["Authorization"] = f"Bearer {token}"
        self._client = httpx.Client(
            base_url=table.url.rstrip("/") + "/api/v1/",
            headers=headers,
            verify=_trust(root, table.ca_file),
            timeout=_TIMEOUT_S,
            trust_env=False,
        )

    def __enter__(self) -> Prometheus:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._client.close()

    def query(self, expression: str, at: float | None = None) -> tuple[Line, ...]:
        """The series of an instant query; of a range selector, all raw points of each.

        Args:
            expression: PromQL.
            at: epoch seconds of the server's clock; its present if None.

        Raises:
            TargetError: the server can't be asked, or refuses the expression.
        """
        data = self._get(
            "query", {"query": expression} | ({} if at is None else {"time": f"{at:.3f}"})
        )
        kind, result = data.get("resultType"), data.get("result")
        if kind == "scalar":
            return (Line({}, (_point(result),)),)
        if kind not in ("vector", "matrix") or not isinstance(result, list):
            raise TargetError(f"Prometheus answered {kind!r} to {expression!r}; series are wanted")
        return tuple(
            Line(
                each["metric"],
                tuple(_point(pair) for pair in each.get("values") or [each["value"]]),
            )
            for each in result
        )

    def ahead_s(self) -> float:
        """How many seconds the server's clock is ahead of ours, to half a round trip.

        Raises:
            TargetError: the server can't be asked.
        """
        begun = time.time()
        answered = self.query("time()")[0].points[0][1]
        return answered - (begun + time.time()) / 2

    def alert_rules(self) -> tuple[AlertRule, ...]:
        """All alerting rules.

        Raises:
            TargetError: the server can't be asked.
        """
        groups = self._get("rules", {"type": "alert"}).get("groups") or []
        return tuple(
            AlertRule(rule["name"], str(rule.get("lastError") or ""))
            for group in groups
            for rule in group.get("rules") or []
        )

    def _get(self, path: str, query: Mapping[str, str]) -> dict[str, Any]:
        import httpx

        try:
            answer = self._client.get(path, params=dict(query))
            body = answer.json()
        except httpx.HTTPError as error:
            raise TargetError(
                f"Prometheus is not reached: {type(error).__name__}: {error}"
            ) from error
        except ValueError as error:
            raise TargetError(
                f"Prometheus answered {answer.status_code} and no JSON; check its url"
            ) from error
        if not isinstance(body, dict) or body.get("status") != "success":
            said = body.get("error") if isinstance(body, dict) else None
            raise TargetError(f"Prometheus refused ({answer.status_code}): {said or 'no reason'}")
        data = body.get("data")
        return data if isinstance(data, dict) else {}


def _point(pair: Any) -> tuple[float, float]:
    return float(pair[0]), float(pair[1])


def _trust(root: Path, ca_file: str | None) -> ssl.SSLContext | bool:
    if ca_file is None:
        return True
    try:
        return ssl.create_default_context(cafile=root / ca_file)
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(
            f"[chaos.prometheus] ca_file {ca_file!r} cannot be used: {error}"
        ) from error
