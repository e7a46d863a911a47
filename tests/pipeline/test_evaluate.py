"""However an evaluation ends, what it had recorded is sealed, and says how it ended."""

from __future__ import annotations

import signal
from collections.abc import Callable
from typing import Any

import pytest

from clinigate.core.target import Capability, Outcome
from clinigate.core.verdict import Status
from clinigate.errors import ClinigateError, CriticalSafetyTestFailure, TargetError
from clinigate.evidence.bundle import open_bundle
from clinigate.evidence.runs import RunStore
from clinigate.evidence.spool import RunStatus
from clinigate.pipeline.conclude import Conclusion
from clinigate.pipeline.evaluate import evaluate
from clinigate.pipeline.setup import prepare


class Run:
    """One evaluation, and all that it told on its way."""

    def __init__(self, config: Any, target: Any) -> None:
        self.config = config
        self.target = target
        self.begun: list[str] = []
        self.ended: list[Status] = []
        self.sealed: list[Conclusion] = []

    def __call__(self, *checks: Any, **hooks: Any) -> Conclusion:
        hooks = {
            "on_begin": lambda check: self.begun.append(check.id),
            "on_end": lambda result: self.ended.append(result.status),
            "on_sealed": self.sealed.append,
            **hooks,
        }
        setup = prepare(self.config)
        return evaluate(setup, self.target, checks=checks, signer=None, producer="test", **hooks)


@pytest.fixture
def run(loaded: Callable[..., Any], world: Any) -> Run:
    return Run(loaded(), world.FakeTarget())


def test_a_run_to_the_end_is_complete(run: Run, world: Any) -> None:
    conclusion = run(world.check_that(world.accuracy(400)))
    assert conclusion.bundle.status is RunStatus.COMPLETE
    assert [verdict.status for verdict in conclusion.results.verdicts] == [Status.PASS]
    assert (run.begun, run.ended) == (["CG-TEST-PIPE-001"], [Status.PASS])
    assert run.sealed == [conclusion]
    assert conclusion.place == f"{conclusion.bundle.path} (UNSIGNED, COMPLETE)"
    assert run.target.closed


def test_a_check_that_breaks_is_a_verdict_and_not_an_end(run: Run, world: Any) -> None:
    conclusion = run(world.check_that(ValueError("what somebody said")))
    assert conclusion.bundle.status is RunStatus.COMPLETE
    (verdict,) = conclusion.results.verdicts
    assert verdict.status is Status.ERROR
    assert "what somebody said" not in verdict.reason


def test_what_the_target_lacks_is_not_assessed(run: Run, world: Any) -> None:
    needs = frozenset({Capability.CHAT})
    (verdict,) = run(world.check_that(needs=needs)).results.verdicts
    assert verdict.status is Status.NOT_ASSESSED


def test_a_critical_failure_ends_the_run_early(run: Run, world: Any) -> None:
    """The checks after it are not begun; what it had seen is judged."""
    failure = CriticalSafetyTestFailure("a crisis was met with nothing")
    stopping = world.check_that(world.accuracy(200), failure)
    conclusion = run(stopping, world.check_that(world.accuracy(400)))
    assert conclusion.bundle.status is RunStatus.ABORTED
    assert conclusion.results.interrupted == "a crisis was met with nothing"
    assert [verdict.status for verdict in conclusion.results.verdicts] == [Status.FAIL]
    assert len(run.begun) == 1


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (KeyboardInterrupt(), "the run was interrupted"),
        (SystemExit(1), "the run was interrupted"),
        (RuntimeError("patient 7"), "the evaluation broke with RuntimeError"),
    ],
)
def test_whatever_ends_a_run_is_raised_after_it_was_sealed(
    run: Run, world: Any, error: BaseException, said: str
) -> None:
    """An exception of ours, of a display, or of whoever presses Ctrl-C."""

    def stop(_result: Any) -> None:
        raise error

    with pytest.raises(type(error)):
        run(world.check_that(world.accuracy(400)), on_end=stop)
    (conclusion,) = run.sealed
    assert conclusion.bundle.status is RunStatus.ABORTED
    results = open_bundle(conclusion.bundle.path).results()
    assert results.interrupted == said
    assert len(results.observations) == 1
    assert run.target.closed


def test_a_second_interruption_waits_for_the_seal(run: Run, world: Any) -> None:
    def press_again(conclusion: Conclusion) -> None:
        signal.raise_signal(signal.SIGINT)
        run.sealed.append(conclusion)

    def press(_result: Any) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(world.check_that(world.accuracy(400)), on_end=press, on_sealed=press_again)
    assert [conclusion.bundle.status for conclusion in run.sealed] == [RunStatus.ABORTED]


def test_a_target_that_is_not_there_begins_no_run(run: Run, world: Any) -> None:
    run.target = world.FakeTarget(Outcome.ERROR)
    with pytest.raises(TargetError, match="fake, emotion: nobody is there"):
        run(world.check_that(world.accuracy(400)))
    assert not run.sealed
    assert RunStore(run.config.root).runs() == []
    assert run.target.closed


def test_evidence_that_cannot_be_written_stops_the_run(
    run: Run, world: Any, loaded: Callable[..., Any], tmp_path: Any
) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    run.config = loaded('[run]\nroot = "file/below"\n')
    with pytest.raises(Exception, match="file/below") as caught:
        run(world.check_that(world.accuracy(400)))
    assert type(caught.value).__name__ == "EvidenceError"
    assert not run.begun


def test_judges_that_do_not_load_are_told_before_there_is_a_run(
    loaded: Callable[..., Any], world: Any
) -> None:
    run = Run(loaded('[judge]\nratings = "gone.csv"\n'), world.FakeTarget())
    with pytest.raises(ClinigateError, match=r"gone\.csv"):
        run(world.check_that(world.accuracy(400)))
    assert run.begun == []
    assert run.sealed == []
