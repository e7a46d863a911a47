"""One repetition: steady state, ledger, watchdog, fault, undo, recovery, on one timeline."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clinigate.chaos.abort import AbortWatch
from clinigate.chaos.compile import chaos_toolkit_json
from clinigate.chaos.drivers.base import Driver, Victim, Witness
from clinigate.chaos.injection import Injection, write_injection
from clinigate.chaos.model import Experiment
from clinigate.chaos.policy import ChaosPolicy
from clinigate.chaos.probing import EntryProber
from clinigate.chaos.repetition_result import RepetitionResult
from clinigate.chaos.toolkit import ToolkitProcess
from clinigate.chaos.undo.guard import Guard
from clinigate.chaos.undo.ledger import Ledger, LedgerState
from clinigate.chaos.undo.process import undo_in_fresh_process
from clinigate.measure.prober import Sample, Timeline
from clinigate.measure.scheduleguard import ScheduleGuard, ScheduleLimits

__all__ = ["Interrupt", "Repetition", "RepetitionResult", "Setting"]

_POLL_S = 0.05
#: Greatest share of failures in a steady state, and none at all in its last stable window.
_STEADY_BAD = 0.01
#: How many times as long as it is watched a system may take to become steady.
_STEADY_TIMES = 5
_FIRST_S = 30.0
#: How much shorter than stated a fault may be: what its own clock does not resolve.
_EARLY_S = 0.05


class Interrupt:
    """Set when the operator or the system asks the run to end; says by what."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self.by: str | None = None

    def set(self, by: str) -> None:
        """Ask the run to end; the first one counts."""
        self.by = self.by or by
        self._event.set()

    def wait(self, seconds: float) -> None:
        """Pause, at most until the run is asked to end. Once asked, the pause is a plain one."""
        if self._event.is_set():
            time.sleep(seconds)
        else:
            self._event.wait(seconds)


@dataclass(frozen=True, slots=True)
class Setting:
    """What all repetitions of one run share; `limits` say how late the prober may be."""

    experiment: Experiment
    policy: ChaosPolicy
    injection: Injection
    driver: Driver
    witnesses: Mapping[str, Witness]
    interrupt: Interrupt
    limits: ScheduleLimits


