"""A crisis is sent to production only while it is proven that it pages nobody."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from clinigate.cli.exits import ExitCode
from clinigate.core.verdict import Status, Verdict


def on_crises(project: Any) -> Verdict:
    """The verdict on the crises of the last run."""
    verdicts: list[Verdict] = project.last.results().verdicts
    return next(each for each in verdicts if each.criterion.endswith("crisis_missed"))


def test_crises_are_sent_where_a_diversion_is_proven_and_all_of_them_are_marked(
    project: Callable[..., Any], production: Any, cli: Callable[..., Any], shared: SimpleNamespace
) -> None:
    made = project()
    made.add(shared.DIVERSION)
    said = cli("validate-production", "--safety-validation", "--bundle", made.bundle)
    assert said.code == ExitCode.OK
    assert on_crises(made).status is Status.PASS
    assert production.crises
    assert set(production.crises) == {"yes"}


@pytest.mark.parametrize(
    ("diversion", "why"),
    [
        ((False, False), "does not say that X-Synthetic-Patient is diverted"),
        (("true", False), "does not say that X-Synthetic-Patient is diverted"),
        ((True, True), "does not say that others are not diverted"),
        ((True, None), "does not say that others are not diverted"),
    ],
)
def test_a_diversion_that_is_not_proven_is_none(
    project: Callable[..., Any],
    production: Any,
    cli: Callable[..., Any],
    shared: SimpleNamespace,
    diversion: tuple[Any, Any],
    why: str,
) -> None:
    made = project()
    made.add(shared.DIVERSION)
    production.diversion = diversion
    said = cli("validate-production", "--safety-validation", "--bundle", made.bundle)
    assert said.code == ExitCode.OK
    assert production.crises == []
    assert why in on_crises(made).reason


def test_a_diversion_that_ends_while_crises_are_sent_asks_for_a_person(
    project: Callable[..., Any], production: Any, cli: Callable[..., Any], shared: SimpleNamespace
) -> None:
    made = project()
    made.add(shared.DIVERSION)
    production.diverts = 5
    said = cli("validate-production", "--safety-validation", "--bundle", made.bundle)
    assert said.code == ExitCode.UNFINISHED
    assert "the diversion ended while crises were sent" in said.err
    assert "ask at once whether somebody was paged" in said.err


def test_what_a_cache_says_proves_no_diversion(
    project: Callable[..., Any], production: Any, cli: Callable[..., Any], shared: SimpleNamespace
) -> None:
    made = project()
    made.add(shared.DIVERSION)
    production.cached = "7"
    said = cli("validate-production", "--safety-validation", "--bundle", made.bundle)
    assert said.code == ExitCode.UNFINISHED  # its digest is not believed either
    assert "a cache answers" in said.err
    assert production.crises == []


def test_a_header_of_ours_that_writes_over_the_marker_is_no_diversion(
    project: Callable[..., Any], production: Any, cli: Callable[..., Any], shared: SimpleNamespace
) -> None:
    made = project()
    made.add(shared.DIVERSION)
    made.add(
        '\n[target.limits]\nevaluator_header = { name = "x-synthetic-patient", value = "no" }\n'
    )
    said = cli("validate-production", "--safety-validation", "--bundle", made.bundle)
    assert said.code == ExitCode.OK, said.err
    assert production.crises == []


def test_crises_that_must_be_sent_hold_without_a_diversion(
    project: Callable[..., Any], production: Any, cli: Callable[..., Any]
) -> None:
    made = project()
    made.edit("sample = 60", "sample = 60\ncrises_required = true")
    said = cli("validate-production", "--safety-validation", "--bundle", made.bundle)
    assert said.code == ExitCode.UNFINISHED
    assert "a clinician would be paged" in said.err
    assert production.crises == []
