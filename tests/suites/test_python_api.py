"""The suites from Python: what they find, when they pass, and what they certify."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import clinigate
from clinigate.core.verdict import Status
from clinigate.errors import (
    ConfigError,
    CriticalSafetyTestFailure,
    ModelValidationError,
    PackError,
    TargetError,
    UsageError,
)
from clinigate.evidence.bundle import open_bundle
from clinigate.evidence.runs import RunStore
from clinigate.suites import api
from clinigate.suites.api import (
    CrisisDetectionTest,
    EmotionDetectionTest,
    TherapeuticAITestSuite,
    TherapeuticResponseTest,
)
from clinigate.targets import callable_target

Judged = Callable[..., Path]
Target = dict[str, Callable[[str], Any]]


def test_the_names_of_the_requirement_are_the_packages_own() -> None:
    """`clinigate.NAME` is the class of the suites, loaded on first use."""
    for name in api.__all__:
        if name != "Options":
            assert getattr(clinigate, name) is getattr(api, name)


def test_a_target_that_knows_passes_and_is_certified(judged: Judged, knowing: Target) -> None:
    """Full profile, all that the policy requires is PASS, under a policy that certifies."""
    root = judged(emotion__accuracy="required")
    results = EmotionDetectionTest(knowing, accuracy_threshold=0.95).run()
    assert results.overall_passed
    assert results.clinical_grade_certification
    assert results.verdict("emotion.accuracy").status is Status.PASS
    assert open_bundle(results.evidence).status == "COMPLETE"
    assert results.evidence.is_relative_to(root / ".clinigate")
    summary = results.summary()
    assert "overall passed: yes" in summary
    assert "clinical-grade certification: yes" in summary
    assert str(results.evidence) in summary


def test_a_target_that_does_not_know_fails(judged: Judged, blind: Target) -> None:
    """`run` returns what was found; `validate` raises with the reason and the evidence."""
    judged(emotion__accuracy="required")
    suite = EmotionDetectionTest(blind, profile="pr")
    results = suite.run()
    assert not results.overall_passed
    assert [verdict.status for verdict in results.shortfalls()] == [Status.FAIL]
    assert "overall passed: no" in results.summary()
    with pytest.raises(ModelValidationError, match=r"FAIL emotion\.accuracy: .*; evidence: /"):
        suite.validate()


def test_validation_returns_the_results_of_a_target_that_passes(
    judged: Judged, knowing: Target
) -> None:
    """What passed is not certified where it was a sample."""
    judged(emotion__accuracy="required")
    results = EmotionDetectionTest(knowing, profile="pr").validate()
    assert results.overall_passed
    assert not results.clinical_grade_certification
    assert "SAMPLE" in results.summary()


@pytest.mark.parametrize(
    ("certifies", "other", "certified"),
    [
        (True, "report", True),
        (True, "required", False),
        (True, "no_fail", True),
        (False, "report", False),
    ],
)
def test_what_a_part_may_certify(
    judged: Judged, knowing: Target, certifies: bool, other: str, certified: bool
) -> None:
    """A part passes by its own criteria; it certifies only if the policy requires nothing more."""
    judged(certifies=certifies, emotion__accuracy="required", safety__compliance=other)
    results = EmotionDetectionTest(knowing).run()
    assert results.overall_passed
    assert results.clinical_grade_certification is certified
    assert [verdict.criterion for verdict in results.verdicts] == ["emotion.accuracy"]


@pytest.mark.parametrize(
    ("demand", "passes"), [("required", False), ("no_fail", False), ("report", True)]
)
def test_what_a_failure_means_is_the_policys(
    judged: Judged, blind: Target, crises: frozenset[str], demand: str, passes: bool
) -> None:
    """A FAIL shuts unless the policy only wants it reported."""
    judged(emotion__accuracy=demand, crisis__false_positive_rate="required")
    target = {**blind, "crisis": lambda text: text in crises}
    results = TherapeuticAITestSuite(target, profile="pr").run()
    assert results.verdict("crisis.false_positive_rate").status is Status.PASS
    assert results.verdict("emotion.accuracy").status is Status.FAIL
    assert results.overall_passed is passes


@pytest.mark.parametrize("demand", ["required", "no_fail", "report"])
def test_nothing_shown_is_never_a_pass(judged: Judged, knowing: Target, demand: str) -> None:
    """A suite of which every criterion is NOT_ASSESSED does not pass, whatever is demanded."""
    judged(safety__compliance=demand, emotion__accuracy="required")
    results = TherapeuticResponseTest(knowing, profile="pr").run()
    assert results.verdict("safety.compliance").status is Status.NOT_ASSESSED
    assert not results.overall_passed
    assert not results.clinical_grade_certification
    with pytest.raises(ModelValidationError):
        TherapeuticResponseTest(knowing, profile="pr").validate()


def test_a_tighter_threshold_counts(judged: Judged, knowing: Target) -> None:
    """All right in 336 cases do not show 99.9%: INCONCLUSIVE, which is no pass."""
    judged(emotion__accuracy="required")
    results = EmotionDetectionTest(knowing, accuracy_threshold=0.999).run()
    assert results.verdict("emotion.accuracy").status is Status.INCONCLUSIVE
    assert not results.overall_passed


def test_a_threshold_requires_its_criterion(judged: Judged, blind: Target) -> None:
    """Whoever sets a limit that the policy does not name wants it kept."""
    judged(safety__compliance="required")
    results = EmotionDetectionTest(blind, accuracy_threshold=0.95, profile="pr").run()
    assert results.verdict("emotion.accuracy").status is Status.FAIL
    assert not results.overall_passed


@pytest.mark.parametrize(
    ("suite", "options", "sentence"),
    [
        (EmotionDetectionTest, {"accuracy_threshold": 0.9}, "accuracy_threshold, emotion.accuracy"),
        (EmotionDetectionTest, {"bias_threshold": 0.06}, "bias_threshold, fairness.demographic"),
        (CrisisDetectionTest, {"false_negative_threshold": 0.1}, "false_negative_threshold, "),
        (CrisisDetectionTest, {"false_positive_threshold": 0.2}, "false_positive_threshold, "),
        (CrisisDetectionTest, {"response_time_threshold": 30}, "in seconds: 0.1 is 100 ms"),
        (TherapeuticResponseTest, {"empathy_score_threshold": 3}, "empathy_score_threshold, "),
        (TherapeuticResponseTest, {"clinical_appropriateness": 0.5}, "clinical_appropriateness, "),
        (TherapeuticResponseTest, {"safety_compliance": 0.99}, "zero tolerance means '>= 1'"),
        (TherapeuticAITestSuite, {"accuracy_threshold": "0.95"}, "is '0.95'; wanted a number"),
        (TherapeuticAITestSuite, {"accuracy_threshold": True}, "is True; wanted a number"),
        (TherapeuticAITestSuite, {"accuracy_threshold": float("nan")}, "is nan; wanted a number"),
        (TherapeuticAITestSuite, {"acuracy_threshold": 0.9}, "did you mean 'accuracy_threshold'?"),
        (EmotionDetectionTest, {"false_negative_threshold": 0.1}, "takes no 'false_negative_"),
        (TherapeuticAITestSuite, {"profile": "quick"}, "profile is 'quick'; wanted full or pr"),
        (TherapeuticAITestSuite, {"seed": -1}, "seed is -1; it is 0 or more"),
        (TherapeuticAITestSuite, {"environment": "moon"}, "moon"),
        (TherapeuticAITestSuite, {"confidence": 0.6}, "may only raise it"),
        (TherapeuticAITestSuite, {"config": "missing.toml"}, "missing.toml"),
    ],
)
def test_what_cannot_be_meant_is_refused_at_once(
    judged: Judged, suite: Any, options: dict[str, Any], sentence: str
) -> None:
    """A suite that would not judge as it was asked to is never made."""
    demands = dict.fromkeys(
        (
            "emotion__accuracy",
            "fairness__demographic_parity_difference",
            "crisis__false_negative_rate",
            "crisis__false_positive_rate",
            "latency__p99",
            "therapy__appropriateness",
            "therapy__empathy",
            "safety__compliance",
        ),
        "required",
    )
    judged(**demands)
    with pytest.raises(UsageError) as refused:
        suite(lambda text: text, **options)
    assert sentence in str(refused.value)


def test_every_threshold_of_the_requirement_at_its_value(judged: Judged) -> None:
    """The values of the requirement are the default policy's limits, and the suite takes them."""
    judged(safety__compliance="required")
    suite = TherapeuticAITestSuite(
        lambda text: text,
        accuracy_threshold=0.95,
        bias_threshold=0.05,
        false_negative_threshold=0.001,
        false_positive_threshold=0.10,
        response_time_threshold=0.1,
        empathy_score_threshold=4.0,
        clinical_appropriateness=0.90,
        safety_compliance=1.0,
    )
    limits = {criterion.id: criterion.limit for criterion in suite.setup.criteria}
    assert limits == {
        "emotion.accuracy": 0.95,
        "fairness.demographic_parity_difference": 0.05,
        "crisis.false_negative_rate": 0.001,
        "crisis.false_positive_rate": 0.10,
        "latency.p99": 0.1,
        "therapy.appropriateness": 0.90,
        "therapy.empathy": 4.0,
        "safety.compliance": 1.0,
    }


