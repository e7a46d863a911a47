"""Whole runs on a system of files: what is injected, undone, measured and recorded."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from chaos_bench import Bench
from flag_driver import NAME, FlagProbe
from list_recorder import ListRecorder

from clinigate.chaos import runner
from clinigate.chaos.model import AbortRule, Invariant, Objectives
from clinigate.chaos.runner import RunOutcome, RunRequest, run_experiment
from clinigate.chaos.undo.recover import open_ledgers
from clinigate.core.exhibit import Exhibit, Form
from clinigate.core.measurement import Measurement
from clinigate.core.observation import Fault, Finding, Gap
from clinigate.measure.prober import Timeline
from clinigate.measure.scheduleguard import ScheduleLimits


def run(bench: Bench, recorder: ListRecorder, **changes: Any) -> RunOutcome:
    return run_experiment(replace(request_of(bench), **changes), recorder)  # type: ignore[arg-type]


def request_of(bench: Bench) -> RunRequest:
    """A run whose prober may be as late as the tests' machine makes it."""
    return RunRequest(
        bench.experiment,
        bench.policy,
        "local",
        NAME,
        bench.options,
        limits=ScheduleLimits(lag_s=600.0, cpu=10.0, host_delay_s=600.0),
    )


def everyone(bench: Bench, **changes: Any) -> Bench:
    """The same experiment on all three things: an outage."""
    fault = bench.experiment.fault
    target = replace(fault.target, max_count=3, max_share=1.0, min_survivors=0, all_kill="outage")
    return bench.with_experiment(fault=replace(fault, target=target, **changes))


def once_flagged(bench: Bench, act: Callable[[], object]) -> threading.Thread:
    """Do something as soon as the fault is there."""

    def wait() -> None:
        deadline = time.monotonic() + 30
        while not bench.flags() and time.monotonic() < deadline:
            time.sleep(0.01)
        act()

    thread = threading.Thread(target=wait, daemon=True)
    thread.start()
    return thread


def test_one_of_three_is_not_missed(bench: Bench) -> None:
    """No request fails, everything is recorded, nothing is left behind."""
    recorder = ListRecorder()
    assert run(bench, recorder) == RunOutcome()
    assert recorder.verdicts(bench.experiment) == {
        "rto": "PASS", "undo": "PASS", "budget_spent": "PASS",
    }  # fmt: skip
    assert bench.flags() == []
    assert open_ledgers(bench.policy.state / "undo") == ()
    # The rails' answers, and the story of the repetition by its ledger.
    (rails,) = recorder.of("chaos.rails")
    assert {check["outcome"] for check in rails["checks"]} == {"passed"}
    (story,) = recorder.of("chaos.repetition")
    assert [event["event"] for event in story["undo"]] == [
        "injecting", "injected", "undoing", "step", "undone",
    ]  # fmt: skip
    assert story["undone_by"] == "chaos-toolkit"
    # What Chaos Toolkit was given, its journal, and every request.
    compiled, journal = (json.loads(data) for data, _ in recorder.blobs[:2])
    assert recorder.blobs[2][0].count(b'"sample"') == sum(story["outcomes"].values())
    assert compiled["runtime"]["rollbacks"]["strategy"] == "always"
    assert journal["status"] == "completed"
    assert [activity["status"] for activity in journal["rollbacks"]] == ["succeeded"]
    # The figure: the fault's window among the requests.
    timeline = next(e for e in recorder.about(Exhibit) if e.form is Form.TIMELINE)
    assert [span.name for span in timeline.spans] == ["flag.raise"]
    assert [mark.name for mark in timeline.marks] == ["fault", "undone"]


def test_an_outage_is_measured_in_each_repetition(bench: Bench) -> None:
    """The time to recover is at least the fault's, and each repetition stands for itself."""
    recorder = ListRecorder()
    outage = everyone(bench)
    assert run(outage, recorder, repeat=2) == RunOutcome()
    found = {m.metric.rpartition(".")[2]: m for m in recorder.about(Measurement)}
    rto, spent = found["rto"], found["budget_spent"]
    assert (rto.n, rto.events, len(rto.slices)) == (2, 0, 2)
    assert all(each.value >= outage.experiment.fault.duration_s - 0.1 for each in rto.slices)
    assert all(each.value > 0 for each in spent.slices)
    assert any("down" in finding.message for finding in recorder.about(Finding))
    timeline = next(e for e in recorder.about(Exhibit) if e.form is Form.TIMELINE)
    assert sorted(mark.name for mark in timeline.marks) == ["fault", "recovered", "undone"]


