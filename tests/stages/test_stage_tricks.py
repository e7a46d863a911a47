"""Nobody makes a gate open by killing what looks bad, or by parts of different things."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from clinigate.cli.exits import ExitCode
from clinigate.evidence.verify import verify_bundle

STUB = Path(__file__).with_name("stub.py")
Stage = Callable[..., dict[str, Any]]


def git(*words: str) -> None:
    who = ("-c", "user.name=t", "-c", "user.email=t@example.invalid", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *who, *words], check=True, capture_output=True)


@pytest.fixture
def repository(folder: Any, stage: Stage) -> Any:
    folder.stages(stage("one"), stage("two", "die", "unless=mended"))
    Path(".gitignore").write_text(".clinigate/\n", encoding="utf-8")
    git("init", "-q")
    git("add", ".")
    git("commit", "-qm", "one")
    return folder


def test_what_an_attempt_had_proven_wrong_outlasts_it(folder: Any, stage: Stage) -> None:
    """A limit that is missed counts, whether or not one is tolerated: no re-run until green."""
    folder.stages(stage("one", "die", "unless=mended", seconds=99))
    assert folder.run().code == ExitCode.UNFINISHED
    Path("mended").touch()
    said = folder.run("--resume", "last")
    assert said.code == ExitCode.NOT_PASSED
    assert "chaos.one.rto is FAIL" in said.sentence
    assert verify_bundle(folder.bundle).problems == ()


def test_what_nobody_requires_does_not_hide_what_it_found_by_dying(
    folder: Any, stage: Stage
) -> None:
    folder.stages(
        {**stage("one", "die", seconds=99), "required": False},
        stage("two"),
        demands={"chaos.one.rto": "no-fail"},
    )
    said = folder.run("--keep-going")
    assert said.code == ExitCode.NOT_PASSED
    assert "chaos.one.rto is FAIL" in said.sentence


def test_an_attempt_that_was_done_again_is_told_by_a_gate_that_opens(
    folder: Any, stage: Stage
) -> None:
    folder.stages(stage("one", "die", "unless=mended"))
    assert folder.run().code == ExitCode.UNFINISHED
    Path("mended").touch()
    assert folder.run("--resume", "last").code == ExitCode.OK
    told = folder.last.joinpath("exports", "decision.json").read_text(encoding="utf-8")
    assert "stage 'one' ran 2 times; before: died, it was killed by SIGKILL" in told
    assert "1 part(s) of a stage that died, set aside" in told


def test_a_clock_that_was_set_back_does_not_change_which_attempt_was_the_last(
    folder: Any, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.stages(stage("one", "die", "unless=mended"))
    assert folder.run().code == ExitCode.UNFINISHED
    (leader,) = folder.last.glob("spool/run-*.ndjson")
    text = leader.read_text(encoding="utf-8").replace('"ts":"20', '"ts":"21')
    leader.write_text(text, encoding="utf-8")
    Path("mended").touch()
    folder.run("--resume", "last")
    assert folder.outcomes == {"one": "recorded"}


def test_what_changed_without_a_commit_is_not_continued(repository: Any) -> None:
    Path("code.py").write_text("a = 1\n", encoding="utf-8")
    git("add", ".")
    git("commit", "-qm", "two")
    assert repository.run().code == ExitCode.UNFINISHED
    Path("mended").touch()
    Path("code.py").write_text("a = 2\n", encoding="utf-8")
    said = repository.run("--resume", "last")
    assert said.code == ExitCode.USAGE
    assert "what is not committed changed since it began" in said.sentence
    Path("code.py").write_text("a = 1\n", encoding="utf-8")
    assert repository.run("--resume", "last").code == ExitCode.OK


def test_jobs_share_stages_out_on_one_commit_only(repository: Any) -> None:
    Path("mended").touch()
    assert repository.run("--stage", "one").code == ExitCode.NOT_PASSED
    git("commit", "-q", "--allow-empty", "-m", "another")
    assert repository.run("--stage", "two").code == ExitCode.NOT_PASSED
    one, two = (str(path) for path in repository.runs)
    said = repository.run(f"a={one}", f"b={two}", command="gate")
    assert said.code == ExitCode.NOT_PASSED
    assert "share out stages, and the commit is not the same in both" in said.out + said.err


def script(name: str, text: str) -> dict[str, Any]:
    """A stage whose program is a few lines of Python beside the stub's own functions."""
    head = "import json, os, sys\nfrom pathlib import Path\n"
    body = f"sys.path.insert(0, {str(STUB.parent)!r})\nimport stub\n"
    body += "spool = Path(os.environ['CLINIGATE_RUN']) / 'spool'\n"
    Path(f"{name}.py").write_text(head + body + text, encoding="utf-8")
    return {"name": name, "run": [sys.executable, "-I", "-S", f"{name}.py"]}


