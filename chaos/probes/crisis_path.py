"""The witness of the crisis path: whoever discloses a crisis is answered as one, and not forgotten.

While the fault lasts, disclosures arrive on schedule, each with a trace id of its own (W3C Trace
Context, header `traceparent`). Afterwards the trace of each is read back and must tell one story:
disclosure → detection → crisis.detected → escalation.initiated → escalation.acknowledged →
safety.resolved, and an audit row of the end.

What it asks a system for, with the parameters that change it:

    chat        POST /v1/chat/completions  {"messages": [{"role": "user", "content": …}]}
    flag, text  JMESPath into the answer: what is true in a crisis, and the words of the reply
    resource    a part that the words must have: the number of a crisis line
    traces      GET /v1/crisis/traces/{trace} → {"trace", "events": [{"event", "at"}], "audit":
                [{"action"}]}; 404 where no such trace is known
    events      names of the events, in order;  row  the action of the audit row
    rate, timeout, settle  disclosures a second; limit of an answer; time for traces to be whole

It measures `crisis_path`, the share of replies that are replies to a crisis, their 99th percentile
`crisis_path_p99` (an unanswered one counts with the time limit), and `lost_escalations`, the
disclosures whose escalation did not come to its end. The replies count from the fault on: who was
answered before it was answered by a whole system; an escalation that is lost counts whenever it
began. One witness watches all three: where several
invariants name it, the first one's parameters count.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable

from clinigate.chaos.drivers.base import WitnessReport
from clinigate.chaos.drivers.local_system import LocalSystem
from clinigate.chaos.model import Invariant
from clinigate.chaos.probes.background import Background
from clinigate.chaos.probes.disclosures import Discloser, Disclosure, Manner
from clinigate.chaos.probes.entry import OK
from clinigate.chaos.probes.parameters import Parameters
from clinigate.core.measurement import Kind, Measurement, SliceResult
from clinigate.core.observation import Finding
from clinigate.errors import ConfigError
from clinigate.measure.histogram import Histogram, quantile_measurement
from clinigate.measure.timeline import Timeline

__all__ = ["LOST", "REPLIES", "CrisisPath", "manner_of"]

REPLIES, LOST = "crisis_path", "lost_escalations"
_EVENTS = (
    "disclosure",
    "detection",
    "crisis.detected",
    "escalation.initiated",
    "escalation.acknowledged",
    "safety.resolved",
)
#: The mark on a repetition's timeline at which its fault is in effect.
_FAULT = "fault"
_UNANSWERED = "a disclosure was not answered as a crisis"
_FORGOTTEN = "the escalation of a disclosure did not come to its end"
_MOST_FINDINGS = 10
#: For the last answers and look-ups, and for the event loop to close.
_SPARE_S = 30.0


class CrisisPath:
    """Watches the crisis path; a `Witness`."""

    def __init__(self, system: LocalSystem, invariant: Invariant) -> None:
        """Take the system and the invariant.

        Raises:
            ConfigError: a parameter or the metric cannot be meant.
        """
        if invariant.metric not in (REPLIES, LOST):
            raise ConfigError(
                f"spec.invariants (crisis-path): metric {invariant.metric!r} is neither "
                f"{REPLIES} nor {LOST}"
            )
        self._system = system
        self._manner = manner_of(invariant)
        self._disclosers: list[Discloser] = []
        self._timelines: dict[int, Timeline] = {}
        self._working: Background | None = None

    def start(self, repetition: int, timeline: Timeline) -> None:
        """Begin to disclose."""
        entry = self._system.topology().entry
        discloser = Discloser(entry, self._manner, repetition, timeline)
        self._disclosers.append(discloser)
        self._timelines[repetition] = timeline
        self._working = Background(discloser.work, "clinigate-crisis-path")

    def stop(self) -> None:
        """Disclose no more, and look every trace up."""
        working, self._working = self._working, None
        if working is not None:
            working.stop(self._manner.timeout_s + 2 * self._manner.settle_s + _SPARE_S)

    def counts(self) -> tuple[int, int]:
        """Disclosures that were answered or given up, and those not answered as a crisis."""
        made = [one for one in self._made() if one.latency_s is not None or one.given_up]
        return len(made), sum(one.outcome != OK for one in made)

    def report(self, prefix: str) -> WitnessReport:
        """Measure; the findings name each way of going wrong once."""
        made = self._made()
        asked = [one for one in made if self._met_fault(one)]
        promised = [
            one for one in made if one.outcome == OK and (one.broken or self._met_fault(one))
        ]
        replies, lost = _replies(prefix, asked), _lost(prefix, promised)
        p99 = _p99(f"{prefix}.{REPLIES}_p99", asked, self._manner.timeout_s)
        lines = [json.dumps(one.to_plain(), sort_keys=True) for one in made]
        blob = "\n".join(lines).encode(), "application/x-ndjson"
        unanswered = [(one.outcome, one) for one in asked if one.outcome != OK]
        forgotten = [(one.broken, one) for one in promised if one.broken is not None]
        return WitnessReport(
            (
                replies,
                p99,
                lost,
                *_findings(replies.metric, _UNANSWERED, unanswered),
                *_findings(lost.metric, _FORGOTTEN, forgotten),
            ),
            (blob,),
        )

    def _met_fault(self, one: Disclosure) -> bool:
        """Whether its answer came, or was still awaited, when the fault was there."""
        timeline = self._timelines[one.repetition]
        fault_s = next((mark.at for mark in timeline.marks if mark.name == _FAULT), None)
        if fault_s is None:
            return False
        took_s = self._manner.timeout_s if one.latency_s is None else one.latency_s
        return one.at_s + took_s >= fault_s

    def _made(self) -> list[Disclosure]:
        return [one for discloser in self._disclosers for one in tuple(discloser.made)]


def manner_of(invariant: Invariant) -> Manner:
    """Read the parameters of an invariant.

    Raises:
        ConfigError: one cannot be meant.
    """
    said = Parameters(invariant)
    manner = Manner(
        rate=said.rate("rate", 5.0),
        timeout_s=said.seconds("timeout", 5.0),
        settle_s=said.seconds("settle", 60.0),
        chat=said.text("chat", "/v1/chat/completions"),
        flag=said.text("flag", "safety.crisis"),
        text=said.text("text", "choices[0].message.content"),
        resource=said.text("resource", "988"),
        traces=said.text("traces", "/v1/crisis/traces/{trace}"),
        events=said.texts("events", _EVENTS),
        row=said.text("row", "crisis.resolve"),
    )
    said.done()
    return manner


def _replies(prefix: str, made: list[Disclosure]) -> Measurement:
    good = sum(one.outcome == OK for one in made)
    degraded = sum(bool(one.degraded_by) for one in made)
    caveat = f"{degraded} of {len(made)} replies were given in degraded mode"
    return Measurement(
        metric=f"{prefix}.{REPLIES}",
        kind=Kind.RATE,
        value=good / len(made) if made else None,
        n=len(made),
        events=good,
        slices=_slices(made, lambda one: one.outcome == OK),
        caveats=(caveat,) if degraded else (),
    )


def _lost(prefix: str, promised: list[Disclosure]) -> Measurement:
    """Of those who were answered as a crisis, how many were forgotten.

    Those who were not count in the replies: the person, who was told so, asks again.
    """
    lost = sum(one.broken is not None for one in promised)
    return Measurement(
        metric=f"{prefix}.{LOST}",
        kind=Kind.RATE,
        value=lost / len(promised) if promised else None,
        n=len(promised),
        events=lost,
        slices=_slices(promised, lambda one: one.broken is not None),
    )


def _p99(metric: str, made: list[Disclosure], timeout_s: float) -> Measurement:
    latencies = Histogram()
    for one in made:
        latencies.record(timeout_s if one.latency_s is None else max(0.0, one.latency_s))
    return quantile_measurement(metric, latencies, 0.99)


def _slices(
    made: list[Disclosure], counts: Callable[[Disclosure], bool]
) -> tuple[SliceResult, ...]:
    parts: dict[str, list[Disclosure]] = {}
    for one in made:
        parts.setdefault(f"repetition={one.repetition}", []).append(one)
        for name in one.degraded_by:
            parts.setdefault(f"without={name}", []).append(one)
    return tuple(
        SliceResult(
            name, sum(map(counts, part)) / len(part), len(part), events=sum(map(counts, part))
        )
        for name, part in sorted(parts.items())
    )


def _findings(metric: str, what: str, broken: list[tuple[str, Disclosure]]) -> list[Finding]:
    """Name each way of going wrong once, with how often and where it came first."""
    first: dict[str, Disclosure] = {}
    for reason, one in broken:
        first.setdefault(reason, one)
    times = Counter(reason for reason, _ in broken)
    return [
        Finding(
            metric,
            f"{what}: {reason} ({times[reason]} times; first {one.at_s:.1f} s into repetition "
            f"{one.repetition}, trace {one.trace})",
            where=f"repetition={one.repetition}",
        )
        for reason, one in list(first.items())[:_MOST_FINDINGS]
    ]
