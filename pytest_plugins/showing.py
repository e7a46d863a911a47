"""What a reader is shown of an evaluation: in the terminal, and in JUnit's report."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from clinigate.core.verdict import Verdict
from clinigate.pipeline.setup import Setup
from clinigate.pipeline.showing import LOG_WIDTH, Screen

__all__ = ["header", "properties", "screen_of"]


def screen_of(config: pytest.Config) -> Screen:
    """Return what pytest writes to."""
    writer = config.get_terminal_writer()
    stream: Any = sys.__stdout__
    is_terminal = stream is not None and stream.isatty()
    width = writer.fullwidth if is_terminal else max(writer.fullwidth, LOG_WIDTH)
    encoding = getattr(stream, "encoding", None) or "utf-8"
    return {"width": width, "colour": writer.hasmarkup, "unicode": _has_signs(encoding)}


def header(setup: Setup) -> str:
    """By what is judged, in one line."""
    plan, policy = setup.plan, setup.policy
    chosen = f", {len(plan.only_cases)} selected case(s)" if plan.only_cases else ""
    sample = ", a SAMPLE that never certifies" if plan.is_sample else ""
    return (
        f"clinigate: policy {policy.name} for {policy.environment}, profile {plan.profile}, "
        f"seed {plan.seed}{chosen}{sample}"
    )


def properties(verdicts: Iterable[Verdict], *, run: str) -> Iterator[tuple[str, object]]:
    """Return what a test's report carries: the run, and each criterion with its numbers."""
    yield "clinigate.run", run
    for verdict in verdicts:
        name = f"clinigate.{verdict.criterion}"
        yield name, verdict.status.value
        yield f"{name}.reason", verdict.reason
        yield f"{name}.limit", f"{verdict.relation} {verdict.limit:g}"
        for field in ("value", "bound", "n"):
            number = getattr(verdict, field)
            if number is not None:
                yield f"{name}.{field}", number


def _has_signs(encoding: str) -> bool:
    try:
        "≤ ✓".encode(encoding)
    except UnicodeEncodeError:
        return False
    return True
