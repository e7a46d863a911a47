"""What came of one repetition: its timeline, and when the fault was there and gone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from clinigate.chaos.undo.ledger import LedgerState
from clinigate.measure.prober import Timeline
from clinigate.measure.scheduleguard import Schedule

__all__ = ["RepetitionResult"]


@dataclass(slots=True)
class RepetitionResult:
    """What came of one repetition. Times are those of its timeline, in seconds.

    Attributes:
        number: 1, 2, …
        timeline: what the prober saw.
        schedule: how the prober kept its own schedule.
        not_steady: why the system was no healthy one before, so that nothing was injected.
        began_s: from when on the fault may have been there; None if nothing was injected.
        fault_at_s: the same where it came into effect in the end; None if it never did.
        undo_due_s: when it was to be taken back; `undone_at_s`: when that was verified.
        undo_failure: why it is not taken back.
        aborted: why it ended early.
        watched_until_s: until when the recovery was waited for; None where nobody waited.
        cut_short: the operator did not wait for the recovery, which is then unknown.
        inject_failure: what injecting said; `inject_error`: the name of the error's class.
        ledger: the ledger's last state.
        journal: Chaos Toolkit's journal, None where it could not write one.
        compiled: what Chaos Toolkit was given.
        broken_witnesses: by name, what a witness said that could not end its watch.
    """

    number: int
    timeline: Timeline
    schedule: Schedule | None = None
    not_steady: str | None = None
    began_s: float | None = None
    fault_at_s: float | None = None
    undo_due_s: float | None = None
    undone_at_s: float | None = None
    undo_failure: str | None = None
    aborted: str | None = None
    watched_until_s: float | None = None
    cut_short: bool = False
    inject_failure: str | None = None
    inject_error: str = ""
    ledger: LedgerState = field(default_factory=LedgerState)
    journal: Mapping[str, Any] | None = None
    compiled: Mapping[str, Any] = field(default_factory=dict)
    broken_witnesses: dict[str, str] = field(default_factory=dict)

    @property
    def undo_s(self) -> float | None:
        """From when the fault was to be taken back until that was verified."""
        if self.undo_due_s is None or self.undone_at_s is None:
            return None
        return max(0.0, self.undone_at_s - self.undo_due_s)
