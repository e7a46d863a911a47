"""Answers that a service does not give, for tests in which it does one thing otherwise."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from clinigate.targets.service import Answer, Request

__all__ = ["at", "says"]


def says(status: int, body: Any = None) -> Answer:
    return Answer(status, {"x-request-id": "made-up"}, body, json.dumps(body).encode())


def at(method: str, ending: str, answer: Answer) -> Callable[[Request], Answer | None]:
    """Answers requests of a method whose address ends so."""
    return lambda request: (
        answer if request.method == method and request.path.endswith(ending) else None
    )
