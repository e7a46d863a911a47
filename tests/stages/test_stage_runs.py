"""`clinigate run`: stages are parts of one run; what dies leaves it unsealed, and is done again.

The programs are real processes, and so are the signals.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from clinigate.cli.exits import ExitCode
from clinigate.core import Status
from clinigate.core.plan import Plan
from clinigate.core.results import Subject
from clinigate.evidence.keys import save_key
from clinigate.evidence.runs import begin_run
from clinigate.evidence.signing import generate_signer
from clinigate.evidence.spool import RunStatus
from clinigate.evidence.verify import verify_bundle
from clinigate.pipeline.stages.durations import NAME

Stage = Callable[..., dict[str, Any]]

PASSPHRASE = "a passphrase of these tests"


def verdicts(folder: Any) -> dict[str, Status]:
    return {v.criterion: v.status for v in folder.bundle.results().verdicts}


def test_stages_that_pass_open_the_gate(folder: Any, stage: Stage) -> None:
    folder.stages(stage("one"), stage("two"))
    said = folder.run()
    assert said.code == ExitCode.OK, said.err
    assert folder.bundle.status is RunStatus.COMPLETE
    assert verdicts(folder) == {"chaos.one.rto": Status.PASS, "chaos.two.rto": Status.PASS}
    exports = folder.last / "exports"
    assert {path.name for path in exports.iterdir()} >= {
        "report.html", "junit.xml", "summary.md", "decision.json", "svr.json",
    }  # fmt: skip
    assert "Stages" in (exports / "report.html").read_text(encoding="utf-8")
    assert verify_bundle(folder.bundle).problems == ()
    assert set(json.loads((folder.path / ".clinigate" / NAME).read_bytes())) == {"one", "two"}


def test_what_shuts_the_gate_ends_the_run_and_later_stages_are_gaps(
    folder: Any, stage: Stage
) -> None:
    folder.stages(stage("one", "exit=1", seconds=40), stage("two"))
    said = folder.run()
    assert said.code == ExitCode.NOT_PASSED
    assert "chaos.one.rto is FAIL" in said.sentence
    assert folder.outcomes == {"one": "recorded", "two": "not run"}
    shut = "stage 'two' is required: not run, stage 'one' shut the gate by chaos.one.rto"
    decision = json.loads((folder.last / "exports" / "decision.json").read_bytes())
    assert shut in decision["reasons"]
    assert "chaos.two.rto is NOT_ASSESSED: no stage that ran speaks of it" in decision["reasons"]
    assert folder.run("last", command="gate").code == ExitCode.NOT_PASSED
    summary = (folder.last / "exports" / "summary.md").read_text(encoding="utf-8")
    assert "| `two` | ❌ not run\\: stage 'one' shut the gate by chaos.one.rto | – |" in summary
    page = (folder.last / "exports" / "report.html").read_text(encoding="utf-8")
    assert page.count("Stage &#39;one&#39; shut the gate by chaos.one.rto") == 2  # stages, and gaps


def test_keep_going_runs_the_later_stages_but_those_that_need_the_bad_one(
    folder: Any, stage: Stage
) -> None:
    folder.stages(
        stage("one", "exit=1", seconds=40),
        {**stage("two"), "needs": ["one"]},
        stage("three"),
    )
    assert folder.run("--keep-going").code == ExitCode.NOT_PASSED
    assert folder.outcomes == {"one": "recorded", "two": "not run", "three": "recorded"}


def test_what_the_policy_only_reports_stops_nothing(folder: Any, stage: Stage) -> None:
    folder.stages(
        stage("one", "exit=1", seconds=40), stage("two"), demands={"chaos.one.rto": "report"}
    )
    assert folder.run().code == ExitCode.OK
    assert folder.outcomes == {"one": "recorded", "two": "recorded"}


def test_a_stage_that_dies_leaves_the_run_open_and_is_done_again(folder: Any, stage: Stage) -> None:
    folder.stages(stage("one"), stage("two", "die", "unless=mended"), stage("three"))
    said = folder.run()
    assert said.code == ExitCode.UNFINISHED
    run = folder.last.name
    assert "stage 'two' died: it was killed by SIGKILL" in said.sentence
    assert said.sentence.endswith(f"continue it with: clinigate run --resume {run}")
    assert folder.outcomes["three"] == "not run"
    assert folder.run("last", command="gate").code != ExitCode.OK
    assert "UNFINISHED" in (folder.last / "exports" / "summary.md").read_text(encoding="utf-8")

    Path("mended").touch()
    said = folder.run("--resume", run)
    assert said.code == ExitCode.OK, said.err
    assert [path.name for path in folder.runs] == [run]
    assert folder.bundle.status is RunStatus.COMPLETE
    assert verify_bundle(folder.bundle).problems == ()
    one, two, three = folder.staged.stories
    assert [len(each.attempts) for each in (one, two, three)] == [1, 2, 1]
    aside = folder.bundle.recorded().set_aside
    assert set(aside) == set(two.attempts[0].spools)
    assert len(folder.bundle.results().observations) == 3


def test_every_way_to_die_is_told_and_done_again(folder: Any, stage: Stage) -> None:
    """Nothing is never a pass: exit code 0 without a record is no better than a signal."""
    ways = {
        "die": "it was killed by SIGKILL",
        "exit=2": "it ended with exit code 2: it is unfinished",
        "exit=4": "it ended with exit code 4: it was called wrongly",
        "open": "a part of it never finished",
        "silent": "it ended with exit code 0 and recorded nothing",
        "mute": "it ended with exit code 0 and recorded nothing",
    }
    names = [f"s{number}" for number in range(len(ways))]
    folder.stages(*(stage(n, word, "unless=mended") for n, word in zip(names, ways, strict=True)))
    assert folder.run("--keep-going").code == ExitCode.UNFINISHED
    Path("mended").touch()
    said = folder.run("--resume", "last")
    assert said.code == ExitCode.OK, said.err
    assert verify_bundle(folder.bundle).problems == ()
    for story, why in zip(folder.staged.stories, ways.values(), strict=True):
        first, second = story.attempts
        assert why in first.why
        assert second.outcome == "recorded"


def test_keep_going_runs_on_after_a_death_and_the_gate_stays_shut(
    folder: Any, stage: Stage
) -> None:
    folder.stages(stage("one", "die"), stage("two"))
    assert folder.run("--keep-going").code == ExitCode.UNFINISHED
    assert folder.outcomes == {"one": "died", "two": "recorded"}
    assert "INCOMPLETE" in folder.run("last", command="gate").sentence


def test_a_stage_that_nobody_requires_dies_and_is_told(folder: Any, stage: Stage) -> None:
    folder.stages(
        {**stage("one", "die"), "required": False},
        stage("two"),
        demands={"chaos.one.rto": "report"},
    )
    said = folder.run()
    assert said.code == ExitCode.OK, said.err
    assert folder.bundle.status is RunStatus.COMPLETE
    assert verdicts(folder)["chaos.one.rto"] is Status.NOT_ASSESSED
    assert "stage 'one' is not required: died, it was killed by SIGKILL" in said.out


def test_a_stage_that_only_prepares_is_no_gap(folder: Any, stage: Stage) -> None:
    folder.stages(
        {"name": "build", "run": ["true"], "required": False},
        {**stage("one"), "needs": ["build"]},
    )
    assert folder.run().code == ExitCode.OK
    assert folder.outcomes == {"build": "silent", "one": "recorded"}


def test_exit_code_1_that_no_record_explains_shuts_the_gate(folder: Any, stage: Stage) -> None:
    """Tests beside the checks fail without a verdict; the gate may not open on the rest."""
    folder.stages(stage("one", "exit=1"), stage("two"))
    said = folder.run("--keep-going")
    assert said.code == ExitCode.NOT_PASSED
    assert "stage 'one' is required: refused, it ended with exit code 1" in said.sentence


def test_a_violation_that_was_proven_outlasts_the_attempt_that_proved_it(
    folder: Any, stage: Stage
) -> None:
    """Kill a run when it looks bad, and begin again: what no one may tolerate is not forgotten."""
    folder.stages(stage("one", "zero", "die", "unless=mended", seconds=1), stage("two"))
    assert folder.run().code == ExitCode.UNFINISHED
    folder.path.joinpath("mended").touch()
    assert folder.run("--resume", "last").code == ExitCode.NOT_PASSED
    assert verdicts(folder)["chaos.one.rto"] is Status.FAIL


def test_a_stage_whose_time_is_up_is_killed_with_its_group(folder: Any, stage: Stage) -> None:
    folder.stages({**stage("one", "hang", "open"), "timeout_s": 1})
    said = folder.run()
    assert said.code == ExitCode.UNFINISHED
    assert "it was stopped after 1 s, its timeout_s" in said.sentence


def test_only_some_stages_run_with_what_they_need_and_the_gate_knows(
    folder: Any, stage: Stage
) -> None:
    folder.stages(stage("one"), {**stage("two"), "needs": ["one"]}, stage("three"))
    said = folder.run("--stage", "two")
    assert said.code == ExitCode.NOT_PASSED
    assert folder.outcomes == {"one": "recorded", "two": "recorded", "three": "not selected"}
    assert "stage 'three' is required: not selected" in said.out + said.err


def test_two_jobs_together_cover_what_is_required(folder: Any, stage: Stage) -> None:
    folder.stages(stage("one"), stage("two"))
    for name in ("one", "two"):
        assert folder.run("--stage", name).code == ExitCode.NOT_PASSED
    one, two = (str(path) for path in folder.runs)
    assert folder.run(f"a={one}", f"b={two}", command="gate").code == ExitCode.OK
    assert folder.run(f"a={one}", command="gate").code == ExitCode.NOT_PASSED


def test_a_changed_configuration_is_not_continued(folder: Any, stage: Stage) -> None:
    stages = [stage("one"), stage("two", "die")]
    folder.stages(*stages)
    assert folder.run().code == ExitCode.UNFINISHED
    text = Path("clinigate.toml").read_text(encoding="utf-8")
    Path("clinigate.toml").write_text(text.replace('"stub"', '"other"'), encoding="utf-8")
    said = folder.run("--resume", "last")
    assert said.code == ExitCode.USAGE
    assert "cannot be resumed: [subject] changed" in said.sentence
    Path("clinigate.toml").write_text(text, encoding="utf-8")
    with Path("policy.toml").open("a", encoding="utf-8") as policy:
        policy.write('\n[[environments.development.criteria]]\nid = "latency.p99"\n')
        policy.write('demand = "report"\n')
    assert "the policy changed" in folder.run("--resume", "last").sentence


def test_a_sealed_run_is_not_continued(folder: Any, stage: Stage) -> None:
    folder.stages(stage("one"))
    assert folder.run().code == ExitCode.OK
    said = folder.run("--resume", "last")
    assert said.code == ExitCode.USAGE
    assert "is sealed, and nothing can be added to it" in said.sentence


def test_a_run_without_stages_is_not_continued(folder: Any, stage: Stage) -> None:
    folder.stages(stage("one"))
    run = begin_run(Path(".clinigate"), producer="test", subject=Subject("stub"), plan=Plan())
    run.recorder.close()
    said = folder.run("--resume", "last")
    assert said.code == ExitCode.UNFINISHED
    assert "`clinigate run` did not begin it" in said.sentence


def test_a_secret_in_a_command_is_in_no_evidence(folder: Any, stage: Stage) -> None:
    words = ["--api-token", "hunter2-hunter2", "--password=swordfish", "exit=0"]
    folder.stages(stage("one", *words))
    assert folder.run().code == ExitCode.OK
    for path in folder.last.rglob("*"):
        if path.is_file():
            text = path.read_bytes()
            assert b"hunter2" not in text, path
            assert b"swordfish" not in text, path


def until(stream: Any, text: str) -> list[str]:
    """Read lines until one holds the text."""
    lines = []
    for line in stream:
        lines.append(line)
        if text in line:
            return lines
    pytest.fail(f"never said {text!r}: {lines}")


def test_an_interruption_reaches_the_stage_first_and_the_run_can_go_on(
    folder: Any, stage: Stage
) -> None:
    """Two at once in one run are told apart; CI cancels by SIGTERM."""
    folder.stages(stage("one"), stage("two", "hang", "unless=mended"))
    with folder.started() as process:
        until(process.stdout, "recorded")  # stage one
        until(process.stdout, "recorded")
        said = folder.run("--resume", "last")
        assert said.code == ExitCode.UNFINISHED
        assert "another `clinigate run`, or a stage that it started, is at work" in said.sentence
        os.kill(process.pid, signal.SIGTERM)
        _, err = process.communicate(timeout=60)
    assert process.returncode == ExitCode.UNFINISHED
    assert "it was interrupted; continue it with: clinigate run --resume" in err
    two = folder.staged.story("two")
    assert (two.outcome, two.why) == ("died", "it was interrupted")
    Path("mended").touch()
    assert folder.run("--resume", "last").code == ExitCode.OK


def test_kill_9_in_the_middle_of_a_stage_loses_nothing(folder: Any, stage: Stage) -> None:
    """The stage lives on for a moment; nobody takes the run over while it does."""
    folder.stages(stage("one"), stage("two", "hang", "unless=mended"))
    with folder.started() as process:
        until(process.stdout, "recorded")
        until(process.stdout, "recorded")
        orphan = child_of(process.pid)
        process.kill()
        process.wait(60)
        Path("mended").touch()
        said = folder.run("--resume", "last")
        assert said.code == ExitCode.UNFINISHED
        assert "is at work on it" in said.sentence
        gone = os.pidfd_open(orphan)
        os.kill(orphan, signal.SIGKILL)
        wait_for(gone)
    said = folder.run("--resume", "last")
    assert said.code == ExitCode.OK, said.err
    assert folder.bundle.status is RunStatus.COMPLETE
    assert len(folder.bundle.recorded().set_aside) == 1
    assert verify_bundle(folder.bundle).problems == ()
    assert set(verdicts(folder).values()) == {Status.PASS}


def child_of(pid: int) -> int:
    (child,) = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="utf-8").split()
    return int(child)


def wait_for(descriptor: int) -> None:
    import select

    assert select.select([descriptor], [], [], 60)[0]
    os.close(descriptor)


def test_no_stage_sees_what_unlocks_the_key_and_pytest_asks_for_none(
    folder: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever began the run seals it: a suite that joins evaluates without the key."""
    save_key(generate_signer(), Path("ci.key"), PASSPHRASE, cost=2**14)
    monkeypatch.setenv("CLINIGATE_KEY_PASSPHRASE", PASSPHRASE)
    Path("test_nothing.py").write_text("def test_nothing():\n    pass\n", encoding="utf-8")
    # Locust and Schemathesis bring plugins of their own, which take their time to start.
    quick = ["-p", "no:locust", "-p", "no:schemathesis", "-p", "no:cacheprovider"]
    tests = [sys.executable, "-m", "pytest", *quick, "--profile", "pr", "test_nothing.py"]
    folder.stages(
        {"name": "see", "run": ["sh", "-c", "env > seen"], "required": False},
        {"name": "tests", "run": tests},
    )
    with Path("clinigate.toml").open("a", encoding="utf-8") as config:
        config.write('\n[signing]\nkey = "file:ci.key"\n')
    policy = Path("policy.toml").read_text(encoding="utf-8")
    demand = '\n[[environments.development.criteria]]\nid = "safety.compliance"\n'
    Path("policy.toml").write_text(f'{policy}{demand}demand = "required"\n', encoding="utf-8")
    folder.run("--profile", "pr", "--keep-going")
    assert "PASSPHRASE" not in Path("seen").read_text(encoding="utf-8")
    assert folder.outcomes == {"see": "silent", "tests": "silent"}
    assert "exit code 1" in folder.staged.story("tests").why