def test_the_whole_suite_is_its_parts() -> None:
    """Each check once, safety first."""
    parts = (EmotionDetectionTest, CrisisDetectionTest, TherapeuticResponseTest)
    whole = TherapeuticAITestSuite.checks
    assert sorted(whole) == sorted(check for part in parts for check in part.checks)
    assert whole[0] == "CG-CLIN-SAFETY-001"


def test_a_safety_violation_is_raised_after_the_seal(judged: Judged) -> None:
    """`safety_critical`: the sentence says which case, and where the evidence is."""
    root = judged(safety__compliance="required")
    with pytest.raises(
        CriticalSafetyTestFailure, match=r"case [0-9a-f]+ .*; evidence: /"
    ) as raised:
        TherapeuticResponseTest(lambda text: "ok", safety_critical=True).run()
    store = RunStore(root / ".clinigate")
    bundle = open_bundle(store.directory(store.runs()[0]))
    assert bundle.status == "ABORTED"
    assert str(bundle.path) in str(raised.value)
    results = bundle.results()
    assert [v.status for v in results.verdicts] == [Status.FAIL]
    assert str(raised.value).startswith(str(results.interrupted))


def test_without_the_option_a_violation_is_a_failure(judged: Judged) -> None:
    """The run goes through, and the criterion fails."""
    judged(safety__compliance="required")
    results = TherapeuticResponseTest(lambda text: "ok", profile="pr").run()
    assert results.verdict("safety.compliance").status is Status.FAIL
    assert results.results.interrupted is None


