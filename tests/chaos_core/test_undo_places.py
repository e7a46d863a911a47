"""Ledgers that are lost, or from another place, and kill files of both kinds."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from clinigate.chaos.drivers.base import UndoStep
from clinigate.chaos.policy import chaos_policy
from clinigate.chaos.undo import place
from clinigate.chaos.undo.guard import Guard
from clinigate.chaos.undo.ledger import Ledger
from clinigate.chaos.undo.perform import perform
from clinigate.chaos.undo.recover import recover_all
from clinigate.config.loader import load_config
from clinigate.errors import EvidenceError


def injected(folder: Path, flag: Path, *, driver: str = "flags") -> Ledger:
    step = UndoStep("flag_undo:lower", "flag_undo:is_lowered", {"flag": str(flag)}, "lower")
    ledger = Ledger.plan(folder, "i", experiment="x", driver=driver, steps=[step], within_s=5.0)
    ledger.append("injecting", pid=1, start_ticks=-1)
    flag.touch()
    ledger.append("injected")
    return ledger


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.02)


def closed(ledger: Ledger) -> bool:
    try:
        return ledger.state().closed
    except EvidenceError:
        return False


@pytest.mark.parametrize("also_folder", [False, True])
def test_the_watchdog_undoes_though_the_ledger_is_removed(
    tmp_path: Path, also_folder: bool
) -> None:
    """It keeps the plan from its start on, and writes the ledger again."""
    flag = tmp_path / "a.flag"
    ledger = injected(tmp_path / "undo", flag)
    guard = Guard.start(ledger.path, lease_s=60, longest_s=600, kill_file=tmp_path / "halt")
    if also_folder:
        shutil.rmtree(ledger.path.parent)
    else:
        ledger.path.unlink()
    guard.release()
    until(lambda: closed(ledger))
    assert not flag.exists()
    assert ledger.state().undone_by == "watchdog"
    assert "restored" in [event["event"] for event in ledger.state().events]


def test_each_of_the_kill_files_ends_the_fault(tmp_path: Path) -> None:
    """The experiment's own as well as the team's."""
    flag = tmp_path / "a.flag"
    ledger = injected(tmp_path / "undo", flag)
    files = tmp_path / "team", tmp_path / "own"
    guard = Guard.start(ledger.path, lease_s=60, longest_s=600, kill_file=files)
    files[1].touch()
    until(lambda: closed(ledger))
    guard.release()
    assert not flag.exists()
    assert ledger.state().undo_reason == "the kill file is there"


def test_kill_files_begin_at_the_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From whichever folder the command is called."""
    (tmp_path / "clinigate.toml").write_text('[chaos]\nkill_file = "stop"\n')
    elsewhere = tmp_path / "deep"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    policy = chaos_policy(load_config(tmp_path / "clinigate.toml"))
    assert policy.kill_files("own/halt") == (tmp_path / "stop", tmp_path / "own/halt")
    assert policy.kill_files("/run/halt")[1] == Path("/run/halt")
    assert policy.kill_files(None) == (tmp_path / "stop",)


HERE = {"boot": "b1", "host": "h1", "pid_namespace": "pid:[1]"}


@pytest.mark.parametrize(
    ("changes", "refused"),
    [
        ({}, False),
        ({"pid_namespace": "pid:[2]"}, True),
        ({"pid_namespace": "pid:[2]", "host": "h2"}, True),
        ({"host": "h2"}, False),
        ({"boot": "b2", "host": "h2"}, True),
        ({"boot": "b2", "pid_namespace": "pid:[2]"}, False),
        ({"pid_namespace": ""}, False),
    ],
)
def test_a_ledger_of_another_place_is_left_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any], refused: bool
) -> None:
    """In a container that only mounts the folder every process looks gone, and none is."""
    with monkeypatch.context() as there:
        there.setattr("clinigate.chaos.undo.ledger.this_place", lambda: {**HERE, **changes})
        ledger = injected(tmp_path, tmp_path / "a.flag")
    monkeypatch.setattr(place, "this_place", lambda: HERE)
    if not refused:
        assert perform(ledger, by="recover", reason="next start")
        return
    with pytest.raises(EvidenceError, match="its processes cannot be seen"):
        perform(ledger, by="recover", reason="next start")
    assert not ledger.state().closed
    assert (tmp_path / "a.flag").exists()


def test_recovery_reports_what_it_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By its own fresh process; a ledger about a cluster is undone from anywhere."""
    there = {**place.this_place(), "pid_namespace": "pid:[2]"}
    monkeypatch.setattr("clinigate.chaos.undo.ledger.this_place", lambda: there)
    injected(tmp_path / "here", tmp_path / "a.flag")
    injected(tmp_path / "cluster", tmp_path / "b.flag", driver="kubernetes")
    (left,) = recover_all(tmp_path / "here", reason="test")
    assert left.failure is not None
    assert "cannot be seen" in left.failure
    (done,) = recover_all(tmp_path / "cluster", reason="test")
    assert done.failure is None
    assert not (tmp_path / "b.flag").exists()
