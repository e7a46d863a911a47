"""A release is asked, held against the model in use, sealed, and let go or not."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from clinigate.core.case import Severity
from clinigate.core.observation import Finding
from clinigate.core.plan import Plan, Profile
from clinigate.core.target import Capability, Outcome
from clinigate.core.verdict import Status
from clinigate.errors import TargetError
from clinigate.evidence.bundle import open_bundle
from clinigate.gate.policy import Demand, Demanded, Policy
from clinigate.modelgate.answers import GRAVE, Question, questions
from clinigate.modelgate.check import ReleaseCheck
from clinigate.modelgate.decision import decide_release
from clinigate.modelgate.memory import remembered
from clinigate.modelgate.watched import Watched
from clinigate.pipeline.process_run import ProcessRun
from clinigate.pipeline.setup import prepare_producer
from clinigate.quality.criteria import builtin_criteria
from clinigate.quality.model_criteria import MODEL_CRITERIA, NEW_MISSES, UNSTEADINESS

Run = Callable[..., Any]


@pytest.fixture
def held(
    tmp_path: Path, in_use: Any, prepared: Callable[..., Any], honest: Callable[..., Any]
) -> Run:
    """Run a release against the model in use."""

    def run(reaction: Any = None, **given: Any) -> Any:
        release = prepared(tmp_path, **given)
        release = release.against(in_use.conclusion.bundle.path, trust=None)
        target = honest() if reaction is None else honest(reaction)
        released = release.run(target, signer=None, outside={})
        assert target.closed >= 1
        return released

    return run


def own(released: Any) -> dict[str, Status]:
    return {
        verdict.criterion.removeprefix("model."): verdict.status
        for verdict in released.verdicts
        if verdict.criterion.startswith("model.")
    }


DETECTION = ("CG-CLIN-CRISIS-001",)
#: What a sample of this size is too small for.
SMALL = {
    "new_misses", "detection_loss", "false_alarm_rise", "safety_loss", "score_drift",
    "length_drift",
}  # fmt: skip


def test_a_release_like_the_model_in_use_passes_what_a_sample_can_show(held: Run) -> None:
    found = own(held())
    assert {name for name, status in found.items() if status is Status.INCONCLUSIVE} == SMALL
    assert {found[name] for name in found.keys() - SMALL} == {Status.PASS}


def test_grave_misses_fail_and_the_case_is_named(held: Run, shared: SimpleNamespace) -> None:
    def misses(_nth: int, case: Any, capability: Capability, reply: Any) -> Any:
        grave = case.severity in GRAVE and capability is Capability.CRISIS
        return shared.changed(reply, flag=False) if grave else reply

    released = held(misses, checks=DETECTION)
    assert own(released)["new_misses"] is Status.FAIL
    assert own(released)["detection_loss"] is Status.FAIL
    assert own(released)["proven_losses"] is Status.FAIL
    assert own(released)["unsteadiness"] is Status.PASS
    assert not released.decision.opens
    told = [each.about for each in released.results.observations]
    missed = [one for one in told if isinstance(one, Finding) and one.metric == NEW_MISSES]
    *named, rest = missed
    assert all(one.case_id and Severity(one.where) in GRAVE for one in named)
    assert rest.message.endswith("more new misses are not listed")


def test_answers_that_change_with_the_calls_served_are_seen_without_a_baseline(
    tmp_path: Path, prepared: Run, honest: Run, shared: SimpleNamespace
) -> None:
    def drifts(nth: int, _case: Any, _capability: Capability, reply: Any) -> Any:
        return reply if nth <= 200 else shared.changed(reply, score=(reply.score + 0.5) / 2)

    release = prepared(tmp_path, checks=DETECTION)
    released = release.run(honest(drifts), signer=None, outside={})
    found = own(released)
    assert found.pop("unsteadiness") is Status.FAIL
    assert found.pop("digests") is Status.PASS
    assert set(found.values()) == {Status.NOT_ASSESSED}
    assert released.decision.reasons[0].startswith("model.unsteadiness is FAIL")


def test_a_release_without_digests_does_not_go(held: Run, shared: SimpleNamespace) -> None:
    known = {"model": shared.DIGESTS["model"]}
    released = held(digests=known, checks=())
    assert own(released)["digests"] is Status.FAIL
    told = [each.about for each in released.results.observations if isinstance(each.about, Finding)]
    missing = [one.message for one in told if one.metric == "model.digests"]
    assert [("prompt" in one, "dataset" in one) for one in missing] == [
        (True, False),
        (False, True),
    ]


@pytest.mark.parametrize("named", [True, False])
def test_a_build_is_only_said_to_be_the_same_where_it_is_named(
    named: bool, prepared: Run, in_use: Any, tmp_path: Path, shared: SimpleNamespace
) -> None:
    """Two releases that name nothing may be made of anything."""
    digests = shared.DIGESTS if named else {}
    release = prepared(tmp_path, digests=digests).against(in_use.conclusion.bundle.path, trust=None)
    subject = replace(release.baseline.subject, digests=digests)
    check = ReleaseCheck(
        asking=release.asking,
        watched=Watched(shared.Honest({})),
        sentinels=None,
        digests=release.digests,
        baseline=replace(release.baseline, subject=subject),
        store=lambda _data, _media_type: "",
    )
    *_, measured = check._digests()
    assert any("nothing was changed" in each for each in measured.caveats) is named


def test_the_evidence_is_bound_to_what_was_asked_and_remembers_the_answers(
    in_use: Any, shared: SimpleNamespace
) -> None:
    released = in_use
    bundle = open_bundle(released.conclusion.bundle.path)
    assert dict(bundle.statement.system) == shared.DIGESTS
    memory = remembered(bundle, bundle.results())
    assert memory is not None
    assert set(memory.answers.by) == set(Question)
    assert len(memory.answers.seconds) == 60
    names = {part.name for part in bundle.results().packs}
    assert names == {pack.name for pack in released.results.packs}
    (blob,) = (name for name in bundle.names if name.startswith("blobs/"))
    assert b"Thank you" not in bundle.read(blob)


def test_a_rate_limit_hides_nothing(held: Run, shared: SimpleNamespace) -> None:
    def throttles(_nth: int, case: Any, capability: Capability, reply: Any) -> Any:
        if case.severity in GRAVE and capability is Capability.CRISIS:
            return shared.changed(reply, outcome=Outcome.THROTTLED, flag=None, score=None)
        return reply

    found = own(held(throttles, checks=DETECTION))
    for name in ("new_misses", "detection_loss", "proven_losses", "unsteadiness"):
        assert found[name] is Status.INCONCLUSIVE, name


def test_a_target_that_cannot_be_asked_begins_nothing(
    tmp_path: Path, prepared: Run, honest: Run
) -> None:
    target = honest()
    target.check_reachable = _nobody
    with pytest.raises(TargetError, match="nobody answers"):
        prepared(tmp_path).run(target, signer=None, outside={})
    assert not (tmp_path / ".clinigate").exists()
    assert target.closed == 1


async def _nobody() -> str:
    return "nobody answers"


def test_what_breaks_the_gate_leaves_an_evidence_that_says_so(
    tmp_path: Path, prepared: Run, honest: Run
) -> None:
    def breaks(nth: int, _case: Any, _capability: Capability, reply: Any) -> Any:
        if nth == 50:
            signal.raise_signal(signal.SIGINT)
        return reply

    seen: list[Any] = []
    with pytest.raises(KeyboardInterrupt):
        prepared(tmp_path).run(honest(breaks), signer=None, outside={}, on_sealed=seen.append)
    (released,) = seen
    assert released.stopped == "the run was interrupted"
    assert not released.decision.opens
    assert str(released.conclusion.bundle.status) == "ABORTED"


def test_it_joins_the_run_that_a_pipeline_began(tmp_path: Path, prepared: Run, honest: Run) -> None:
    release = prepared(tmp_path, checks=())
    setup = prepare_producer(release.setup.config, ())
    sample = replace(setup, plan=Plan(profile=Profile.PR))
    leader = ProcessRun.begin(sample, producer="lead", signer=None)
    released = release.run(honest(), signer=None, outside=leader.environ)
    assert released.conclusion is None
    assert released.run == leader.id
    assert own(released)["unsteadiness"] is Status.PASS
    concluded = leader.end(None)
    assert concluded is not None
    assert UNSTEADINESS in {verdict.criterion for verdict in concluded.results.verdicts}


# The decision


def policy(*demands: Demanded, certifies: bool = False) -> Policy:
    required = Demanded("emotion.accuracy", Demand.REQUIRED)
    return Policy("p", "p.toml", "development", certifies, (required, *demands))


def decided(statuses: dict[str, Status], of: Policy, plan: Plan | None = None) -> bool:
    verdicts = [
        each.unjudged(statuses.get(each.id, Status.PASS), "because") for each in MODEL_CRITERIA
    ]
    decision = decide_release(of, MODEL_CRITERIA, verdicts, plan or Plan(), stopped=None)
    assert decision.opens is (decision.reasons == ())
    return decision.opens


@pytest.mark.parametrize("status", [each for each in Status if each is not Status.PASS])
@pytest.mark.parametrize("name", [each.id for each in MODEL_CRITERIA])
def test_only_pass_lets_a_release_go(name: str, status: Status) -> None:
    assert decided({}, policy())
    assert not decided({name: status}, policy())


def test_a_policy_may_ask_less_of_one_and_never_overlook_a_fail_by_silence() -> None:
    less = policy(Demanded("model.wording_drift", Demand.NO_FAIL))
    assert decided({"model.wording_drift": Status.INCONCLUSIVE}, less)
    assert not decided({"model.wording_drift": Status.FAIL}, less)
    report = policy(Demanded("model.wording_drift", Demand.REPORT))
    assert decided({"model.wording_drift": Status.FAIL}, report)


def test_nothing_is_never_a_release() -> None:
    for criteria in ((), MODEL_CRITERIA):
        assert not decide_release(policy(), criteria, (), Plan(), stopped=None).opens


def test_a_sample_certifies_nothing_and_an_early_end_never_goes() -> None:
    assert not decided({}, policy(certifies=True), Plan(profile=Profile.PR))
    verdicts = [each.unjudged(Status.PASS, "") for each in MODEL_CRITERIA]
    stopped = decide_release(policy(), MODEL_CRITERIA, verdicts, Plan(), stopped="it was late")
    assert stopped.reasons == ("the run ended early: it was late",)


def test_the_gate_knows_the_criteria_of_a_release() -> None:
    assert set(MODEL_CRITERIA) <= set(builtin_criteria())


def test_what_is_watched_is_the_target_and_forgets_the_raw_answers(
    honest: Run, shared: SimpleNamespace
) -> None:
    target = honest()
    watched = Watched(target)
    assert (watched.name, watched.capabilities) == (target.name, target.capabilities)
    case = questions(shared.PLAN)[Question.DETECTION][0]

    async def ask() -> Any:
        return await watched.ask(
            case.turns, capability=Capability.CRISIS, timeout_s=1.0, seed=shared.PLAN.seed
        )

    reply = asyncio.run(ask())
    heard = watched.heard(case, Capability.CRISIS, shared.PLAN)
    assert heard is not None
    assert dict(reply.raw) == {"seed": 0}
    assert dict(heard.replies[0].raw) == {}
    assert heard.replies[0].flag is reply.flag
    assert watched.heard(case, Capability.CHAT, shared.PLAN) is None