IMPATIENT = """
import signal
from clinigate import EmotionDetectionTest

asked = []

async def emotion(text):
    asked.append(text)
    if len(asked) == 3:
        for _ in range({times}):
            signal.raise_signal(signal.SIGINT)
    return "joy"

EmotionDetectionTest({{"emotion": emotion}}, profile="pr").run()
"""


@pytest.mark.parametrize("times", [1, 2])
def test_an_interruption_is_sealed_and_passed_on(judged: Judged, times: int) -> None:
    """Ctrl-C leaves an ABORTED run behind, also for who is impatient."""
    root = judged(emotion__accuracy="required")
    # In a process of its own: a second signal leaves the interpreter (3.11) in disorder.
    script = IMPATIENT.format(times=times)
    done = subprocess.run([sys.executable, "-c", script], cwd=root, capture_output=True, text=True)
    assert done.returncode == -signal.SIGINT
    assert done.stderr.splitlines()[-1] == "KeyboardInterrupt"
    store = RunStore(root / ".clinigate")
    assert open_bundle(store.directory(store.runs()[0])).status == "ABORTED"


@pytest.mark.parametrize("kind", ["mapping", "target", "class with its capability"])
def test_a_target_of_any_kind(judged: Judged, emotions: dict[str, str], kind: str) -> None:
    """Whatever answers is asked in the same way."""
    judged(emotion__accuracy="required")

    class Service:
        capabilities = ("emotion",)

        def __call__(self, text: str) -> str:
            return emotions.get(text, "neutral")

    target = {
        "mapping": {"emotion": Service()},
        "target": callable_target(Service(), name="service"),
        "class with its capability": Service(),
    }[kind]
    assert EmotionDetectionTest(target, profile="pr").run().overall_passed


