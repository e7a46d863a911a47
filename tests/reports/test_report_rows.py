"""Rows say what the verdicts say: same side, same numbers, worst part first."""

from __future__ import annotations

from dataclasses import replace
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinigate.core.criterion import Criterion, Relation
from clinigate.core.judgement import judge_all
from clinigate.core.measurement import Interval, Kind, Measurement, Scope, SliceResult
from clinigate.core.observation import Finding, Observation
from clinigate.core.verdict import Status
from clinigate.reports import findings, rows
from clinigate.reports.findings import group_findings
from clinigate.reports.rows import criterion_rows

LOW = Criterion("m.low", "m.low", Relation.BELOW, 0.01)
HIGH = Criterion("m.high", "m.high", Relation.AT_LEAST, 0.9)
PERFECT = Criterion("m.perfect", "m.perfect", Relation.AT_LEAST, 1, zero_tolerance=True, min_n=10)


def rate(metric: str, events: int, n: int, **more: object) -> Measurement:
    return Measurement(metric, Kind.RATE, events / n, n, events=events, **more)  # type: ignore[arg-type]


@given(
    st.sampled_from([LOW, HIGH, PERFECT]),
    st.integers(1, 400),
    st.integers(0, 400),
    st.integers(0, 20),
)
def test_the_deciding_bound_is_one_end_of_the_drawn_interval(
    criterion: Criterion, n: int, events: int, excluded: int
) -> None:
    """The plot draws what the criterion judged, with the right sign before the bound."""
    measured = rate(criterion.metric, min(events, n), n, excluded=excluded)
    verdict = criterion.judge(measured)
    row = criterion_rows([verdict], measurements=[measured])[0]
    assert row.figures is not None
    assert verdict.bound is not None
    if criterion.zero_tolerance and excluded:
        return  # judged on what was measured alone, and never PASS
    ends = {"≥": row.figures.low, "≤": row.figures.high}
    assert ends[row.bound[0]] == pytest.approx(verdict.bound, abs=1e-12)
    assert row.bound in (row.low, row.high)


def test_verdicts_alone_give_rows_without_a_plot() -> None:
    verdict = LOW.judge(rate("m.low", 0, 100))
    row = criterion_rows([verdict])[0]
    assert (row.figures, row.slices, row.title) == (None, (), "m.low")
    assert row.bound == "≤ 0.0296"
    assert row.need == "settled at n = 299 if nothing further goes wrong"


def test_an_unjudged_criterion_has_dashes_and_its_unit() -> None:
    latency = Criterion("latency.p99", "latency.p99", Relation.BELOW, 0.1)
    row = criterion_rows([latency.unjudged(Status.NOT_ASSESSED, "nobody looked")])[0]
    assert (row.estimate, row.bound, row.size, row.limit) == ("–", "–", "–", "< 100 ms")


def test_cores_are_counted_as_cores() -> None:
    unseen = replace(LOW, scope=Scope.UNSEEN)
    row = criterion_rows([unseen.judge(rate("m.low", 0, 60, scope=Scope.UNSEEN))])[0]
    assert row.size == "60 cores"
    assert row.need is not None
    assert "299 cores" in row.need


def test_parts_stand_worst_first_and_the_rest_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """By value, then by what they might still be; a part without a value comes last."""
    monkeypatch.setattr(rows, "MAX_SLICES", 3)
    parts = (
        SliceResult("archetype=fine", 0.0, 900, 0),
        SliceResult("archetype=small", 0.0, 9, 0),
        SliceResult("archetype=unasked", None, 0),
        SliceResult("archetype=bad", 0.5, 10, 5),
        SliceResult("severity=C5", 0.1, 10, 1),
    )
    measured = rate("m.low", 5, 919, slices=parts)
    row = criterion_rows([LOW.judge(measured)], measurements=[measured])[0]
    archetypes, severities = row.slices
    assert [part.name for part in archetypes.rows] == ["bad", "small", "fine"]
    assert archetypes.more == 1
    assert [part.name for part in severities.rows] == ["C5"]
    assert row.worst == archetypes.rows[0]
    assert (row.worst.size, row.worst.estimate) == ("5/10", "0.5000")


