"""A sample runs in seconds, asks what it should, and is never taken for a certification."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

#: Knows every emotion by the word that the case's label is, unless told to be wrong; keeps count.
KNOWING = """\
import json
import os
from pathlib import Path

import pytest

from clinigate.clinical import draw
from clinigate.core.plan import Plan, Profile

ASKED = Path(__file__).with_name("asked")
SEED = int(os.environ.get("DRAWN_WITH", "0"))
CASES = {case.turns[-1].text: case for case in draw.emotions(Plan(SEED, Profile.PR))}


@pytest.fixture(scope="session")
def clinical_target():
    wrong = {case.id for case in list(CASES.values())[:int(os.environ.get("WRONG", "0"))]}

    def emotion(text):
        case = CASES.get(text)
        with ASKED.open("a") as file:
            file.write(f"{case.id if case else 'greeting'}\\n")
        if case is None or case.id in wrong:
            return "boredom"
        return case.expect.emotion

    return {"emotion": emotion}
"""


@pytest.fixture
def emotional(project: Any) -> Any:
    """A project whose target answers the cases of the sample, and only them."""
    project.write("conftest.py", KNOWING)
    project.tests(emotion="CG-CLIN-EMOTION-001", crisis="CG-CLIN-CRISIS-001")
    return project


def asked(project: Any) -> list[str]:
    path = Path(project.folder, "asked")
    names = path.read_text().split()
    path.unlink()
    return [name for name in names if name != "greeting"]


def test_a_sample_says_so_everywhere(emotional: Any) -> None:
    """The header, the verdict and the evidence say SAMPLE, though all that was asked is right."""
    outcome = emotional.run("--profile", "pr")
    assert outcome.code == 0, outcome.out
    assert outcome.verdict("test_emotion") == "passed"
    assert outcome.verdict("test_crisis") == "skipped", "the target cannot, and the policy lets it"
    assert "profile pr, seed 0, a SAMPLE that never certifies" in outcome.out
    assert "VERDICT: SAMPLE – never a certification" in outcome.out
    assert emotional.results().plan.is_sample
    assert len(asked(emotional)) == 63


def test_clinical_grade_does_not_take_a_sample(emotional: Any) -> None:
    """However good it is, the session does not end well, and says why."""
    emotional.tests(emotion="CG-CLIN-EMOTION-001")
    outcome = emotional.run("--profile=pr", "--clinical-grade")
    assert outcome.verdict("test_emotion") == "passed"
    assert outcome.code == 1
    assert "--clinical-grade asks for a certification, and a sample never is one" in outcome.out


@pytest.mark.parametrize("spread", [[], ["-n", "2"]], ids=["alone", "xdist"])
def test_only_what_failed_is_asked_again(emotional: Any, spread: list[str]) -> None:
    """The wrong cases of the last run, at its seed: still wrong they fail, mended they skip."""
    options = ["--profile=pr", "--clinigate-seed=5", *spread]
    first = emotional.run(*options, WRONG="7", DRAWN_WITH="5")
    assert (first.code, first.verdict("test_emotion")) == (1, "failure")
    assert len(asked(emotional)) == 63
    wrong = sorted({finding.case_id for finding in findings(emotional)})
    assert len(wrong) == 7

    again = emotional.run("--clinigate-rerun-failed", *spread, WRONG="7", DRAWN_WITH="5")
    assert sorted(asked(emotional)) == wrong
    assert again.verdict("test_emotion") == "failure"
    assert "still wrong: 7 case(s)" in again.reason("test_emotion")

    mended = emotional.run("--clinigate-rerun-failed", *spread, DRAWN_WITH="5")
    assert sorted(asked(emotional)) == wrong
    assert mended.code == 0, mended.out
    assert mended.verdict("test_emotion") == "skipped"
    assert "no case that was asked again is still wrong" in mended.reason("test_emotion")
    assert "SAMPLE" in mended.out
    assert "VERDICT: PASS" not in mended.out
    assert len(emotional.runs()) == 3

    settled = emotional.run("--clinigate-rerun-failed", *spread)
    assert settled.code == 4
    assert "found no case wrong; there is nothing to run again" in settled.out


def findings(project: Any) -> list[Any]:
    observations = project.results().observations
    return [o.about for o in observations if type(o.about).__name__ == "Finding"]


def test_cases_are_asked_again_at_their_seed_alone(emotional: Any) -> None:
    """Another seed draws other cases: refused, with the seed that is meant."""
    emotional.run("--profile=pr", "--clinigate-seed=5", WRONG="7", DRAWN_WITH="5")
    outcome = emotional.run("--clinigate-rerun-failed", "--clinigate-seed=6")
    assert outcome.code == 4
    assert "were drawn with seed 5; leave one of the options out" in outcome.out