def test_a_slow_injection_counts_from_its_begin(bench: Bench) -> None:
    """What breaks while it is still being injected is part of the fault; the undo is due later."""
    recorder = ListRecorder()
    slow = everyone(bench, type="flag.slow", parameters={"takes_s": 0.4})
    assert run(slow, recorder) == RunOutcome()
    (story,) = recorder.of("chaos.repetition")
    assert story["undo_due_s"] - story["fault_at_s"] >= 0.4 + slow.experiment.fault.duration_s
    rto = next(m for m in recorder.about(Measurement) if m.metric.endswith(".rto"))
    assert rto.value >= 0.8


def test_abort_rules_hold_while_injecting(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """An injection that does its harm and never ends is ended, taken back, and charged."""
    charged: list[float] = []
    monkeypatch.setattr(runner, "note_spent", lambda _s, _f, seconds, _at: charged.append(seconds))
    rule = AbortRule("entry.errors > 0", "entry", "errors", 0.0)
    endless = everyone(bench, type="flag.slow", parameters={"takes_s": 30.0})
    recorder = ListRecorder()
    outcome = run(endless.with_experiment(abort=(rule,)), recorder)
    assert outcome.stopped is not None
    assert "abort rule 'entry.errors > 0'" in outcome.stopped
    assert bench.flags() == []
    (story,) = recorder.of("chaos.repetition")
    assert "injected" not in [event["event"] for event in story["undo"]]
    assert len(charged) == 1


class BrokenWitness:
    """Watches, and cannot say what it saw."""

    def start(self, repetition: int, timeline: object) -> None: ...
    def stop(self) -> None: ...
    def counts(self) -> tuple[int, int]:
        return 0, 0

    def report(self, prefix: str) -> Any:
        raise ValueError("torn")


def test_what_is_missed_fails_and_what_nobody_saw_never_passes(bench: Bench) -> None:
    """However well it was undone: an outage beyond its objective, an invariant that did not hold;
    no witness is a gap, and one that breaks is an error of its own metrics.
    """
    invariants = (
        Invariant("up", "up", success=1.0, least=10),
        Invariant("absent", "absent", lost=0),
        Invariant("broken", "kept", success=1.0),
    )
    recorder = ListRecorder()
    strict = everyone(bench).with_experiment(
        objectives=Objectives(rto_s=0.05), invariants=invariants
    )
    outcome = run(strict, recorder, watchers={"broken": BrokenWitness()})
    assert outcome == RunOutcome()
    assert recorder.verdicts(strict.experiment) == {
        "rto": "FAIL",
        "undo": "PASS",
        "budget_spent": "PASS",
        "up": "FAIL",
        "absent": "NOT_ASSESSED",
        "kept": "ERROR",
    }
    assert [gap.reason for gap in recorder.about(Gap)] == ["nothing to watch it by"]
    assert [fault.metric for fault in recorder.about(Fault)] == ["chaos.raise_flag.kept"]


class EndlessWitness(BrokenWitness):
    """Watches, and breaks when it is to end."""

    def stop(self) -> None:
        raise RuntimeError("token=hunter2")


def test_a_witness_that_cannot_end_loses_only_its_own(bench: Bench) -> None:
    """The repetition is told and measured, the witness's metric is an ERROR."""
    watched = bench.with_experiment(invariants=(Invariant("broken", "kept", success=1.0),))
    recorder = ListRecorder()
    assert run(watched, recorder, watchers={"broken": EndlessWitness()}) == RunOutcome()
    assert recorder.verdicts(watched.experiment) == {
        "rto": "PASS", "undo": "PASS", "budget_spent": "PASS", "kept": "ERROR",
    }  # fmt: skip
    assert len(recorder.of("chaos.repetition")) == 1


class BlindWitness(BrokenWitness):
    """Cannot say what it counted until now."""

    def counts(self) -> tuple[int, int]:
        raise RuntimeError("token=hunter2")


@pytest.mark.parametrize("stuck", [False, True])
def test_a_repetition_that_breaks_is_told_and_charged(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, stuck: bool
) -> None:
    """By its first cause, the outage on the budget; a fault that is still there comes first."""
    charged: list[float] = []
    monkeypatch.setattr(runner, "note_spent", lambda _s, _f, seconds, _at: charged.append(seconds))
    kind = "flag.stuck" if stuck else "flag.raise"
    rule = AbortRule("broken.errors > 0", "broken", "errors", 0.0)
    blind = everyone(bench, duration_s=20.0, type=kind).with_experiment(
        abort=(rule,), undo=replace(bench.experiment.undo, within_s=0.5)
    )
    recorder = ListRecorder()
    outcome = run(blind, recorder, watchers={"broken": BlindWitness()})
    wanted = "THE FAULT IS NOT TAKEN BACK" if stuck else "watching it broke (RuntimeError)"
    assert outcome.stopped is not None
    assert wanted in outcome.stopped
    assert "hunter2" not in outcome.stopped
    assert len(charged) == 1
    (story,) = recorder.of("chaos.repetition")
    assert story["fault_at_s"] is not None
    assert all("nothing was injected" not in gap.reason for gap in recorder.about(Gap))


def test_a_timeline_that_tears_is_told(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The fault was there and is gone: the story says so, and the run ends by what broke."""

    def torn(_: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(Timeline, "close", torn)
    recorder = ListRecorder()
    assert run(bench, recorder) == RunOutcome(stopped="repetition 1: OSError")
    (story,) = recorder.of("chaos.repetition")
    assert story["undone_by"] == "chaos-toolkit"
    assert story["schedule"] is not None


def test_what_never_recovers_is_a_failure_and_no_zero(bench: Bench) -> None:
    """The undo was right and the system stays down all the same: RTO and undo FAIL, by "never"."""
    experiment = bench.experiment
    down = everyone(bench).with_experiment(
        load=replace(experiment.load, after_s=0.8),
        undo=replace(experiment.undo, verify="steady-state"),
    )

    def stay_down() -> None:
        for thing in ("api-1", "api-2", "api-3"):
            (down.things / "api" / thing).rename(down.things / "api" / f"{thing}-lost")
            (down.things / "api" / f"{thing}-lost.flag").touch()

    once_flagged(down, stay_down)
    recorder = ListRecorder()
    assert run(down, recorder) == RunOutcome()
    verdicts = recorder.verdicts(down.experiment)
    assert (verdicts["rto"], verdicts["undo"]) == ("FAIL", "FAIL")
    found = {m.metric.rpartition(".")[2]: m for m in recorder.about(Measurement)}
    assert (found["rto"].value, found["rto"].events) == (None, 1)
    assert any("no stable" in finding.message for finding in recorder.about(Finding))


@pytest.mark.parametrize(
    ("how", "why"),
    [("rule", "abort rule 'entry.errors > 0'"), ("kill file", "kill file"), ("INT", "SIGINT")],
)
def test_a_fault_is_taken_back_early(bench: Bench, how: str, why: str) -> None:
    """By a rule, by the kill file, by the operator: undone long before its hour is over."""
    recorder = ListRecorder()
    long = everyone(bench, duration_s=20.0)
    request = request_of(long)
    if how == "rule":
        rule = AbortRule("entry.errors > 0", "entry", "errors", 0.0)
        request = replace(request, experiment=replace(long.experiment, abort=(rule,)))
    elif how == "kill file":
        once_flagged(long, long.policy.kill_file.touch)
    else:
        once_flagged(long, lambda: request.interrupt.set("SIGINT"))
    outcome = run_experiment(request, recorder)  # type: ignore[arg-type]
    assert outcome.stopped is not None
    assert why in outcome.stopped
    assert long.flags() == []
    # What was seen until then is measured all the same; a recovery that nobody waited for is
    # unknown, and no failure.
    verdicts = recorder.verdicts(long.experiment)
    assert verdicts["undo"] == "PASS"
    assert verdicts["rto"] in ("PASS", "INCONCLUSIVE")


def test_a_fault_that_ended_early_is_no_pass(bench: Bench) -> None:
    """Chaos Toolkit dies in mid-fault, by the host's lack of memory: the fault was no whole one."""

    def kill() -> None:
        (ledger,) = open_ledgers(bench.policy.state / "undo")
        injector = ledger.state().injector
        assert injector is not None
        os.kill(injector[0], signal.SIGKILL)

    recorder = ListRecorder()
    fault = replace(bench.experiment.fault, duration_s=20.0)
    once_flagged(bench, kill)
    outcome = run(bench.with_experiment(fault=fault), recorder)
    assert outcome.stopped is not None
    assert "s early (runner: Chaos Toolkit ended without an undo)" in outcome.stopped
    assert bench.flags() == []


@pytest.mark.parametrize(
    ("fault_type", "outcome"),
    [
        ("flag.gone", RunOutcome(
            stopped="repetition 1: a target vanished: api-1 is no longer there")),
        ("flag.breaks", RunOutcome(
            stopped="repetition 1: injecting failed: the flag is torn")),
        ("flag.root", RunOutcome(missing="raising this flag needs root")),
    ],
)  # fmt: skip
def test_what_cannot_be_injected_ends_the_run(
    bench: Bench, fault_type: str, outcome: RunOutcome
) -> None:
    """A target that became another thing since the plan, a fault that breaks, no right to do it:
    said at once, long before the fault's time is over, and nothing counts as assessed.
    """
    recorder = ListRecorder()
    fault = replace(bench.experiment.fault, type=fault_type, duration_s=20.0)
    assert run(bench.with_experiment(fault=fault), recorder) == outcome
    assert bench.flags() == []
    assert open_ledgers(bench.policy.state / "undo") == ()
    assert set(recorder.verdicts(bench.experiment).values()) == {"NOT_ASSESSED"}


def test_a_fault_that_cannot_be_taken_back_is_shouted(bench: Bench) -> None:
    """The run ends unfinished, the ledger stays open, and the next run refuses to begin."""
    recorder = ListRecorder()
    experiment = bench.experiment
    fault = replace(experiment.fault, type="flag.stuck", duration_s=0.1)
    stuck = bench.with_experiment(fault=fault, undo=replace(experiment.undo, within_s=0.2))
    outcome = run(stuck, recorder)
    assert outcome.stopped is not None
    assert "NOT TAKEN BACK" in outcome.stopped
    assert recorder.verdicts(stuck.experiment)["undo"] == "FAIL"
    again = run(bench, ListRecorder())
    assert again.refused is not None
    assert again.refused.refusal is not None
    assert again.refused.refusal.rail == "leftovers"


def test_a_system_that_is_not_steady_is_not_broken_further(bench: Bench) -> None:
    """The last rail: nothing is injected into what fails already."""
    for thing in sorted((bench.things / "api").iterdir()):
        thing.with_name(f"{thing.name}.flag").touch()
    before = bench.flags()
    recorder = ListRecorder()
    outcome = run(bench, recorder)
    assert outcome.refused is not None
    assert outcome.refused.refusal is not None
    assert outcome.refused.refusal.rail == "steady-state"
    assert bench.flags() == before
    gaps = recorder.about(Gap)
    assert gaps
    assert all("refused by rail 'steady-state'" in gap.reason for gap in gaps)


def test_a_system_whose_requests_hang_is_not_steady(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing has failed yet, by a limit longer than the watch, and every third never answers."""

    async def hang(_: FlagProbe, number: int) -> str:
        if number % 3 == 0:
            await asyncio.Event().wait()
        return "ok"

    monkeypatch.setattr(FlagProbe, "__call__", hang)
    # Of the 25 answers that it takes to call it steady, 12 questions at least are left open.
    load = replace(bench.experiment.load, before_s=0.5)
    outcome = run(bench.with_experiment(load=load), ListRecorder())
    assert outcome.refused is not None
    assert outcome.refused.refusal is not None
    assert outcome.refused.refusal.rail == "steady-state"


def test_one_experiment_at_a_time(bench: Bench) -> None:
    """A second runner on the same state is refused, and touches nothing."""
    from clinigate.chaos.flight import Flight

    flight = Flight(bench.policy.state)
    outcome = run(bench, ListRecorder())
    flight.land()
    assert outcome.refused is not None
    assert outcome.refused.refusal is not None
    assert outcome.refused.refusal.rail == "single-flight"
