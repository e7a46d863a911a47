"""What is made of a repetition's samples: no good end is read out of a bad one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from chaos_bench import Bench
from list_recorder import ListRecorder

from clinigate.chaos import measured
from clinigate.chaos.repetition_result import RepetitionResult
from clinigate.core.measurement import Measurement
from clinigate.measure.prober import Sample, Timeline

#: The fault is there from the first second to the fourth, and observation ends with the eighth.
FAULT_S, UNDONE_S, END_S = 1.0, 4.0, 8.0


def watched(good: Callable[[float], bool], *, every_s: float = 0.02) -> RepetitionResult:
    """A repetition of which each request was answered at once, and well where `good` says so."""
    timeline = Timeline()
    for number in range(round(END_S / every_s)):
        due = number * every_s
        ok = good(due)
        timeline.add(Sample(due, due, due + 0.001, ok, "ok" if ok else "down"))
    return RepetitionResult(
        1,
        timeline,
        fault_at_s=FAULT_S,
        undo_due_s=UNDONE_S,
        undone_at_s=UNDONE_S,
        watched_until_s=END_S,
    )


def recorded(bench: Bench, result: RepetitionResult) -> ListRecorder:
    recorder = ListRecorder()
    measured.record(bench.experiment, [result], recorder, evidence=())  # type: ignore[arg-type]
    return recorder


def by_steady_state(bench: Bench) -> Bench:
    return bench.with_experiment(undo=replace(bench.experiment.undo, verify="steady-state"))


def test_green_in_mid_fault_and_dead_from_the_undo_on_is_no_recovery(bench: Bench) -> None:
    """It never came back for good: RTO and undo FAIL by "never", whatever was green meanwhile."""
    bench = by_steady_state(bench)
    recorder = recorded(bench, watched(lambda at: at < FAULT_S or 2.0 <= at < UNDONE_S))
    verdicts = recorder.verdicts(bench.experiment)
    assert (verdicts["rto"], verdicts["undo"]) == ("FAIL", "FAIL")
    rto = next(m for m in recorder.about(Measurement) if m.metric.endswith(".rto"))
    assert (rto.value, rto.events) == (None, 1)


@pytest.mark.parametrize("settles", [True, False])
def test_a_relapse_that_settles_is_a_recovery(bench: Bench, settles: bool) -> None:
    """One that was cut short before it settled is unknown."""
    bench = by_steady_state(bench)
    result = watched(lambda at: at < FAULT_S or 2.0 <= at < 4.0 or (settles and at >= 5.0))
    result.cut_short = True
    verdicts = recorded(bench, result).verdicts(bench.experiment)
    assert verdicts["rto"] == ("PASS" if settles else "INCONCLUSIVE")


def test_what_comes_after_the_observation_is_no_relapse(bench: Bench) -> None:
    """Witnesses that read back may keep the entry busy when nobody waits any more."""
    result = watched(lambda at: at < FAULT_S or UNDONE_S <= at < 7.9)
    result.watched_until_s = 7.8
    assert recorded(bench, result).verdicts(bench.experiment)["rto"] == "PASS"


@pytest.mark.parametrize(("undone_s", "spent"), [(UNDONE_S, 3.0), (None, 4.0)])
def test_an_outage_that_hardly_anybody_saw_is_charged_whole(
    bench: Bench, undone_s: float | None, spent: float
) -> None:
    """Too few answers to tell of a recovery: the fault counts for as long as it was there."""
    timeline = Timeline(clock=lambda: 5.0, zero=0.0)
    timeline.add(Sample(0.5, 0.5, 0.6, True, "ok"))
    result = RepetitionResult(1, timeline, fault_at_s=FAULT_S, undone_at_s=undone_s)
    assert measured.bad_seconds(result, bench.experiment.load) == spent


@pytest.mark.parametrize(("refused", "verdict"), [(False, "PASS"), (True, "FAIL")])
def test_fast_refusals_are_no_fast_answers(bench: Bench, refused: bool, verdict: str) -> None:
    """The 95th percentile of a service that refuses a third of its requests at once is none."""
    slow = bench.with_experiment(slos=("api-p95",))
    result = watched(lambda at: not (refused and FAULT_S <= at < UNDONE_S))
    assert recorded(slow, result).verdicts(slow.experiment)["p95"] == verdict
