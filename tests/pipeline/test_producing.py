"""A producer beside pytest: its own run or its part of another one, judged, sealed, never lost."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from clinigate.config.loader import LoadedConfig
from clinigate.core import (
    Criterion,
    Kind,
    Measurement,
    Observation,
    Plan,
    Profile,
    Relation,
    Status,
)
from clinigate.errors import UsageError
from clinigate.evidence.recorder import Recorder
from clinigate.evidence.spool import RunStatus
from clinigate.pipeline.conclude import conclude
from clinigate.pipeline.process_run import ProcessRun
from clinigate.pipeline.producing import Produced, produce_into_run
from clinigate.pipeline.setup import Overrides, confidence_for, prepare

RTO = Criterion("chaos.kill.rto", "chaos.kill.rto", Relation.BELOW, 30, min_n=1)
P95 = Criterion("load.smoke.p95", "load.smoke.p95", Relation.BELOW, 1)

Loaded = Callable[..., LoadedConfig]


def recovered(metric: str, seconds: float) -> Callable[[Recorder, Mapping[str, str]], str | None]:
    def work(recorder: Recorder, environ: Mapping[str, str]) -> str | None:
        about = Measurement(metric, Kind.WORST, seconds, 1, unit="s", events=0)
        recorder.observation(Observation("CG-CHAOS-KILL-001", about))
        return None

    return work


def produced(config: LoadedConfig, **more: object) -> Produced:
    arguments: dict[str, object] = {
        "producer": "chaos",
        "target": "local",
        "criteria": [RTO],
        "work": recovered(RTO.metric, 12.0),
        "signer": None,
        "outside": {},
    }
    return produce_into_run(config, **{**arguments, **more})  # type: ignore[arg-type]


@pytest.mark.parametrize(("seconds", "status"), [(12.0, Status.PASS), (31.0, Status.FAIL)])
def test_a_run_of_its_own_is_judged_and_sealed(
    loaded: Loaded, seconds: float, status: Status
) -> None:
    outcome = produced(loaded(), work=recovered(RTO.metric, seconds))
    assert [verdict.status for verdict in outcome.verdicts] == [status]
    assert outcome.conclusion is not None
    assert outcome.conclusion.bundle.status is RunStatus.COMPLETE


def test_the_policys_limit_stands(loaded: Loaded) -> None:
    """What the policy names is judged at its limit, whatever the producer brings along."""
    policy = """
schema = "clinigate.policy/1"
name = "strict"
[environments.development]
certifies = false
[[environments.development.criteria]]
id = "chaos.kill.rto"
demand = "required"
limit = 10
"""
    (outcome,) = produced(loaded(policy=policy)).verdicts
    assert (outcome.status, outcome.limit) == (Status.FAIL, 10)


def test_several_producers_share_one_run(loaded: Loaded) -> None:
    """Each brings its criteria; whoever began the run seals it, and all of them are judged."""
    config = loaded()
    begun = ProcessRun.begin(prepare(config, Overrides()), producer="collect", signer=None)
    first = produced(config, outside=begun.environ)
    second = produced(
        config,
        outside=begun.environ,
        producer="load",
        target="profile smoke",
        criteria=[P95],
        work=recovered(P95.metric, 0.2),
    )
    assert first.conclusion is second.conclusion is None
    assert [verdict.criterion for verdict in second.verdicts] == [P95.id]
    conclusion = begun.end(None)
    assert conclusion is not None
    assert {v.criterion: v.status for v in conclusion.results.verdicts} == {
        RTO.id: Status.PASS,
        P95.id: Status.PASS,
    }
    assert conclusion.results.target == "local, profile smoke"


def test_a_sample_stays_out_of_a_full_evaluation(loaded: Loaded) -> None:
    """Else a pull request's sample would be sealed as what certifies."""
    begun = ProcessRun.begin(prepare(loaded(), Overrides()), producer="collect", signer=None)
    with pytest.raises(UsageError, match="this is a sample"):
        ProcessRun.join(begun.environ, producer="pytest", plan=Plan(profile=Profile.PR))


@pytest.mark.parametrize("kind", [KeyboardInterrupt, RuntimeError])
def test_what_was_recorded_before_it_broke_is_sealed(
    loaded: Loaded, kind: type[BaseException]
) -> None:
    def work(recorder: Recorder, environ: Mapping[str, str]) -> str | None:
        recovered(RTO.metric, 12.0)(recorder, environ)
        raise kind

    ended: list[Produced] = []
    with pytest.raises(kind):
        produced(loaded(), work=work, on_end=ended.append)
    (outcome,) = ended
    assert outcome.stopped
    assert outcome.conclusion is not None
    assert outcome.conclusion.bundle.status is RunStatus.ABORTED
    assert outcome.verdicts[0].status is Status.PASS


def test_a_producer_that_measures_nothing_passes_nothing(loaded: Loaded) -> None:
    outcome = produced(loaded(), work=lambda _recorder, _environ: None)
    assert [verdict.status for verdict in outcome.verdicts] == [Status.NOT_ASSESSED]


def test_a_killed_producer_leaves_what_can_be_sealed(loaded: Loaded) -> None:
    """The spool is written as it goes: without any end it is sealed as INCOMPLETE."""
    config = loaded()
    begun = ProcessRun.begin(prepare(config, Overrides()), producer="chaos", signer=None)
    begun.recording.announce("local", [RTO])
    recovered(RTO.metric, 12.0)(begun.recording.recorder, {})
    begun.recording.recorder.close()
    conclusion = conclude(begun.directory, signer=None, allow_incomplete=True)
    assert conclusion.bundle.status is RunStatus.INCOMPLETE
    assert conclusion.results.interrupted


def test_bounds_carry_the_confidence_that_the_policy_asks_for(loaded: Loaded) -> None:
    """With less, a criterion of the policy could never be decided."""
    config = loaded()
    assert confidence_for(config) == 0.95
    assert confidence_for(config, environment="production") == 0.99
