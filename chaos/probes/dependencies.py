"""The witness of how a system treats a dependency that fails: no retry storm, and a breaker.

It reads the system's own counters before, during and after the fault. Two metrics:

    retry_storm     of the attempts at the dependency while the fault lasted, those beyond `most`
                    for each call that was let through; what fails and is asked again and again
                    does not come back
    breaker_opened  of the processes that use it, those that gave it up within `within` of the
                    fault, so that requests no longer wait for it in vain

What it asks a system for, with the parameters that change it:

    metrics   GET /metrics (Prometheus text) of each process that carries the labels `of`
    calls, refused, attempts  names of the counters: calls, those of them that were kept away, and
              attempts;  open  name of the gauge that is above 0 while calls are kept away; their
              label `label` names the `dependency`
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections import Counter
from dataclasses import dataclass
from typing import Any

from clinigate.chaos.drivers.base import WitnessReport
from clinigate.chaos.drivers.local_system import LocalSystem
from clinigate.chaos.model import Invariant
from clinigate.chaos.probes.background import Background, until
from clinigate.chaos.probes.entry import Asker
from clinigate.chaos.probes.gauges import readings
from clinigate.chaos.probes.parameters import Parameters
from clinigate.core.exhibit import Span
from clinigate.core.measurement import Kind, Measurement
from clinigate.core.observation import Finding
from clinigate.errors import ConfigError
from clinigate.measure.timeline import Timeline

__all__ = ["OPENED", "STORM", "Dependencies"]

STORM, OPENED = "retry_storm", "breaker_opened"
_STOP_S = 30.0


@dataclass(frozen=True, slots=True)
class _Manner:
    metrics: str
    of: dict[str, str]
    label: str
    dependency: str
    calls: str
    refused: str
    attempts: str
    open: str
    most: float
    within_s: float
    rate: float


@dataclass(frozen=True, slots=True)
class _Look:
    """What one process said at one moment: three counters and a gauge."""

    repetition: int
    at_s: float
    process: str
    calls: float
    refused: float
    attempts: float
    open: float


class Dependencies:
    """Watches one dependency; a `Witness`."""

    def __init__(self, system: LocalSystem, invariant: Invariant) -> None:
        """Take the system and the invariant.

        Raises:
            ConfigError: a parameter or the metric cannot be meant.
        """
        if invariant.metric not in (STORM, OPENED):
            raise ConfigError(
                f"spec.invariants (dependencies): metric {invariant.metric!r} is neither "
                f"{STORM} nor {OPENED}"
            )
        said = Parameters(invariant)
        prefix = "clinigate_reference"
        self._manner = _Manner(
            metrics=said.text("metrics", "/metrics"),
            of=said.labels("of", {"app": "api"}),
            label=said.text("label", "dependency"),
            dependency=said.text("dependency", "database"),
            calls=said.text("calls", f"{prefix}_dependency_calls_total"),
            refused=said.text("refused", f"{prefix}_dependency_refused_total"),
            attempts=said.text("attempts", f"{prefix}_dependency_attempts_total"),
            open=said.text("open", f"{prefix}_breaker_open"),
            most=said.number("most", 3.0),
            within_s=said.seconds("within", 10.0),
            rate=said.rate("rate", 4.0),
        )
        said.done()
        self._system = system
        self._looks: list[_Look] = []
        self._faults: dict[int, Span] = {}
        self._timelines: dict[int, Timeline] = {}
        self._working: Background | None = None

    def start(self, repetition: int, timeline: Timeline) -> None:
        """Begin to read."""
        self._timelines[repetition] = timeline

        async def work(stopping: threading.Event) -> None:
            await self._read_on(stopping, repetition, timeline)

        self._working = Background(work, "clinigate-dependencies")

    def stop(self) -> None:
        """Read no more."""
        working, self._working = self._working, None
        if working is not None:
            working.stop(_STOP_S)
        for repetition, timeline in self._timelines.items():
            if timeline.spans:
                self._faults[repetition] = timeline.spans[-1]

    def counts(self) -> tuple[int, int]:
        """Looks so far; whether a breaker should have opened shows when all is over."""
        return len(self._looks), 0

    def report(self, prefix: str) -> WitnessReport:
        """Measure."""
        about = (*self._storm(f"{prefix}.{STORM}"), *self._opened(f"{prefix}.{OPENED}"))
        lines = "\n".join(json.dumps(_plain(look)) for look in self._looks).encode()
        return WitnessReport(about, ((lines, "application/x-ndjson"),))

    async def _read_on(
        self, stopping: threading.Event, repetition: int, timeline: Timeline
    ) -> None:
        manner = self._manner
        names = (manner.calls, manner.refused, manner.attempts, manner.open)
        begun = timeline.now()
        async with Asker(self._system.topology().entry) as asker:
            for due in until(stopping, manner.rate):
                await asyncio.sleep(max(0.0, begun + due - timeline.now()))
                topology = self._system.topology()
                found = await readings(
                    asker, topology, of=manner.of, path=manner.metrics, names=names
                )
                at_s = timeline.now()
                for process in {one.process for of in found.values() for one in of}:
                    values = (
                        sum(
                            one.value
                            for one in found[name]
                            if one.process == process
                            and one.labels.get(manner.label) == manner.dependency
                        )
                        for name in names
                    )
                    self._looks.append(_Look(repetition, at_s, process, *values))

    def _storm(self, metric: str) -> tuple[Any, ...]:
        """Count in each process and repetition: a quiet one makes up for no storm elsewhere.

        Counters that began anew count from 0.
        """
        grown: dict[tuple[int, str], Counter[str]] = {}
        for before, look in self._pairs():
            fault = self._faults.get(look.repetition)
            if fault is None or look.at_s < fault.start or before.at_s > fault.end:
                continue
            own = grown.setdefault((look.repetition, look.process), Counter())
            for name in ("calls", "refused", "attempts"):
                now, then = getattr(look, name), getattr(before, name)
                own[name] += round(now - then if now >= then else now)
        attempts = sum(own["attempts"] for own in grown.values())
        beyond = {where: self._beyond(own) for where, own in grown.items()}
        events = sum(beyond.values())
        measured = Measurement(
            metric=metric,
            kind=Kind.RATE,
            value=events / attempts if attempts else None,
            n=attempts,
            events=events,
        )
        if not events:
            return (measured,)
        repetition, process = worst = max(beyond, key=lambda where: beyond[where])
        own = grown[worst]
        text = (
            f"{process} asked {self._manner.dependency} {own['attempts']} times for "
            f"{own['calls'] - own['refused']} calls, more than {self._manner.most:g} times each"
        )
        return measured, Finding(metric, text, where=f"repetition={repetition}")

    def _beyond(self, own: Counter[str]) -> int:
        """Attempts beyond those that the calls let through explain."""
        let_through = max(0, own["calls"] - own["refused"])
        return max(0, round(own["attempts"] - self._manner.most * let_through))

    def _opened(self, metric: str) -> tuple[Any, ...]:
        should: set[tuple[int, str]] = set()
        did: set[tuple[int, str]] = set()
        for look in self._looks:
            fault = self._faults.get(look.repetition)
            if fault is None or look.at_s < fault.start:
                continue
            should.add((look.repetition, look.process))
            if look.open > 0 and look.at_s <= fault.start + self._manner.within_s:
                did.add((look.repetition, look.process))
        measured = Measurement(
            metric=metric,
            kind=Kind.RATE,
            value=len(did) / len(should) if should else None,
            n=len(should),
            events=len(did),
        )
        if should == did:
            return (measured,)
        names = ", ".join(sorted({process for _, process in should - did}))
        text = (
            f"{names} did not give {self._manner.dependency} up within "
            f"{self._manner.within_s:g} s of the fault; each request waits for it in vain"
        )
        return measured, Finding(metric, text)

    def _pairs(self) -> list[tuple[_Look, _Look]]:
        """Each look with the one before it, of the same process in the same repetition."""
        last: dict[tuple[int, str], _Look] = {}
        pairs: list[tuple[_Look, _Look]] = []
        for look in self._looks:
            key = (look.repetition, look.process)
            if key in last:
                pairs.append((last[key], look))
            last[key] = look
        return pairs


def _plain(look: _Look) -> dict[str, Any]:
    return {name: getattr(look, name) for name in _Look.__slots__}