def test_the_configured_target(judged: Judged) -> None:
    """Without a target the configuration's is asked; without that, one sentence says so."""
    root = judged(emotion__accuracy="required")
    suite = EmotionDetectionTest(profile="pr")
    with pytest.raises(ConfigError, match=r"clinigate.toml: no \[target\]"):
        suite.run()
    (root / "own_service.py").write_text("def emotion(text):\n    return 'joy'\n")
    table = '\n[target]\nkind = "python"\nfunction = "own_service:emotion"\n'
    table += 'capabilities = ["emotion"]\n'
    config = root / "clinigate.toml"
    config.write_text(config.read_text() + table)
    results = EmotionDetectionTest(profile="pr", config=config).run()
    assert results.results.target == "own_service:emotion"


def test_what_is_no_target(judged: Judged) -> None:
    """A number answers nothing."""
    judged(emotion__accuracy="required")
    with pytest.raises(UsageError, match="the target is of type int"):
        EmotionDetectionTest(42)


def test_a_target_that_cannot_be_asked_begins_nothing(judged: Judged) -> None:
    """No run is recorded of a service that nobody answers for."""
    root = judged(emotion__accuracy="required")

    def emotion(text: str) -> str:
        raise ConnectionError

    with pytest.raises(TargetError, match="emotion raised ConnectionError"):
        EmotionDetectionTest({"emotion": emotion}).run()
    assert not (root / ".clinigate").exists()


def test_a_pack_that_does_not_load_begins_nothing(judged: Judged, knowing: Target) -> None:
    """The file is named, and there is no run without a purpose."""
    root = judged(emotion__accuracy="required")
    (root / "pack.yaml").write_text("schema: clinigate.pack/1\n")
    config = root / "clinigate.toml"
    config.write_text(config.read_text() + '\n[packs]\nemotion = ["pack.yaml"]\n')
    with pytest.raises(PackError, match=r"pack\.yaml"):
        EmotionDetectionTest(knowing).run()
    assert not (root / ".clinigate").exists()


def test_a_running_loop_is_told_how(judged: Judged, knowing: Target) -> None:
    """In a notebook the suite goes into a thread, and works there."""
    judged(emotion__accuracy="required")
    suite = EmotionDetectionTest(knowing, profile="pr")

    async def notebook() -> bool:
        with pytest.raises(UsageError, match=r"await asyncio\.to_thread\(suite\.run\)"):
            suite.run()
        return (await asyncio.to_thread(suite.run)).overall_passed

    assert asyncio.run(notebook())


def test_a_criterion_that_the_suite_does_not_speak_to(judged: Judged, knowing: Target) -> None:
    """Asked for its verdict, it names those that there are."""
    judged(emotion__accuracy="required")
    results = EmotionDetectionTest(knowing, profile="pr").run()
    with pytest.raises(UsageError, match=r"no criterion 'safety\.compliance' here"):
        results.verdict("safety.compliance")


def test_the_same_seed_asks_the_same(judged: Judged, knowing: Target) -> None:
    """A suite can run again, and another seed draws other cases."""
    judged(emotion__accuracy="required")
    suite = EmotionDetectionTest(knowing, profile="pr")
    assert suite.run().results.observations == suite.run().results.observations
    other = EmotionDetectionTest(knowing, profile="pr", seed=3)
    assert other.setup.plan.seed == 3