def test_of_what_must_be_high_the_least_is_the_worst() -> None:
    parts = (SliceResult("emotion=joy", 0.99, 100, 99), SliceResult("emotion=awe", 0.91, 100, 91))
    measured = rate("m.high", 190, 200, slices=parts)
    row = criterion_rows([HIGH.judge(measured)], measurements=[measured])[0]
    assert row.worst is not None
    assert (row.worst.name, row.worst.bound[0]) == ("awe", "≥")


def test_parts_that_are_alike_have_no_worst_and_groups_of_a_difference_neither() -> None:
    alike = tuple(SliceResult(f"archetype={name}", 0.0, 50, 0) for name in "abc")
    measured = rate("m.low", 0, 150, slices=alike)
    assert criterion_rows([LOW.judge(measured)], measurements=[measured])[0].worst is None
    groups = (SliceResult("ethnicity=a", 0.3, 50), SliceResult("ethnicity=b", 0.2, 50))
    interval = Interval(0.0, 0.005, 0.95, "invented")
    gap = Measurement("m.low", Kind.DIFFERENCE, 0.001, 50, interval=interval, slices=groups)
    row = criterion_rows([LOW.judge(gap)], measurements=[gap])[0]
    assert row.worst is None
    assert not row.slices[0].ranked


def test_details_without_a_dimension_keep_their_order() -> None:
    """Other percentiles of the same latency are no parts of the data, and none is the worst."""
    names = ("median", "95th percentile", "slowest")
    details = tuple(SliceResult(name, i / 10, 50) for i, name in enumerate(names))
    interval = Interval(0.0, 0.005, 0.95, "invented")
    measured = Measurement("m.low", Kind.QUANTILE, 0.001, 50, interval=interval, slices=details)
    row = criterion_rows([LOW.judge(measured)], measurements=[measured])[0]
    assert row.worst is None
    assert [part.name for part in row.slices[0].rows] == list(names)
    assert (row.slices[0].dimension, row.slices[0].ranked) == ("", False)


def test_of_several_measurements_the_judged_one_is_shown() -> None:
    good, bad = rate("m.low", 0, 5000), rate("m.low", 90, 5000)
    observations = [Observation("CG-X-Y-001", m) for m in (good, bad)]
    row = criterion_rows(judge_all([LOW], observations), measurements=[good, bad])[0]
    assert row.figures is not None
    assert row.figures.value == bad.value


def test_findings_are_all_counted_and_every_part_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """A frequent failure does not hide a rare one."""
    monkeypatch.setattr(findings, "MAX_SHOWN", 4)
    monkeypatch.setattr(findings, "MAX_PARTS", 2)
    monkeypatch.setattr(findings, "MAX_OF_PART", 2)
    many = [Finding("m.low", f"missed {i}", where="often") for i in range(900)]
    rare = [Finding("m.low", "missed", where="rarely"), Finding("m.low", "missed", case_id="a1")]
    group = group_findings([*many, *rare, Finding("m.high", "wrong")])[0]
    assert (group.metric, group.total, group.more) == ("m.low", 902, 898)
    assert [row.where for row in group.rows] == ["often", None, "rarely", "often"]
    assert group.parts == (("often", 900), ("elsewhere", 1))
    assert group.more_parts == 1


def test_a_finding_without_a_case_is_a_remark() -> None:
    told = [Finding("m.low", "missed", case_id="a1"), Finding("m.low", "9 more are not listed")]
    group = group_findings(told)[0]
    assert (group.total, group.remarks) == (1, ("9 more are not listed",))


def test_a_long_excerpt_is_cut_and_says_so() -> None:
    row = group_findings([Finding("m", "x", excerpt="y" * 5000)])[0].rows[0]
    assert row.excerpt is not None
    assert row.excerpt.endswith("… [4,400 more characters]")


def test_no_finding_gives_no_group() -> None:
    assert group_findings([]) == ()


def test_the_examples_cover_every_status(examples: ModuleType) -> None:
    """Golden files are only worth something if all five verdicts are in them."""
    seen = {row.status for report in examples.reports().values() for row in report.criteria}
    assert seen == set(Status)