LEADS = """
def line(kind, body):
    told = {"body": body, "ts": stub.moment(), "type": kind}
    return json.dumps(told, sort_keys=True, separators=(",", ":")) + "\\n"

leader, one = (next(p.name for p in spool.glob(f"{n}-*.ndjson")) for n in ("run", "stub"))
start = {"producer": "run", "run": spool.parent.name, "tokens": "own", "continues": [leader]}
aside = {"topic": "set-aside", "about": {"spools": [one], "reason": "I say so"}}
done = {"records": 2, "redactions": [], "status": "COMPLETE"}
told = line("start", start) + line("note", aside) + line("finish", done)
(spool / "run-9.ndjson").write_text(told)
"""
EDITS = """
one = next(spool.glob("stub-*.ndjson"))
one.write_text(one.read_text().replace('"value":99.0', '"value":12.0'))
stub.record("chaos.two.rto", 1.0, [])
"""


@pytest.mark.parametrize(
    ("text", "why"),
    [(LEADS, "say that they lead it"), (EDITS, "was edited after stage 'one' had ended")],
)
def test_no_stage_undoes_what_another_recorded(
    folder: Any, stage: Stage, text: str, why: str
) -> None:
    folder.stages(stage("one", seconds=99), script("two", text), stage("three"))
    said = folder.run("--keep-going")
    assert said.code == ExitCode.INTEGRITY, said.err
    assert why in said.sentence
    assert folder.run("--resume", "last").code == ExitCode.INTEGRITY
    assert not folder.last.joinpath("statement.unsigned.json").exists()


def test_what_was_edited_before_a_run_was_continued_is_seen(folder: Any, stage: Stage) -> None:
    folder.stages(stage("one", seconds=99), stage("two", "die", "unless=mended"))
    assert folder.run("--keep-going").code == ExitCode.UNFINISHED
    for part in folder.last.glob("spool/stub-*.ndjson"):
        text = part.read_text(encoding="utf-8").replace('"value":99.0', '"value":12.0')
        part.write_text(text, encoding="utf-8")
    Path("mended").touch()
    said = folder.run("--resume", "last")
    assert said.code == ExitCode.INTEGRITY
    assert "was edited after stage 'one' had ended" in said.sentence


def test_a_stage_that_found_nothing_to_look_at_is_no_evidence(folder: Any, stage: Stage) -> None:
    gap = """
about = {"_type": "Gap", "metric": "chaos.two.rto", "reason": "no manifest here"}
stub.observed = lambda *_: {"check": "CG-STUB-001", "about": about, "controls": [], "evidence": []}
stub.record("chaos.two.rto", 1.0, [])
"""
    folder.stages(stage("one"), script("two", gap))
    said = folder.run()
    assert said.code == ExitCode.NOT_PASSED
    assert (
        "stage 'two' is required: refused, it assessed nothing: no manifest here" in said.sentence
    )


def test_what_an_earlier_stage_left_at_work_is_no_evidence_of_a_later_one(
    folder: Any, stage: Stage
) -> None:
    late = """
stub.record("chaos.two.rto", 1.0, [])
(part,) = spool.glob(f"stub-{os.getpid()}.ndjson")
text = part.read_text()
part.write_text(text.replace('"tokens":"own"', '"stage":"one","tokens":"own"'))
"""
    folder.stages(stage("one"), script("two", late))
    assert folder.run().code == ExitCode.UNFINISHED
    assert folder.outcomes == {"one": "recorded", "two": "silent"}
