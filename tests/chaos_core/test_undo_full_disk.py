"""A disk that refuses the ledger's lines keeps no fault from being taken back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from chaos_bench import Bench

from clinigate.chaos import actions
from clinigate.chaos.drivers.base import UndoStep
from clinigate.chaos.injection import Injection, write_injection
from clinigate.chaos.undo.ledger import Ledger
from clinigate.chaos.undo.perform import perform
from clinigate.errors import EvidenceError


def fill_disk(monkeypatch: pytest.MonkeyPatch, full: Callable[[], bool]) -> None:
    """Refuse every line while the disk is full."""
    real = Ledger.append

    def append(self: Ledger, event: str, **fields: Any) -> None:
        if full():
            raise EvidenceError(f"{self.path}: cannot be written: No space left on device")
        real(self, event, **fields)

    monkeypatch.setattr(Ledger, "append", append)


def injected(folder: Path, flag: Path, verify: str = "flag_undo:is_lowered") -> Ledger:
    step = UndoStep("flag_undo:lower", verify, {"flag": str(flag)}, "lower")
    ledger = Ledger.plan(folder, "i", experiment="x", driver="flags", steps=[step], within_s=0.1)
    ledger.append("injecting", pid=1, start_ticks=-1)
    flag.touch()
    ledger.append("injected")
    return ledger


def test_the_fault_that_fills_the_disk_is_undone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its steps free the room for the lines; those come late, in order, with their own times."""
    flag = tmp_path / "a.flag"
    ledger = injected(tmp_path, flag)
    fill_disk(monkeypatch, flag.exists)
    assert perform(ledger, by="watchdog", reason="the runner is gone")
    state = ledger.state()
    assert state.closed
    assert state.undo_reason == "the runner is gone"
    events = [event["event"] for event in state.events]
    assert events == ["planned", "injecting", "injected", "undoing", "step", "undone"]
    times = [event["mono_ns"] for event in state.events]
    assert times == sorted(times)


def test_a_disk_that_stays_full_leaves_the_ledger_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The fault is taken back all the same; what cannot be written is said, and tried next time."""
    flag = tmp_path / "a.flag"
    ledger = injected(tmp_path, flag)
    with monkeypatch.context() as patched:
        fill_disk(patched, lambda: True)
        with pytest.raises(EvidenceError, match=r"undone.*stays open.*No space left"):
            perform(ledger, by="watchdog", reason="over")
        assert not flag.exists()
        assert not ledger.state().closed
    assert perform(ledger, by="recover", reason="next start")


def test_an_undo_that_fails_on_a_full_disk_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The ledger cannot hold the reason, the error does."""
    ledger = injected(tmp_path, tmp_path / "a.flag", "flag_undo:never")
    fill_disk(monkeypatch, lambda: True)
    with pytest.raises(EvidenceError, match=r"effect is still there.*No space left"):
        perform(ledger, by="watchdog", reason="over")


def test_a_fault_that_cannot_be_noted_is_taken_back_at_once(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody would ask an abort rule meanwhile; the ledger says afterwards that it was there."""
    from flag_driver import connect

    driver, fault = connect(bench.options), bench.experiment.fault
    victims = driver.resolve({"name": "api-1"})
    ledger = Ledger.plan(
        bench.root / "undo", "i", experiment="x", driver="flags",
        steps=driver.undo_steps(fault, victims), within_s=10.0,
    )  # fmt: skip
    path = bench.root / "injection.json"
    write_injection(
        Injection("i", "x", driver.name, bench.options, fault, victims, str(ledger.path)), path
    )
    fill_disk(monkeypatch, lambda: bool(bench.flags()))
    with pytest.raises(EvidenceError, match="in effect and was taken back at once"):
        actions.inject(str(path))
    assert bench.flags() == []
    state = ledger.state()
    assert state.closed
    assert state.injected_ns is not None
    assert state.undone_ns is not None
    assert state.injected_ns < state.undone_ns
    assert state.events[-1]["event"] == "inject-failed"
