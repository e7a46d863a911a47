"""Run one experiment: rails, repetitions, and what was seen of them into the recorder."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from clinigate.chaos import measured
from clinigate.chaos.drivers.base import Driver, DriverOptions, NotAvailableError, Witness
from clinigate.chaos.drivers.registry import connect
from clinigate.chaos.flight import Flight, note_spent, spent_s
from clinigate.chaos.injection import Injection
from clinigate.chaos.model import Experiment, Invariant
from clinigate.chaos.policy import ChaosPolicy
from clinigate.chaos.rails import RailRequest, RailsReport, check_rails
from clinigate.chaos.repetition import Interrupt, Repetition, Setting
from clinigate.chaos.repetition_result import RepetitionResult
from clinigate.chaos.slo import SLOS
from clinigate.chaos.targets import experiment_digest, targets_digest
from clinigate.chaos.toolkit import require_toolkit
from clinigate.chaos.undo.recover import recover_all
from clinigate.core.canonical import canonical_bytes
from clinigate.core.codec import to_plain
from clinigate.errors import ClinigateError
from clinigate.evidence.recorder import Recorder
from clinigate.evidence.times import Clock, system_clock
from clinigate.measure.scheduleguard import ScheduleLimits

__all__ = ["RunOutcome", "RunRequest", "preflight", "rail_request", "run_experiment"]


@dataclass(frozen=True, slots=True)
class RunRequest:
    """What is to be run, where, and how.

    Attributes:
        experiment, policy: what, and what the team allows.
        environment: name of the environment.
        driver_name, options: how it is reached.
        scheduled: nobody is watching.
        approval: two people's approval, for production.
        repeat: repetitions; the experiment's own number where None.
        interrupt: how the run is asked to end.
        clock: for windows, approvals and budgets.
        limits: how late the prober may be; by default well below what the experiment judges.
        watchers: more witnesses beside the driver's, by name, as of alerts.
        tell: told what happens, for a person who watches.
    """

    experiment: Experiment
    policy: ChaosPolicy
    environment: str
    driver_name: str
    options: DriverOptions
    scheduled: bool = False
    approval: Path | None = None
    repeat: int | None = None
    interrupt: Interrupt = field(default_factory=Interrupt)
    clock: Clock = system_clock
    limits: ScheduleLimits | None = None
    watchers: Mapping[str, Witness] = field(default_factory=dict)
    tell: Callable[[str], None] = lambda _: None


@dataclass(frozen=True, slots=True)
class RunOutcome:
    """How a run ended; the verdicts come from what was recorded.

    Attributes:
        refused: the rails' answers where one of them refused.
        stopped: why it ended before its time, or why a fault is still there; None if neither.
        missing: what this machine or user cannot do, so that nothing was assessed.
    """

    refused: RailsReport | None = None
    stopped: str | None = None
    missing: str | None = None


def preflight(request: RunRequest) -> None:
    """Refuse what no run is worth beginning for.

    Raises:
        MissingExtraError: Chaos Toolkit is not installed.
        UsageError: no such driver, or what it is to be connected with is missing or wrong.
        TargetError: the system cannot be reached.
    """
    require_toolkit()
    with suppress(NotAvailableError):  # a gap, which the run records
        connect(request.driver_name, request.options)


def run_experiment(request: RunRequest, recorder: Recorder) -> RunOutcome:
    """Run all repetitions and record what was seen; the first refusal or abort ends it.

    Raises:
        UsageError, TargetError, MissingExtraError: as `preflight`.
        EvidenceError: the state folder cannot be written.
    """
    require_toolkit()
    flight = Flight(request.policy.state)
    try:
        # 1. What an earlier run left behind is taken back before anything else is looked at.
        leftovers = _recover(request, recorder) if flight.mine else None
        try:
            driver = connect(request.driver_name, request.options)
        except NotAvailableError as missing:
            measured.record_gaps(request.experiment, str(missing), recorder)
            return RunOutcome(missing=str(missing))
        return _Run(request, recorder, driver, flight, leftovers).run()
    finally:
        flight.land()


def rail_request(
    request: RunRequest,
    driver: Driver,
    *,
    take_flight: Callable[[], str | None] = lambda: None,
    leftovers: str | None = None,
) -> RailRequest:
    """What the rails are asked about a run."""
    now = request.clock()
    return RailRequest(
        experiment=request.experiment,
        policy=request.policy,
        environment=request.environment,
        driver_name=request.driver_name,
        driver=driver,
        now=now,
        take_flight=take_flight,
        scheduled=request.scheduled,
        approval=request.approval,
        leftovers=leftovers,
        spent_s=lambda found: spent_s(request.policy.state, found.fingerprint, now),
    )


class _Run:
    """All repetitions of one run."""

    def __init__(
        self,
        request: RunRequest,
        recorder: Recorder,
        driver: Driver,
        flight: Flight,
        leftovers: str | None,
    ) -> None:
        self._request = request
        self._recorder = recorder
        self._driver = driver
        self._flight = flight
        self._leftovers = leftovers
        self._results: list[RepetitionResult] = []
        self._missing: dict[str, str] = {}

    def run(self) -> RunOutcome:
        request = self._request
        witnesses = {**self._witnesses(), **request.watchers}
        outcome = RunOutcome()
        repeat = request.repeat or request.experiment.repeat
        try:
            for number in range(1, repeat + 1):
                outcome = self._once(number, witnesses)
                if outcome != RunOutcome():
                    break
        finally:
            self._record(witnesses, outcome)
        return outcome

    def _once(self, number: int, witnesses: Mapping[str, Witness]) -> RunOutcome:
        request = self._request
        # 2. The rails, anew for each repetition: a killed process has another uid afterwards.
        rails = check_rails(
            rail_request(
                request,
                self._driver,
                take_flight=lambda: self._flight.holder,
                leftovers=self._leftovers,
            )
        )
        self._note_rails(number, rails)
        if not rails.passed:
            return RunOutcome(refused=rails)
        # 3. Frozen, and run.
        request.tell(f"repetition {number}: {', '.join(v.name for v in rails.victims)}")
        repetition = Repetition(self._setting(rails, witnesses), number, rails.victims)
        # What it did is told and charged also where it breaks in its middle.
        self._results.append(repetition.result)
        broken = self._broken(repetition, rails)
        outcome = self._ended(number, repetition.result, rails)
        if broken is not None and outcome == RunOutcome():
            return RunOutcome(stopped=f"repetition {number}: {broken}")
        return outcome

    def _broken(self, repetition: Repetition, rails: RailsReport) -> str | None:
        """Run a repetition and charge for it; what broke it, None where nothing did."""
        try:
            try:
                repetition.run()
            finally:
                self._charge(rails, repetition.result)
        except ClinigateError as error:
            return f"{type(error).__name__}: {error}"
        except Exception as error:  # noqa: BLE001 - drivers and witnesses work here
            return type(error).__name__  # what others say in it may be secret
        return None

    def _setting(self, rails: RailsReport, witnesses: Mapping[str, Witness]) -> Setting:
        request = self._request
        injection_id = f"{request.clock():%Y%m%dT%H%M%S}-{secrets.token_hex(4)}"
        injection = Injection(
            id=injection_id,
            experiment=request.experiment.name,
            driver_name=request.driver_name,
            options=request.options,
            fault=request.experiment.fault,
            victims=rails.victims,
            ledger=str(request.policy.state / "undo" / f"{injection_id}.undo.ndjson"),
        )
        return Setting(
            experiment=request.experiment,
            policy=request.policy,
            injection=injection,
            driver=self._driver,
            witnesses=witnesses,
            interrupt=request.interrupt,
            limits=request.limits or _limits(request.experiment),
        )

    def _ended(self, number: int, result: RepetitionResult, rails: RailsReport) -> RunOutcome:
        where = f"repetition {number}"
        if result.undo_failure is not None:
            stopped = f"{where}: THE FAULT IS NOT TAKEN BACK: {result.undo_failure}"
            return RunOutcome(stopped=f"{stopped}; run `clinigate chaos recover`")
        if result.aborted is not None:
            return RunOutcome(stopped=f"{where}: {result.aborted}")
        if result.not_steady is not None:
            self._recorder.note(
                "chaos.rails",
                {"repetition": number, "rail": "steady-state", "refused": result.not_steady},
            )
            return RunOutcome(refused=measured.with_steady_state(rails, result.not_steady))
        if result.inject_error == "NotAvailableError":
            return RunOutcome(missing=result.inject_failure)
        if result.inject_error == "VictimGoneError":
            return RunOutcome(stopped=f"{where}: a target vanished: {result.inject_failure}")
        if result.inject_failure is not None:
            return RunOutcome(stopped=f"{where}: injecting failed: {result.inject_failure}")
        return RunOutcome()

    def _witnesses(self) -> dict[str, Witness]:
        found: dict[str, Witness] = {}
        for invariant in _watched(self._request.experiment):
            if invariant.probe in found or invariant.probe in self._missing:
                continue
            try:
                found[invariant.probe] = self._driver.witness(invariant)
            except NotAvailableError as missing:
                self._missing[invariant.probe] = str(missing)
        return found

    def _record(self, witnesses: Mapping[str, Witness], outcome: RunOutcome) -> None:
        experiment, recorder = self._request.experiment, self._recorder
        done = [result for result in self._results if result.fault_at_s is not None]
        for result in self._results:
            recorder.note("chaos.repetition", _story(result))
        refused = outcome.refused.refusal if outcome.refused is not None else None
        if not done:
            if refused is not None:
                reason = f"refused by rail '{refused.rail}': {refused.detail}"
            else:
                reason = outcome.missing or outcome.stopped or "nothing was injected"
            measured.record_gaps(experiment, reason, recorder)
            return
        blobs = [digest for result in self._results for digest in _blobs(result, recorder)]
        measured.record(experiment, done, recorder, evidence=tuple(blobs))
        broken = {name: what for r in self._results for name, what in r.broken_witnesses.items()}
        for name, witness in witnesses.items():
            if name in broken:
                measured.record_broken_witness(experiment, name, broken[name], recorder)
                continue
            measured.record_witness(experiment, name, witness, recorder, caveat=measured.busy(done))
        for invariant in _watched(experiment):
            if invariant.probe in self._missing:
                reason = self._missing[invariant.probe]
                measured.record_invariant_gap(experiment, invariant, reason, recorder)

    def _charge(self, rails: RailsReport, result: RepetitionResult) -> None:
        seconds = measured.bad_seconds(result, self._request.experiment.load)
        if rails.environment is not None and seconds > 0:
            fingerprint = rails.environment.fingerprint
            note_spent(self._request.policy.state, fingerprint, seconds, self._request.clock())

    def _note_rails(self, number: int, rails: RailsReport) -> None:
        request, found = self._request, rails.environment
        self._recorder.note(
            "chaos.rails",
            {
                "experiment": request.experiment.name,
                "experiment_digest": experiment_digest(request.experiment),
                "repetition": number,
                "environment": request.environment,
                "fingerprint": None if found is None else found.fingerprint,
                "driver": self._driver.name,
                "scheduled": request.scheduled,
                "targets": [victim.name for victim in rails.victims],
                "targets_digest": targets_digest(rails.victims),
                "checks": [to_plain(check) for check in rails.checks],
            },
        )


def _recover(request: RunRequest, recorder: Recorder) -> str | None:
    """Take back what is left behind; what could not be, None if nothing."""
    found = recover_all(request.policy.state / "undo", reason="the next run began")
    for each in found:
        recorder.note("chaos.recovered", to_plain(each))
        request.tell(f"left behind by {each.experiment or each.id}: {each.failure or 'undone'}")
    failed = [f"{each.id}: {each.failure}" for each in found if each.failure is not None]
    return "; ".join(failed) or None


def _watched(experiment: Experiment) -> tuple[Invariant, ...]:
    """The invariants, and the marker writes that a recovery point is measured by."""
    found = experiment.invariants
    if experiment.objectives.rpo_s is None or any(each.probe == "markers" for each in found):
        return found
    return (*found, Invariant(probe="markers", metric="rpo"))


def _story(result: RepetitionResult) -> dict[str, Any]:
    """What a reader of the evidence needs to follow one repetition."""
    return {
        "repetition": result.number,
        "fault_at_s": result.fault_at_s,
        "undo_due_s": result.undo_due_s,
        "undone_at_s": result.undone_at_s,
        "undone_by": result.ledger.undone_by,
        "undo_failure": result.undo_failure,
        "aborted": result.aborted,
        "not_steady": result.not_steady,
        "inject_failure": result.inject_failure,
        "outcomes": dict(result.timeline.outcomes),
        "schedule": None if result.schedule is None else to_plain(result.schedule),
        "undo": [dict(event) for event in result.ledger.events if event["event"] != "planned"],
    }


def _blobs(result: RepetitionResult, recorder: Recorder) -> tuple[str, ...]:
    """What Chaos Toolkit was given, its journal, and every request of the prober."""
    plain = (result.compiled, result.journal)
    digests = [
        recorder.blob(canonical_bytes(dict(each)), "application/json") for each in plain if each
    ]
    if result.timeline.path is not None:
        samples = result.timeline.path.read_bytes()
        digests.append(recorder.blob(samples, "application/x-ndjson"))
    return tuple(digests)


def _limits(experiment: Experiment) -> ScheduleLimits:
    """How late the prober may be: well below what is judged, which is seconds of a recovery where
    no SLO judges milliseconds.
    """
    plain, rto_s = ScheduleLimits(), experiment.objectives.rto_s
    if rto_s is None or any(SLOS[name].quantile is not None for name in experiment.slos):
        return plain
    late_s = max(plain.lag_s, min(1.0, rto_s / 20))
    return ScheduleLimits(lag_s=late_s, host_delay_s=late_s)
