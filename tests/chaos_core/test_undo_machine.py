"""Plans, faults, crashes and undos in any order: recovery leaves no fault of ours behind."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    rule,
)

from clinigate.chaos.drivers.base import UndoStep
from clinigate.chaos.undo.ledger import Ledger
from clinigate.chaos.undo.perform import perform
from clinigate.chaos.undo.recover import open_ledgers


class UndoMachine(RuleBasedStateMachine):
    """Each injection owns two flags; `foreign` is somebody else's and must survive everything."""

    planned = Bundle("planned")
    injecting = Bundle("injecting")

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="clinigate-undo-"))
        self.foreign = self.folder / "foreign.flag"
        self.foreign.touch()
        self.count = 0

    def teardown(self) -> None:
        shutil.rmtree(self.folder)

    def _flags(self, ledger: Ledger) -> list[Path]:
        name = ledger.path.name.partition(".")[0]
        return [self.folder / f"{name}-{part}.flag" for part in "ab"]

    @rule(target=planned)
    def plan(self) -> Ledger:
        """The undo is on the disk, nothing has happened."""
        name = f"i{self.count}"
        self.count += 1
        steps = [
            UndoStep(
                "flag_undo:lower",
                "flag_undo:is_lowered",
                {"flag": str(self.folder / f"{name}-{part}.flag")},
            )
            for part in "ab"
        ]
        return Ledger.plan(
            self.folder, name, experiment="x", driver="flags", steps=steps, within_s=0.1
        )

    @rule(target=injecting, ledger=consumes(planned), raised=st.integers(0, 2))
    def inject(self, ledger: Ledger, raised: int) -> Ledger:
        """The injector gets as far as it gets: none, one or both flags, unless an undo came."""
        if not ledger.state().barred:
            ledger.append("injecting", pid=1, start_ticks=-1)
            for flag in self._flags(ledger)[:raised]:
                flag.touch()
        return ledger

    @rule(ledger=injecting)
    def is_in_effect(self, ledger: Ledger) -> None:
        """The injector says so, if it still may."""
        if not ledger.state().barred:
            ledger.append("injected")

    @rule(target=planned, ledger=consumes(planned))
    def undo_before_the_fault(self, ledger: Ledger) -> Ledger:
        """Closed without a step; whoever wants to inject later finds it barred."""
        assert perform(ledger, by="runner", reason="aborted")
        assert ledger.state().closed
        return ledger

    @rule(ledger=injecting)
    def undo(self, ledger: Ledger) -> None:
        """By anyone, and again."""
        assert perform(ledger, by="watchdog", reason="the runner is gone")
        assert not any(flag.exists() for flag in self._flags(ledger))

    @rule(target=injecting, ledger=consumes(injecting), bytes_lost=st.integers(1, 60))
    def tear(self, ledger: Ledger, bytes_lost: int) -> Ledger:
        """The last line never reached the disk whole; a line before it did."""
        data = ledger.path.read_bytes().rstrip(b"\n")
        start = data.rfind(b"\n") + 1
        if start and b'"injecting"' not in data[start:]:
            ledger.path.write_bytes(data[: max(start, len(data) - bytes_lost)])
        return ledger

    @rule()
    def recover(self) -> None:
        """The next start: every open ledger is closed, and nothing of ours is left."""
        for ledger in reversed(open_ledgers(self.folder)):
            assert perform(ledger, by="recover", reason="next start")
        assert open_ledgers(self.folder) == ()
        assert sorted(self.folder.glob("*.flag")) == [self.foreign]

    @invariant()
    def a_closed_ledger_has_no_flag(self) -> None:
        """Whatever happened: what is called undone is undone."""
        for path in self.folder.glob("*.undo.ndjson"):
            if Ledger(path).state().closed:
                assert not any(flag.exists() for flag in self._flags(Ledger(path)))

    @invariant()
    def nothing_foreign_is_touched(self) -> None:
        """Only what the ledgers name."""
        assert self.foreign.exists()


UndoMachine.TestCase.settings = settings(max_examples=25, stateful_step_count=15)
TestUndoMachine = UndoMachine.TestCase
