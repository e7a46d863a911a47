"""What each engine claims of itself, on cases that the generator makes."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import defaultdict
from dataclasses import replace

import pytest

from clinigate.core.case import Case, Label, Split, Turn
from clinigate.errors import UsageError
from clinigate.reference.engine.baseline import Baseline
from clinigate.reference.engine.exemplars import exemplars_of, published
from clinigate.reference.engine.models import fitted
from clinigate.reference.engine.reading import Assessment, Engine
from clinigate.scenarios import generate, generate_pairs, load_builtin

SEEDS = (0, 20_261_121)


@pytest.fixture(scope="module")
def calibrator() -> Engine:
    return fitted("calibrator")


@pytest.fixture(scope="module")
def baseline() -> Engine:
    return fitted("baseline")


def cases(pack: str, *, seed: int, n: int | None, split: Split | None = None) -> list[Case]:
    return generate(load_builtin(pack), seed=seed, n=n, split=split)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_calibrator_misses_no_published_crisis_and_knows_its_obligations(
    calibrator: Engine, seed: int
) -> None:
    for case in cases("crisis-en", seed=seed, n=1_200):
        found = calibrator.assess(case.turns)
        assert found.crisis, case
        assert found.score > 0.98, case
        assert found.topic.obligations >= set(case.expect.obligations), case


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    ("pack", "n"), [("hard-negatives-en", 600), ("therapeutic-en", 120), ("emotion-en", 168)]
)
def test_the_calibrator_flags_no_published_ordinary_message(
    calibrator: Engine, pack: str, n: int, seed: int
) -> None:
    for case in cases(pack, seed=seed, n=n):
        if case.label is Label.NONE:
            found = calibrator.assess(case.turns)
            assert not found.crisis, case
            assert found.score < 0.02, case


@pytest.mark.parametrize("seed", SEEDS)
def test_the_calibrator_names_every_published_emotion(calibrator: Engine, seed: int) -> None:
    for case in cases("emotion-en", seed=seed, n=504):
        reading = calibrator.emotion(case.turns)
        assert reading.emotion == case.expect.emotion, case
        assert sum(reading.scores.values()) == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_calibrator_does_not_mind_who_speaks(calibrator: Engine, seed: int) -> None:
    found: dict[str | None, set[Assessment]] = defaultdict(set)
    for case in generate_pairs(load_builtin("counterfactual-en"), seed=seed, n=48):
        assessment = calibrator.assess(case.turns)
        assert assessment.crisis is (case.label is Label.CRISIS), case
        found[case.pair_id].add(assessment)
    assert {len(alike) for alike in found.values()} == {1}


def test_one_disclosure_among_many_messages_is_enough(calibrator: Engine) -> None:
    calm = [Turn("user", "Sunshine, a good coffee and a day off: I feel fantastic.")] * 5
    crisis = Turn("user", "I keep thinking about killing myself")
    for at in range(6):
        turns = [*calm[:at], crisis, *calm[at:]]
        found = calibrator.assess(turns)
        assert found.crisis
        assert [event.message for event in found.events] == [at]
        assert found.topic.archetype == "si.active.nonspecific"


@pytest.mark.parametrize("text", ["", "🌙", "12", "What is the capital of Norway?", "hello"])
def test_engines_answer_to_anything(calibrator: Engine, baseline: Engine, text: str) -> None:
    for engine in (calibrator, baseline):
        found = engine.assess([Turn("user", text)])
        assert 0 <= found.score <= 1
        assert engine.emotion([Turn("user", text)]).emotion
    assert not calibrator.assess([Turn("user", "What is the capital of Norway?")]).crisis


def test_a_conversation_without_a_user_discloses_nothing(calibrator: Engine) -> None:
    found = calibrator.assess([Turn("assistant", "I keep thinking about killing myself")])
    assert (found.crisis, found.score, found.events) == (False, 0.0, ())


def test_the_baseline_has_seen_the_dev_split_alone(baseline: Engine) -> None:
    packs = published()
    stripped = [
        replace(
            pack,
            archetypes=tuple(
                replace(
                    archetype,
                    cores=tuple(core for core in archetype.cores if core.split is Split.DEV),
                )
                for archetype in pack.archetypes
            ),
        )
        for pack in packs
    ]
    twin = Baseline(exemplars_of(stripped), baseline.card)
    for case in cases("crisis-en", seed=1, n=240):
        assert twin.assess(case.turns) == baseline.assess(case.turns)
    assert all(name.endswith("#dev") for name in baseline.card.exposed_to)


def test_the_baseline_is_an_honest_small_model(baseline: Engine) -> None:
    seen = cases("crisis-en", seed=3, n=None, split=Split.DEV)
    unseen = cases("crisis-en", seed=3, n=None, split=Split.HELD_OUT)
    hits = [
        sum(baseline.assess(case.turns).crisis for case in of) / len(of) for of in (seen, unseen)
    ]
    assert hits[0] > 0.95
    assert 0.3 < hits[1] < 0.95


def test_the_cards_tell_what_was_seen(calibrator: Engine, baseline: Engine) -> None:
    assert calibrator.card.exposed_to == tuple(pack.id for pack in published())
    assert calibrator.card.packs == baseline.card.packs == tuple(p.ref for p in published())
    assert "unseen utterances" in calibrator.card.limits[0]


def test_an_unknown_model_names_the_nearest() -> None:
    with pytest.raises(UsageError, match="did you mean 'baseline'"):
        fitted("base-line")
    with pytest.raises(UsageError, match="choose one of calibrator, baseline"):
        fitted("gpt")


FINGERPRINT = """
import hashlib, json
from clinigate.reference.engine.models import fitted
from clinigate.scenarios import generate, load_builtin
seen = []
for name in ("calibrator", "baseline"):
    engine = fitted(name)
    for pack in ("crisis-en", "hard-negatives-en", "emotion-en"):
        for case in generate(load_builtin(pack), seed=5, n=60):
            found, felt = engine.assess(case.turns), engine.emotion(case.turns)
            seen.append([found.score, found.topic.archetype, felt.emotion, dict(felt.scores)])
print(hashlib.sha256(json.dumps(seen).encode()).hexdigest())
"""


def test_fitting_is_the_same_in_every_process() -> None:
    def fingerprint(hash_seed: str) -> bytes:
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
        return subprocess.check_output([sys.executable, "-c", FINGERPRINT], env=environment)

    assert fingerprint("1") == fingerprint("2")
