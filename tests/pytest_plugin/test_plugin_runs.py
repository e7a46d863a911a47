"""One session is one run: it is sealed whatever happens, and nothing that was seen is lost."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import pytest

from clinigate.core.measurement import Measurement
from clinigate.core.plan import Plan
from clinigate.core.results import Subject
from clinigate.evidence.bundle import open_bundle
from clinigate.evidence.keys import save_key
from clinigate.evidence.recorded import read_run
from clinigate.evidence.runs import begin_run
from clinigate.evidence.signing import generate_signer

GOOD = {"a": "T-REQUIRED-PASS-001", "b": "T-NOFAIL-PASS-001", "c": "T-REPORT-PASS-001"}

#: A check that measures, says so through a pipe, and then waits to be killed.
WAITING = """

import os


@check("T-WAITS-001", metrics=["emotion.accuracy", "therapy.appropriateness"])
async def waits(target, plan):
    \"\"\"Measures one metric, and never comes to the other.\"\"\"
    import asyncio

    yield Observation("T-WAITS-001", measured("emotion.accuracy", 0, 300))
    os.write(int(os.environ["TELL"]), b"!")
    await asyncio.Event().wait()
"""

STOPPING = """

from clinigate.errors import CriticalSafetyTestFailure


@check("T-STOPS-001", metrics=["emotion.accuracy"])
async def stops(target, plan):
    \"\"\"Sees a violation, and stops the run where the plan says so.\"\"\"
    yield Observation("T-STOPS-001", measured("emotion.accuracy", 90, 300))
    yield Observation("T-STOPS-001", Finding("emotion.accuracy", "was wrong", "case0"))
    if plan.fail_fast:
        raise CriticalSafetyTestFailure("case case0 (x): the reply gave no help")
"""


def add_check(project: Any, text: str) -> None:
    project.write("conftest.py", (project.folder / "conftest.py").read_text() + text)


def test_a_session_is_one_sealed_run(project: Any) -> None:
    """The table names every criterion, and where the evidence is; without a key it is UNSIGNED."""
    project.tests(**GOOD)
    outcome = project.run()
    assert outcome.code == 0
    assert project.sealed_status() == "COMPLETE"
    for criterion in ("emotion.accuracy", "crisis.false_positive_rate", "therapy.appropriateness"):
        assert criterion in outcome.out
    assert "VERDICT: PASS (all 3 criteria met)" in outcome.out
    assert f"evidence: {project.only_run()} (UNSIGNED, COMPLETE)" in outcome.out


def test_every_criterion_that_did_not_pass_has_its_reason(project: Any) -> None:
    """What nobody looked at stands in the table as well."""
    project.tests(open="T-REQUIRED-INCONCLUSIVE-001", wrong="T-NOFAIL-FAIL-001")
    out = project.run().out
    assert "does not keep the limit '>= 0.95' (n=5)" in out
    assert "breaks the limit '< 0.1' (n=300)" in out
    assert "nothing was observed of this metric" in out
    assert "NOT CERTIFIED" in out


@pytest.mark.parametrize("how", ["file", "environment"])
def test_the_configured_key_signs(project: Any, how: str) -> None:
    """Run and ledger are signed by one key, which is loaded once."""
    signer = generate_signer()
    path = project.folder / "keys" / "run.key"
    save_key(signer, path, "open sesame", cost=2**14)
    variables = {"CLINIGATE_KEY_PASSPHRASE": "open sesame"}
    if how == "file":
        config = (project.folder / "clinigate.toml").read_text()
        project.write("clinigate.toml", f'{config}\n[signing]\nkey = "file:keys/run.key"\n')
    else:
        variables["CLINIGATE_KEY"] = path.read_text()
    add_check(project, COUNTING_KEYS)
    project.tests(good="T-REQUIRED-PASS-001")
    outcome = project.run("--clinical-grade", **variables)
    assert outcome.code == 0, outcome.out
    assert "(signed, COMPLETE)" in outcome.out
    (signature,) = open_bundle(project.only_run()).envelope.signatures
    assert signature.keyid == signer.keyid
    assert (project.folder / "loaded").read_text() == "1"


COUNTING_KEYS = """

import pathlib

import clinigate.pipeline.keys as keys

LOADED = []


def counted(original):
    def load(*args, **kwargs):
        LOADED.append(1)
        pathlib.Path(__file__).with_name("loaded").write_text(str(len(LOADED)))
        return original(*args, **kwargs)
    return load


keys.load_key = counted(keys.load_key)
if "CLINIGATE_KEY" in __import__("os").environ:
    keys.signer_from_environment = counted(keys.signer_from_environment)
