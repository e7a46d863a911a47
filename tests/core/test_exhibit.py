"""Figures' numbers: carried whole, refused where they cannot be drawn, and never judged."""

from __future__ import annotations

import math

import pytest

from clinigate.core import (
    Criterion,
    Exhibit,
    Form,
    Mark,
    Observation,
    Relation,
    Series,
    Span,
    Status,
    from_plain,
    judge_all,
    to_plain,
)
from clinigate.errors import UsageError

TIMELINE = Exhibit(
    "x.rto",
    Form.TIMELINE,
    "Requests a second",
    "s",
    "1/s",
    (Series("good", (0.0, 1.0, 2.0), (50.0, None, 48.0)),),
    spans=(Span("fault", 0.5, 1.5),),
    marks=(Mark("recovered", 1.5),),
)


def test_an_exhibit_reads_back_from_evidence() -> None:
    seen = Observation("CG-CHAOS-RUN-001", TIMELINE)
    assert from_plain(Observation, to_plain(seen)) == seen


def test_an_exhibit_is_no_measurement() -> None:
    """A criterion of which only a figure exists stays NOT_ASSESSED."""
    criterion = Criterion("x.rto", "x.rto", Relation.BELOW, 300)
    (verdict,) = judge_all([criterion], [Observation("CG-CHAOS-RUN-001", TIMELINE)])
    assert verdict.status is Status.NOT_ASSESSED


@pytest.mark.parametrize(("x", "y"), [((0.0,), ()), ((0.0,), (math.nan,)), ((math.inf,), (1.0,))])
def test_a_series_that_cannot_be_drawn_is_refused(
    x: tuple[float, ...], y: tuple[float, ...]
) -> None:
    with pytest.raises(UsageError, match="series lag"):
        Series("lag", x, y)
