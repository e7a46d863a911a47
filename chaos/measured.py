"""What repetitions showed, as Observations: measurements, and the timeline as an exhibit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from clinigate.chaos.criteria import alert_metric, budget_limit_s, experiment_criteria
from clinigate.chaos.drivers.base import Witness
from clinigate.chaos.model import Experiment, Invariant, LoadSpec
from clinigate.chaos.rails import RailCheck, RailOutcome, RailsReport
from clinigate.chaos.repetition_result import RepetitionResult
from clinigate.chaos.slo import BUDGET_SLO, SLOS, Slo
from clinigate.core.exhibit import Exhibit, Mark
from clinigate.core.measurement import Kind, Measurement, SliceResult
from clinigate.core.observation import Fault, Finding, Gap, Observation
from clinigate.errors import UsageError
from clinigate.evidence.recorder import Recorder
from clinigate.measure.exhibits import budget_exhibit, timeline_exhibit
from clinigate.measure.histogram import Histogram, quantile_measurement
from clinigate.measure.recovery import Recovery, availability, recover
from clinigate.measure.timelinefile import Sample

__all__ = [
    "bad_seconds",
    "busy",
    "record",
    "record_broken_witness",
    "record_gaps",
    "record_invariant_gap",
    "record_witness",
    "with_steady_state",
]


def with_steady_state(rails: RailsReport, reason: str) -> RailsReport:
    """The rails with the last one, which the prober asks, as a refusal."""
    check = RailCheck("steady-state", RailOutcome.REFUSED, reason)
    return replace(rails, checks=(*rails.checks, check))


def bad_seconds(result: RepetitionResult, load: LoadSpec) -> float:
    """Seconds of outage that a repetition cost, from when its injection began.

    Where too few answers came to tell, the fault counts as an outage for as long as it lasted, and
    an injection that failed does if anything failed with it.
    """
    start = result.began_s if result.fault_at_s is None else result.fault_at_s
    if start is None:
        return 0.0
    recovery = _recovery(result, load, start)
    if recovery is not None:
        return recovery.bad_seconds
    if result.fault_at_s is None and all(s.ok for s in result.timeline.since(start)):
        return 0.0
    undone_at_s = result.undone_at_s
    until = result.timeline.now() if undone_at_s is None else undone_at_s
    return max(0.0, until - start)


def record_gaps(experiment: Experiment, reason: str, recorder: Recorder) -> None:
    """Say of every metric why nobody looked at it."""
    for criterion in experiment_criteria(experiment):
        _observe(experiment, Gap(criterion.metric, reason), recorder)


def record_invariant_gap(
    experiment: Experiment, invariant: Invariant, reason: str, recorder: Recorder
) -> None:
    """Say why nobody watched an invariant."""
    metric = f"{experiment.prefix}.{invariant.metric}"
    _observe(experiment, Gap(metric, reason), recorder)
    if invariant.p99_s is not None:
        _observe(experiment, Gap(f"{metric}_p99", reason), recorder)


def record_witness(
    experiment: Experiment,
    name: str,
    witness: Witness,
    recorder: Recorder,
    *,
    caveat: str | None = None,
) -> None:
    """Record what a witness saw; one that breaks is an ERROR of its own metrics.

    `caveat` is what a reader must know beside its numbers, as that the host was too busy.
    """
    try:
        report = witness.report(experiment.prefix)
    except Exception as error:  # noqa: BLE001 - a driver's witness: its error is no pass
        record_broken_witness(experiment, name, f"{type(error).__name__}: {error}", recorder)
        return
    evidence = tuple(recorder.blob(data, media_type) for data, media_type in report.blobs)
    for about in report.about:
        if isinstance(about, Measurement) and caveat is not None:
            about = replace(about, caveats=(*about.caveats, caveat))
        _observe(experiment, about, recorder, evidence)


def record_broken_witness(experiment: Experiment, name: str, what: str, recorder: Recorder) -> None:
    """Say of every metric of a witness that it broke: an ERROR, whatever it counted until then."""
    for metric in _metrics_of(experiment, name):
        _observe(experiment, Fault(metric, f"witness {name} broke with {what}"), recorder)


def busy(results: Sequence[RepetitionResult]) -> str | None:
    """Why the prober could not keep its schedule; the first reason of all repetitions."""
    found = (r.schedule.invalid for r in results if r.schedule is not None)
    return next((reason for reason in found if reason is not None), None)


def record(
    experiment: Experiment,
    results: Sequence[RepetitionResult],
    recorder: Recorder,
    *,
    evidence: tuple[str, ...],
) -> None:
    """Record what the prober saw of every repetition in which the fault was there."""
    recoveries = [_recovery(result, experiment.load, result.fault_at_s) for result in results]
    invalid = _invalid(results, recoveries)
    for about in (
        *_times(experiment, results, recoveries, invalid),
        *(_slo(experiment, SLOS[name], results, invalid) for name in experiment.slos),
        *_findings(experiment, results, recoveries),
        *_figures(experiment, results, recoveries),
    ):
        if about is not None:
            _observe(experiment, about, recorder, evidence)


def _observe(
    experiment: Experiment,
    about: Measurement | Finding | Gap | Fault | Exhibit,
    recorder: Recorder,
    evidence: tuple[str, ...] = (),
) -> None:
    recorder.observation(Observation(experiment.check_id, about, experiment.controls, evidence))


def _metrics_of(experiment: Experiment, witness: str) -> tuple[str, ...]:
    names = [f"{experiment.prefix}.{i.metric}" for i in experiment.invariants if i.probe == witness]
    if witness == "markers" and experiment.objectives.rpo_s is not None:
        names.append(f"{experiment.prefix}.rpo")
    if witness == "alerts":
        names += [alert_metric(experiment, alert) for alert in experiment.alerts]
    return tuple(names)


def _recovery(
    result: RepetitionResult, load: LoadSpec, fault_at_s: float | None
) -> Recovery | None:
    if fault_at_s is None:
        return None
    samples, until = result.timeline.samples, result.watched_until_s
    try:
        recovery = _recover(samples, fault_at_s, load)
        if recovery.settled_s is None and until is not None:
            # What witnesses do to the entry once nobody waits any more is no relapse.
            watched = [sample for sample in samples if sample.scheduled_s <= until]
            settled_s = _recover(watched, fault_at_s, load).settled_s
            recovery = replace(recovery, settled_s=settled_s)
    except UsageError:
        return None  # too few answers to tell: not recovered, as far as anyone can say
    # A green while in mid-fault is no recovery of what is down at the end.
    return recovery if recovery.settled_s is not None else replace(recovery, rto_s=None)


def _recover(samples: Sequence[Sample], fault_at_s: float, load: LoadSpec) -> Recovery:
    return recover(
        samples,
        fault_at_s=fault_at_s,
        stable_s=load.stable_s,
        p95_limit_s=load.slow_s,
        least=max(3, min(10, int(0.5 * load.rate * load.stable_s))),
    )


def _invalid(
    results: Sequence[RepetitionResult], recoveries: Sequence[Recovery | None]
) -> str | None:
    """Why what the prober saw says nothing; the first reason of all repetitions."""
    if (reason := busy(results)) is not None:
        return reason
    for result, recovery in zip(results, recoveries, strict=True):
        where = f"repetition {result.number}"
        if recovery is None:
            return f"{where}: too few answers came after the fault to tell of a recovery"
        if result.cut_short and recovery.settled_s is None:
            return f"{where}: the run was ended before a recovery could be seen"
    return None


def _times(
    experiment: Experiment,
    results: Sequence[RepetitionResult],
    recoveries: Sequence[Recovery | None],
    invalid: str | None,
) -> tuple[Measurement | None, ...]:
    rto = [None if r is None else r.rto_s for r in recoveries]
    bad = [None if r is None else r.bad_seconds for r in recoveries]
    judged = "time-to-restore" in experiment.slos
    return (
        _worst(experiment, "rto", rto, invalid),
        _worst(experiment, SLOS["time-to-restore"].metric, rto, invalid) if judged else None,
        _worst(experiment, "budget_spent", bad, invalid),
        _undo(experiment, results, recoveries, invalid),
    )


def _undo(
    experiment: Experiment,
    results: Sequence[RepetitionResult],
    recoveries: Sequence[Recovery | None],
    invalid: str | None,
) -> Measurement:
    """The undo's delay by the ledger, which holds whatever the prober did.

    Where the experiment asks for the steady state too, an entry that never was well again is an
    undo that never was verified; and one that nobody could watch is unknown.
    """
    times = [result.undo_s for result in results]
    if experiment.undo.verify != "steady-state":
        return _worst(experiment, "undo", times, None)
    if invalid is not None:
        unknown = None if None in times else invalid
        return _worst(experiment, "undo", times, unknown)
    well = [recovery is not None and recovery.settled_s is not None for recovery in recoveries]
    verified = [time if ok else None for time, ok in zip(times, well, strict=True)]
    return _worst(experiment, "undo", verified, None)


def _worst(
    experiment: Experiment, metric: str, values: Sequence[float | None], invalid: str | None
) -> Measurement:
    reached = [value for value in values if value is not None]
    return Measurement(
        metric=f"{experiment.prefix}.{metric}",
        kind=Kind.WORST,
        value=max(reached, default=None),
        n=len(values),
        unit="s",
        events=len(values) - len(reached),
        slices=tuple(
            SliceResult(f"repetition={number}", value, 1)
            for number, value in enumerate(values, start=1)
        ),
        unmeasurable=invalid,
    )


def _slo(
    experiment: Experiment, slo: Slo, results: Sequence[RepetitionResult], invalid: str | None
) -> Measurement | Gap | None:
    metric = f"{experiment.prefix}.{slo.metric}"
    samples = [sample for result in results for sample in _in_window(result)]
    if slo.name == "time-to-restore":
        return None  # a time of recovery, see _times
    if slo.name == "data-freshness":
        return Gap(metric, "no witness of data freshness; add an invariant that measures it")
    if slo.quantile is None:
        return replace(availability(metric, samples), unmeasurable=invalid)
    latencies = Histogram()
    for sample in samples:
        # A refusal is no answer, however fast: it stands for one that came too late.
        least = 0.0 if sample.ok else experiment.load.timeout_s
        latencies.record(max(least, sample.latency_s))
    return quantile_measurement(metric, latencies, slo.quantile, unmeasurable=invalid)


def _in_window(result: RepetitionResult) -> list[Sample]:
    """What the fault could touch: all that ended after it began."""
    start = result.fault_at_s
    return [] if start is None else [s for s in result.timeline.samples if s.ended_s >= start]


def _findings(
    experiment: Experiment,
    results: Sequence[RepetitionResult],
    recoveries: Sequence[Recovery | None],
) -> list[Finding]:
    found: list[Finding] = []
    load = experiment.load
    for result, recovery in zip(results, recoveries, strict=True):
        where = f"repetition={result.number}"
        if recovery is None or recovery.rto_s is None:
            text = f"no stable {load.stable_s:g} s stayed until {load.after_s:g} s after the undo"
            found.append(Finding(f"{experiment.prefix}.rto", text, where=where))
        elif recovery.relapsed:
            text = f"it recovered after {recovery.rto_s:.2f} s and failed again"
            found.append(Finding(f"{experiment.prefix}.rto", text, where=where))
        if result.undo_failure is not None:
            text = f"the fault is not taken back: {result.undo_failure}"
            found.append(Finding(f"{experiment.prefix}.undo", text, where=where))
        bad = {word: n for word, n in result.timeline.outcomes.items() if word != "ok"}
        if bad:
            words = ", ".join(f"{n} x {word}" for word, n in sorted(bad.items()))
            found.append(Finding(f"{experiment.prefix}.budget_spent", words, where=where))
    return found


def _figures(
    experiment: Experiment,
    results: Sequence[RepetitionResult],
    recoveries: Sequence[Recovery | None],
) -> list[Exhibit]:
    """The course of each repetition, and what each took of the error budget."""
    found = [
        timeline_exhibit(
            f"{experiment.prefix}.rto",
            result.timeline.samples,
            title=f"{experiment.title}, repetition {result.number}",
            spans=result.timeline.spans,
            marks=(*result.timeline.marks, *_recovered(result, recovery)),
            limit=experiment.load.slow_s,
        )
        for result, recovery in zip(results, recoveries, strict=True)
        if result.timeline.count
    ]
    whole = SLOS[BUDGET_SLO].budget_s
    if whole is not None:
        spent = {f"repetition {r.number}": bad_seconds(r, experiment.load) / whole for r in results}
        title = f"{experiment.title}: share of 30 days' error budget"
        limit = budget_limit_s(experiment) / whole
        metric = f"{experiment.prefix}.budget_spent"
        found.append(budget_exhibit(metric, spent, title=title, limit=limit))
    return found


def _recovered(result: RepetitionResult, recovery: Recovery | None) -> tuple[Mark, ...]:
    """Where the first stable window began; nothing where there was no harm, or no recovery."""
    if result.fault_at_s is None or recovery is None or not recovery.rto_s:
        return ()
    return (Mark("recovered", result.fault_at_s + recovery.rto_s),)
