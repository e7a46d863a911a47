"""Whatever its leader had written when it was killed, a run goes on, or says why it cannot.

The leader's spool is cut at every line, as kill -9 would leave it, and a line is torn at each.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from clinigate.cli.exits import ExitCode
from clinigate.core import Kind, Measurement, Observation, Status
from clinigate.core.plan import Plan
from clinigate.core.results import Subject
from clinigate.errors import EvidenceError, IntegrityError
from clinigate.evidence.recorded import SET_ASIDE, read_run
from clinigate.evidence.runs import Run, begin_run, join_run, resume_run
from clinigate.evidence.spool import RunStatus
from clinigate.evidence.verify import verify_bundle


def leader_of(run: Path) -> Path:
    (leader,) = (run / "spool").glob("run-*.ndjson")
    return leader


def test_a_leader_may_be_killed_after_any_record(
    folder: Any, stage: Callable[..., dict[str, Any]], tmp_path: Path
) -> None:
    folder.stages(stage("one"), stage("two", "die", "unless=mended"))
    assert folder.run("--keep-going").code == ExitCode.UNFINISHED
    Path("mended").touch()
    root, copy = Path(".clinigate"), Path("copy")
    root.rename(copy)
    whole = leader_of(next((copy / "runs").iterdir())).read_bytes().splitlines(keepends=True)
    for kept in range(len(whole) + 1):
        shutil.copytree(copy, root)
        torn = whole[kept][:20] if kept < len(whole) else b""
        leader_of(folder.last).write_bytes(b"".join(whole[:kept]) + torn)
        said = folder.run("--resume", "last")
        if kept < 2:  # killed before its plan was written
            assert said.code == ExitCode.UNFINISHED
            assert "begin a new run" in said.sentence or "nothing to seal" in said.sentence
        else:
            assert said.code == ExitCode.OK, said.err
            assert folder.bundle.status is RunStatus.COMPLETE
            assert verify_bundle(folder.bundle).problems == ()
            statuses = {verdict.status for verdict in folder.bundle.results().verdicts}
            assert statuses == {Status.PASS}
        shutil.rmtree(root)


def test_killed_on_the_way_to_the_seal(folder: Any, stage: Callable[..., dict[str, Any]]) -> None:
    """All ran, nothing was sealed; or it was stated, and not logged."""
    folder.stages(stage("one"))
    assert folder.run().code == ExitCode.OK
    (folder.last / "ledger.tlog-proof").unlink()
    assert folder.run("--resume", "last").code == ExitCode.OK
    for name in ("ledger.tlog-proof", "statement.json", "results.json"):
        (folder.last / name).unlink()
    assert folder.run("--resume", "last").code == ExitCode.OK
    assert verify_bundle(folder.bundle).problems == ()


@pytest.fixture
def led(tmp_path: Path) -> Run:
    return begin_run(tmp_path, producer="run", subject=Subject("stub"), plan=Plan())


def part_of(run: Run) -> str:
    """Let a process join and record one observation; return the name of its spool."""
    recorder = join_run(run.environ(), producer="stub")
    about = Measurement("chaos.x.rto", Kind.WORST, 1.0, 1, unit="s", events=0)
    recorder.observation(Observation("CG-STUB-001", about))
    recorder.close()
    (spool,) = (run.directory / "spool").glob("stub-*.ndjson")
    return spool.name


def test_what_is_set_aside_stays_and_counts_no_more(led: Run) -> None:
    name = part_of(led)
    assert len(read_run(led.directory).observations()) == 1
    led.recorder.note(SET_ASIDE, {"spools": [name], "reason": "done again"})
    recorded = read_run(led.directory)
    assert recorded.observations() == ()
    assert len(recorded.observations_in([name])) == 1
    assert recorded.set_aside == {name: "done again"}
    led.finish()
    assert read_run(led.directory).status is RunStatus.COMPLETE


def test_nobody_but_a_leader_sets_aside(led: Run) -> None:
    name = part_of(led)
    with join_run(led.environ(), producer="other") as other:
        other.note(SET_ASIDE, {"spools": [name], "reason": "I say so"})
    assert len(read_run(led.directory).observations()) == 1


@pytest.mark.parametrize("which", ["its own", "none"])
def test_a_leader_is_never_set_aside(led: Run, which: str) -> None:
    (own,) = (led.directory / "spool").iterdir()
    name = own.name if which == "its own" else "stub-1.ndjson"
    led.recorder.note(SET_ASIDE, {"spools": [name], "reason": "done again"})
    with pytest.raises(IntegrityError, match="which is no part of this run"):
        read_run(led.directory)


def test_a_run_is_taken_over_once_its_leader_is_gone(led: Run) -> None:
    with pytest.raises(EvidenceError, match="still writes"):
        resume_run(led.directory, producer="run")
    led.recorder.close()
    assert read_run(led.directory).status is RunStatus.INCOMPLETE
    second = resume_run(led.directory, producer="run")
    second.recorder.close()
    third = resume_run(led.directory, producer="run")
    third.finish()
    recorded = read_run(led.directory)
    assert recorded.status is RunStatus.COMPLETE
    assert len(recorded.leaders) == 3
    assert len(recorded.continued) == 2


def test_a_part_cannot_be_continued_by_name_alone(led: Run) -> None:
    """A `start` that continues what never led the run is no start of ours."""
    name = part_of(led)
    led.recorder.close()
    spool = led.directory / "spool" / "run-9.ndjson"
    start = f'{{"body":{{"continues":["{name}"],"producer":"run","run":"x"}},'
    spool.write_text(f'{start}"ts":"2026-01-01T00:00:00.000000Z","type":"start"}}\n')
    with pytest.raises(IntegrityError, match="which never led this run"):
        read_run(led.directory)