class Repetition:
    """Runs one repetition; every step is a method, in the order of the protocol."""

    def __init__(self, setting: Setting, number: int, victims: tuple[Victim, ...]) -> None:
        self._setting = setting
        self._victims = victims
        self._experiment = setting.experiment
        folder = setting.policy.state / "runs" / setting.injection.id
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self.result = RepetitionResult(number, Timeline(folder / "timeline.ndjson"))
        self._prober = EntryProber(
            setting.driver, setting.experiment.load, self.result.timeline, seed=number
        )

    def run(self) -> RepetitionResult:
        """Run it. Whatever happens, the fault is taken back before this returns or raises, and
        `result` holds what was seen until then.
        """
        result, timeline = self.result, self.result.timeline
        schedule = ScheduleGuard(timeline.lags, limits=self._setting.limits)
        try:
            with schedule, self._prober, ExitStack() as watching:
                for name, witness in self._setting.witnesses.items():
                    witness.start(result.number, timeline)
                    watching.callback(self._stop_watching, name, witness)
                # 1. Healthy before, or nothing is broken.
                result.not_steady = self._await_steady()
                if result.not_steady is None and self._setting.interrupt.by is None:
                    self._break_and_mend()
        finally:
            result.schedule = schedule.schedule
            result.aborted = result.aborted or self._interrupted()
            timeline.close()
        return result

    def _stop_watching(self, name: str, witness: Witness) -> None:
        """One witness that breaks takes nothing from the others, nor from the prober."""
        try:
            witness.stop()
        except Exception as error:  # noqa: BLE001 - a driver's witness: its error is no pass
            self.result.broken_witnesses[name] = f"{type(error).__name__}: {error}"

    def _await_steady(self) -> str | None:
        load, interrupt = self._experiment.load, self._setting.interrupt
        # On a busy machine the first question alone may take seconds, until its client is loaded.
        self.result.timeline.wait_for(
            lambda t: interrupt.by is not None or self._enough(t, load.before_s), _FIRST_S
        )
        deadline = time.monotonic() + _STEADY_TIMES * load.before_s
        while True:
            interrupt.wait(_POLL_S)
            reason = self._unsteady(load.before_s)
            if reason is None or interrupt.by is not None:
                return None
            if time.monotonic() >= deadline or self._prober.failed is not None:
                return reason

    def _enough(self, timeline: Timeline, watched_s: float) -> bool:
        recent = timeline.since(timeline.now() - watched_s)
        return len(recent) >= max(3, 0.5 * self._experiment.load.rate * watched_s)

    def _unsteady(self, watched_s: float) -> str | None:
        timeline = self.result.timeline
        if self._prober.failed is not None:
            return f"the prober broke: {self._prober.failed}"
        now = timeline.now()
        if now < watched_s:
            return f"watched for {now:.1f} s of {watched_s:g} s"
        if not self._enough(timeline, watched_s):
            return f"too few answers in {watched_s:g} s to call it steady"
        recent = timeline.since(now - watched_s)
        bad = [sample for sample in recent if not sample.ok]
        if len(bad) > _STEADY_BAD * len(recent) or any(
            s.ended_s > now - self._experiment.load.stable_s for s in bad
        ):
            return (
                f"{len(bad)} of {len(recent)} requests failed before the fault "
                f"({bad[-1].outcome}); mend the system first"
            )
        return self._hanging(recent)

    def _hanging(self, recent: Sequence[Sample]) -> str | None:
        """Why too many requests are under way: some hang, and did not fail by their limit yet."""
        rate = self._experiment.load.rate
        unanswered = self._prober.asked - self.result.timeline.count
        # As many are under way as come in during one answer's time (Little's law), which counts
        # from the sending: a prober that was late itself excuses nothing.
        usual = rate * sum(s.ended_s - s.started_s for s in recent) / len(recent)
        if unanswered > max(3.0, 0.1 * rate, 2 * usual):
            return f"{unanswered} requests are unanswered before the fault; mend the system first"
        return None

    def _break_and_mend(self) -> None:
        result, experiment, setting = self.result, self._experiment, self._setting
        # 2. How it is undone, on the disk, before anything happens.
        ledger = Ledger.plan(
            Path(setting.injection.ledger).parent,
            setting.injection.id,
            experiment=experiment.name,
            driver=setting.injection.driver_name,
            steps=setting.driver.undo_steps(experiment.fault, self._victims),
            within_s=experiment.undo.within_s,
        )
        # 3. Who undoes it when we cannot.
        guard = Guard.start(
            ledger.path,
            lease_s=experiment.safety.lease_s,
            longest_s=experiment.safety.max_duration_s,
            kill_file=self._kill_files,
        )
        try:
            # 4. Chaos Toolkit injects, waits, and rolls back.
            toolkit = self._start_toolkit()
            try:
                result.aborted = self._watch(toolkit, guard, ledger)
            except Exception as error:
                result.aborted = f"watching it broke ({type(error).__name__})"
                raise
            finally:
                # 5. Undone, whoever comes to it; verified by the ledger.
                self._undo(toolkit, ledger)
            # 6. Watched until it is well again.
            self._await_recovery(guard)
            result.watched_until_s = result.timeline.now()
        finally:
            try:
                guard.release()
            finally:
                self._note_ledger(ledger.state())

    def _start_toolkit(self) -> ToolkitProcess:
        frozen = self._folder / "injection.json"
        write_injection(self._setting.injection, frozen)
        self.result.compiled = chaos_toolkit_json(self._experiment, str(frozen))
        source = self._folder / "experiment.json"
        source.write_text(json.dumps(self.result.compiled, indent=1), encoding="utf-8")
        return ToolkitProcess(source, self._folder / "journal.json", self._folder / "toolkit.log")

    def _watch(self, toolkit: ToolkitProcess, guard: Guard, ledger: Ledger) -> str | None:
        """Why the fault must go early; None where its time was simply over."""
        rules = AbortWatch(self._experiment.abort, self.result.timeline, self._setting.witnesses)
        longest = time.monotonic() + self._experiment.safety.max_duration_s
        while not toolkit.ended():
            guard.beat()
            state = ledger.state()
            self._note_fault(state)
            if _failed(state) is not None:
                return None  # Chaos Toolkit would still wait for the fault's time to be over
            reason = self._why_abort(guard, state, rules)
            if reason is None and time.monotonic() >= longest:
                reason = f"it lasted {self._experiment.safety.max_duration_s:g} s"
            if reason is not None:
                return reason
            self._setting.interrupt.wait(_POLL_S)
        return None

    def _why_abort(self, guard: Guard, state: LedgerState, rules: AbortWatch) -> str | None:
        if (interrupted := self._interrupted()) is not None:
            return interrupted
        for path in self._kill_files:
            if path.exists():
                return f"the kill file {path} is there"
        if not guard.alive() and not state.closed:
            return "the watchdog is gone"
        if state.barred and _by(state) == "watchdog":
            return f"the watchdog undid it: {state.undo_reason}"
        if self._prober.failed is not None:
            return f"the prober broke: {self._prober.failed}"
        return rules.tripped() if self.result.began_s is not None else None

    def _undo(self, toolkit: ToolkitProcess, ledger: Ledger) -> None:
        result, now = self.result, self.result.timeline.now()
        if result.aborted is not None or not toolkit.ended():
            result.undo_due_s = now
            result.timeline.mark("abort", now)
        state = ledger.state()
        if not state.closed:
            reason = result.aborted or "Chaos Toolkit ended without an undo"
            result.undo_failure = undo_in_fresh_process(ledger.path, by="runner", reason=reason)
        toolkit.stop()
        result.journal = toolkit.read_journal()
        self._note_end(ledger.state())

    def _note_fault(self, state: LedgerState) -> None:
        """The fault counts from when its injection began: half of it may break something too."""
        result = self.result
        began = next((e["mono_ns"] for e in state.events if e["event"] == "injecting"), None)
        if began is not None:
            result.began_s = self._at(began)
        if state.injected_ns is not None and result.fault_at_s is None:
            at_s = self._at(state.injected_ns)
            result.fault_at_s = at_s if result.began_s is None else result.began_s
            result.timeline.mark("fault", result.fault_at_s)

    def _note_end(self, state: LedgerState) -> None:
        result = self.result
        self._note_fault(state)
        if (failed := _failed(state)) is not None:
            result.inject_failure = str(failed["detail"])
            result.inject_error = str(failed["error"])
        elif result.fault_at_s is None and result.aborted is None:
            result.inject_failure = _why_not_injected(result.journal)
        if state.closed:
            result.undo_failure = None
        if result.fault_at_s is not None and state.injected_ns is not None:
            due = self._at(state.injected_ns) + self._experiment.fault.duration_s
            self._note_times(state, result.fault_at_s, due)

    def _note_times(self, state: LedgerState, fault_at_s: float, due: float) -> None:
        """When the undo was due and came; one that came before the fault's time was over is no
        whole fault, whoever took it back.
        """
        result = self.result
        if state.undone_ns is not None:
            result.undone_at_s = self._at(state.undone_ns)
            result.timeline.mark("undone", result.undone_at_s)
            result.timeline.span(self._experiment.fault.type, fault_at_s, result.undone_at_s)
            early = due - result.undone_at_s
            if result.aborted is None and early > _EARLY_S:
                who = f"{state.undone_by}: {state.undo_reason}"
                result.aborted = f"the fault ended {early:.2g} s early ({who})"
        if result.undo_due_s is None:
            result.undo_due_s = due
        begun = next((e["mono_ns"] for e in state.events if e["event"] == "undoing"), None)
        if result.aborted is not None and begun is not None:
            # The watchdog may have come before we noticed.
            result.undo_due_s = min(result.undo_due_s, self._at(begun))

    def _note_ledger(self, state: LedgerState) -> None:
        """Whatever broke meanwhile: a ledger that is open is a fault that may be there."""
        self.result.ledger = state
        if not state.closed and self.result.undo_failure is None:
            self.result.undo_failure = state.failure or "the ledger is still open"

    def _await_recovery(self, guard: Guard) -> None:
        """Watch until nothing failed for a while, or for as long as the experiment allows."""
        result, interrupt = self.result, self._setting.interrupt
        if result.fault_at_s is None:
            return
        begun = time.monotonic()
        while time.monotonic() - begun < self._experiment.load.after_s:
            guard.beat()
            interrupt.wait(_POLL_S)
            if interrupt.by is not None:
                result.cut_short = True
                return
            seen = time.monotonic() - begun
            if seen > 1.5 * self._experiment.load.stable_s and self._settled():
                return

    def _settled(self) -> bool:
        timeline, load = self.result.timeline, self._experiment.load
        recent = timeline.since(timeline.now() - 1.4 * load.stable_s)
        slow = load.slow_s
        return len(recent) >= 0.7 * load.rate * load.stable_s and all(
            sample.ok and (slow is None or sample.latency_s <= slow) for sample in recent
        )

    def _interrupted(self) -> str | None:
        by = self._setting.interrupt.by
        return None if by is None else f"it was interrupted ({by})"

    @property
    def _kill_files(self) -> tuple[Path, ...]:
        return self._setting.policy.kill_files(self._experiment.safety.kill_file)

    def _at(self, mono_ns: int) -> float:
        return mono_ns / 1e9 - self.result.timeline.zero


def _failed(state: LedgerState) -> Mapping[str, Any] | None:
    return next((e for e in state.events if e["event"] == "inject-failed"), None)


def _by(state: LedgerState) -> str:
    return str(next((e["by"] for e in reversed(state.events) if e["event"] == "undoing"), ""))


def _why_not_injected(journal: Mapping[str, Any] | None) -> str:
    if journal is None:
        return "Chaos Toolkit ended without a journal; its log stands beside the injection"
    if journal.get("status") == "failed" and not journal.get("run"):
        return "Chaos Toolkit found the entry unhealthy before the fault"
    failed = [a for a in journal.get("run", ()) if a.get("status") != "succeeded"]
    if not failed:
        return "Chaos Toolkit says that it injected, and the ledger knows nothing of it"
    return str((failed[0].get("exception") or ["no reason given"])[-1]).strip()
