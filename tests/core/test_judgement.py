"""Every criterion gets exactly one verdict, and nothing is never a pass."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from clinigate.core import (
    Criterion,
    Fault,
    Finding,
    Gap,
    Kind,
    Measurement,
    Observation,
    Relation,
    Scope,
    Status,
    judge_all,
    worst,
)

CRITERION = Criterion("m", "m", Relation.AT_MOST, 0.1)
GOOD = Observation("CG-X-Y-001", Measurement("m", Kind.RATE, 0.0, 100, events=0))
BAD = Observation("CG-X-Y-001", Measurement("m", Kind.RATE, 1.0, 100, events=100))
GAP = Observation("CG-X-Y-001", Gap("m", "no chat"))
FAULT = Observation("CG-X-Y-001", Fault("m", "broke"))
FINDING = Observation("CG-X-Y-001", Finding("m", "something"))
OTHER = Observation("CG-X-Y-001", Measurement("other", Kind.RATE, 0.0, 100, events=0))
UNSEEN = Observation(
    "CG-X-Y-001", Measurement("m", Kind.RATE, 0.0, 100, events=0, scope=Scope.UNSEEN)
)


def status(*observations: Observation) -> Status:
    (verdict,) = judge_all([CRITERION], observations)
    return verdict.status


def test_table() -> None:
    assert status() is Status.NOT_ASSESSED
    assert status(FINDING, OTHER, UNSEEN) is Status.NOT_ASSESSED
    assert status(GAP) is Status.NOT_ASSESSED
    assert status(GOOD) is Status.PASS
    assert status(GAP, GOOD) is Status.PASS
    assert status(GOOD, BAD) is Status.FAIL
    assert status(GOOD, FAULT) is Status.ERROR


def test_a_gap_of_one_scope_says_nothing_of_the_other() -> None:
    unseen_gap = Observation("CG-X-Y-001", Gap("m", "not declared", Scope.UNSEEN))
    assert status(unseen_gap) is Status.NOT_ASSESSED
    assert judge_all([CRITERION], [unseen_gap])[0].reason == "nothing was observed of this metric"


@given(st.lists(st.sampled_from([GOOD, BAD, GAP, FAULT, FINDING, OTHER, UNSEEN]), max_size=6))
def test_a_pass_needs_a_good_measurement_and_nothing_worse(observations: list[Observation]) -> None:
    passes = status(*observations) is Status.PASS
    assert passes == (
        GOOD in observations and BAD not in observations and FAULT not in observations
    )


@given(st.lists(st.sampled_from(list(Status))))
def test_worst_of_nothing_is_not_assessed_and_only_all_pass_is_a_pass(
    statuses: list[Status],
) -> None:
    assert (worst(statuses) is Status.PASS) == (
        bool(statuses) and all(each is Status.PASS for each in statuses)
    )