"""


@pytest.mark.parametrize("options", [["-q"], ["-p", "no:terminal"]])
def test_it_ends_well_however_little_is_shown(project: Any, options: list[str]) -> None:
    """Without a terminal reporter or a summary the run is sealed all the same."""
    project.tests(good="T-REQUIRED-PASS-001")
    outcome = project.run(*options)
    assert outcome.code == 0, outcome.out
    assert project.sealed_status() == "COMPLETE"


def test_a_terminal_that_knows_ascii_alone(project: Any) -> None:
    """Signs and marks have words of their own there."""
    project.tests(good="T-REQUIRED-PASS-001")
    outcome = project.run(PYTHONIOENCODING="ascii")
    assert outcome.code == 0
    assert ">= 0.95" in outcome.out
    assert "\\u" not in outcome.out


def test_an_evaluation_that_assessed_nothing_does_not_end_well(project: Any) -> None:
    """--clinical-grade over tests that ask for no check is no evaluation: exit code 1."""
    project.write("test_plain.py", "def test_it():\n    pass\n")
    assert project.run().code == 0
    assert project.run("--clinical-grade").code == 1
    assert not (project.folder / ".clinigate").exists()


@pytest.mark.parametrize("spread", [[], ["-n", "2"]], ids=["alone", "xdist"])
def test_a_safety_violation_stops_the_session(project: Any, spread: list[str]) -> None:
    """Under --safety-critical: the failure's sentence, sealed evidence, exit code 1."""
    add_check(project, STOPPING)
    tests = {"stop": "T-STOPS-001", **{f"z{n}": "T-NOFAIL-PASS-001" for n in range(6)}}
    project.tests(**tests)
    outcome = project.run("--safety-critical", *spread)
    assert outcome.code == 1, outcome.out
    assert "CriticalSafetyTestFailure: case case0 (x): the reply gave no help" in outcome.out
    assert project.sealed_status() == "ABORTED"
    results = project.results()
    assert results.interrupted == "case case0 (x): the reply gave no help"
    assert {v.status for v in results.verdicts if v.criterion == "emotion.accuracy"} == {"FAIL"}
    outcome.assert_no_traceback()
    if not spread:
        assert list(outcome.cases) == ["test_stop"]


def test_without_the_option_a_violation_stops_nothing(project: Any) -> None:
    """The test fails, and the others run."""
    add_check(project, STOPPING)
    project.tests(stop="T-STOPS-001", after="T-NOFAIL-PASS-001")
    outcome = project.run()
    assert (outcome.code, outcome.verdict("test_after")) == (1, "passed")
    assert project.sealed_status() == "COMPLETE"


def test_stopping_at_the_first_failure_leaves_an_aborted_run(project: Any) -> None:
    """-x: what was not looked at any more is not passed off as a run that went through."""
    project.tests(a="T-REQUIRED-FAIL-001", b="T-NOFAIL-PASS-001")
    assert project.run("-x").code == 1
    assert project.sealed_status() == "ABORTED"


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGKILL], ids=["interrupted", "killed"])
def test_what_was_seen_survives(project: Any, by: signal.Signals) -> None:
    """Interrupted, the run is sealed as ABORTED; killed, it reads back as INCOMPLETE."""
    add_check(project, WAITING)
    project.tests(a="T-NOFAIL-PASS-001", b="T-WAITS-001")
    hear, tell = os.pipe()
    process = project.start(env=project.environ(TELL=str(tell)), pass_fds=[tell])
    os.close(tell)
    assert os.read(hear, 1) == b"!", "the check came to its first observation"
    process.send_signal(by)
    out, _ = process.communicate()
    os.close(hear)
    measured = [o.about for o in project.results().observations]
    assert {each.metric for each in measured if isinstance(each, Measurement)} == {
        "crisis.false_positive_rate",
        "emotion.accuracy",
    }
    statuses = {verdict.criterion: verdict.status for verdict in project.results().verdicts}
    assert statuses["emotion.accuracy"] == "PASS"
    assert statuses["therapy.appropriateness"] == "NOT_ASSESSED"
    if by is signal.SIGINT:
        assert process.returncode == 2
        assert project.sealed_status() == "ABORTED"
        assert "run ended early: pytest was interrupted" in out
    else:
        assert process.returncode == -signal.SIGKILL
        assert read_run(project.only_run()).status == "INCOMPLETE"
        assert "never said that it ended" in str(project.results().interrupted)
        (history,) = project.store.history()
        assert history.status == "INCOMPLETE"


def test_a_pipeline_of_several_tools_has_one_run(project: Any) -> None:
    """CLINIGATE_RUN names a run that somebody else began: pytest joins, and leaves the sealing."""
    project.tests(good="T-REQUIRED-PASS-001")
    root = project.folder / ".clinigate"
    run = begin_run(root, producer="pipeline", subject=Subject("tiny"), plan=Plan(), environ={})
    outcome = project.run("--clinical-grade", **run.environ())
    assert outcome.code == 0, outcome.out
    assert f"recorded in run {run.id}; whoever began it seals it" in outcome.out
    run.finish()
    recorded = read_run(project.only_run())
    assert {spool.name.partition("-")[0] for spool in recorded.spools} == {"pipeline", "pytest"}
    assert [o.check for o in recorded.observations()] == ["T-REQUIRED-PASS-001"]


def test_a_run_that_is_gone_cannot_be_joined(project: Any) -> None:
    """A variable left over from yesterday is named, and no test passes."""
    project.tests(good="T-REQUIRED-PASS-001")
    outcome = project.run(CLINIGATE_RUN=str(Path(project.folder, "gone")))
    assert (outcome.code, outcome.verdict("test_good")) == (2, "error")
    assert "no run here to join; CLINIGATE_RUN names it" in outcome.reason("test_good")
    outcome.assert_no_traceback()


def test_a_damaged_ledger_is_an_integrity_failure(project: Any) -> None:
    """Exit code 3, also where pytest-xdist's controller would begin the run."""
    project.tests(good="T-REQUIRED-PASS-001")
    project.run()
    (log,) = (project.folder / ".clinigate" / "ledger").glob("*.ndjson")
    log.write_bytes(log.read_bytes().replace(b"run-started", b"run-begun__"))
    for options in ([], ["--clinical-grade", "-n", "2"]):
        outcome = project.run(*options)
        assert outcome.code == 3, outcome.out
        assert "clinigate: " in outcome.out
        outcome.assert_no_traceback()
