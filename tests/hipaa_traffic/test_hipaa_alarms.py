"""What a person is told of a log-in, or too many requests, says nothing of what is asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from troubled import TODAY, Troubled, serving

from clinigate.config.loader import LoadedConfig
from clinigate.config.model import Config
from clinigate.core.verdict import Status
from clinigate.hipaa.premises import Premises, opened
from clinigate.hipaa.probes.traffic.answers import void
from clinigate.targets.service import Answer

ALERTS = {"path": "/alerts", "method": "GET", "answer": "@"}


class _TellsOfLogIns(Troubled):
    """Its alerts tell of each log-in, and of nothing that is read."""

    def _right(self, path: str) -> Any:
        if path == "/login":
            return {"access_token": "t"}
        if path == "/alerts":
            return [{"actor": "reader"}] * self.paths.count("/login")
        return super()._right(path)


@pytest.fixture
def at(tmp_path: Path) -> Callable[..., Any]:
    """Opens premises of a service."""

    @contextmanager
    def opening(service: Troubled) -> Iterator[Premises]:
        with serving(service) as base_url:
            tables = service.tables(base_url)
            tables["hipaa"]["traffic"]["activity"]["alerts"] = ALERTS
            config = LoadedConfig(Config.model_validate(tables), tmp_path, "clinigate.toml")
            with opened(config, today=TODAY, environ=service.environment()) as premises:
                yield premises

    return opening


def test_an_alert_about_a_log_in_is_none_about_what_was_read(at: Any, see: Any) -> None:
    with at(_TellsOfLogIns()) as premises:
        seen = see("activity_review", premises)
    assert seen.status is Status.FAIL
    assert "reads 2 records in a row, and nobody is told" in str(seen.findings)


def test_too_many_requests_say_nothing_of_what_was_asked() -> None:
    assert "429" in (void(Answer(429, {}, None, b"")) or "")
    assert void(Answer(403, {}, None, b"")) is None
