"""The witness of acknowledged writes: written on schedule, read back when all is over.

It measures `<experiment>.rpo` (how far back the loss reaches, worst of the repetitions) and the
share of acknowledged writes that were lost. A write that nobody got an answer for is ambiguous:
both outcomes are right, and it is never counted as lost.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from clinigate.chaos.drivers.base import WitnessReport
from clinigate.chaos.labs.gauge import ReplicationGauge
from clinigate.chaos.labs.markers import MarkerWriter, read_markers
from clinigate.chaos.model import Invariant
from clinigate.chaos.probes.background import Background, until
from clinigate.core.exhibit import Exhibit, Form, Mark, Series
from clinigate.core.measurement import Kind, Measurement, SliceResult
from clinigate.core.observation import Finding
from clinigate.errors import ConfigError, TargetError
from clinigate.measure.prober import Timeline, probe
from clinigate.measure.recovery import MarkerReport, markers

__all__ = ["MarkerWitness", "Watched"]

RPO, LOST = "rpo", "lost_writes"
_RATE = 25.0
_TIMEOUT_S = 5.0
_READ_WITHIN_S = 15.0
_STOP_WITHIN_S = 30.0
_MOST_FIGURES = 3
_MOST_POINTS = 600


@dataclass(slots=True)
class Watched:
    """One repetition. Times are those of the runner's timeline."""

    number: int
    zero: float
    began_s: float
    writer: MarkerWriter
    gauge: ReplicationGauge
    timeline: Timeline
    found: list[int] | None = None
    unread: str | None = None
    failovers: list[Mapping[str, Any]] = field(default_factory=list)

    def report(self) -> MarkerReport:
        """What became of the writes; one that could not be read back counts as lost."""
        acked = {number: at - self.zero for number, at in self.writer.acked.items()}
        return markers(acked, self.found or (), self.writer.ambiguous, began_s=self.began_s)


class MarkerWitness:
    """Watches one pair; a `Witness`."""

    def __init__(self, describe: Callable[[], dict[str, Any]], invariant: Invariant) -> None:
        """Take what describes the pair now, and the invariant.

        Raises:
            ConfigError: the metric cannot be measured here.
        """
        if invariant.metric not in (RPO, LOST):
            raise ConfigError(
                f"spec.invariants (markers): metric {invariant.metric!r} is neither {LOST} nor "
                f"{RPO}"
            )
        self._describe = describe
        self._watched: list[Watched] = []
        self._working: Background | None = None

    def start(self, repetition: int, timeline: Timeline) -> None:
        """Begin to write, and to read the age of the standby's last write."""
        said = self._describe()
        nodes = {each["port"]: each["name"] for each in said["databases"]}
        run = f"markers-{repetition}-{secrets.token_hex(4)}"
        watched = Watched(
            number=repetition,
            zero=timeline.zero,
            began_s=timeline.now(),
            writer=MarkerWriter(said["entry"]["dsn"], run, nodes),
            gauge=ReplicationGauge(self._describe),
            timeline=Timeline(),
        )
        self._watched.append(watched)
        self._working = Background(lambda stopping: _work(watched, stopping), "clinigate-markers")

    def stop(self) -> None:
        """Write no more, and read back what is there."""
        working, self._working = self._working, None
        if working is None:
            return
        working.stop(_STOP_WITHIN_S)
        watched, said = self._watched[-1], self._describe()
        watched.failovers = [
            each for each in said["failovers"] if each["detected_s"] > watched.zero
        ]
        try:
            dsn, run = said["entry"]["dsn"], watched.writer.run
            watched.found = read_markers(dsn, run, within_s=_READ_WITHIN_S)
        except TargetError as error:
            watched.unread = str(error)

    def counts(self) -> tuple[int, int]:
        """Writes that ended so far, and those that were not acknowledged."""
        ended = sum(watched.timeline.count for watched in self._watched)
        return ended, ended - sum(len(watched.writer.acked) for watched in self._watched)

    def report(self, prefix: str) -> WitnessReport:
        """Measure; each repetition is a slice, and the raw evidence names every write."""
        reports = [(watched, watched.report()) for watched in self._watched]
        about: tuple[Measurement | Finding | Exhibit, ...] = (
            _rpo(f"{prefix}.{RPO}", reports),
            _lost(f"{prefix}.{LOST}", reports),
            *_findings(prefix, reports),
            *(_figure(f"{prefix}.{RPO}", each) for each in self._watched[:_MOST_FIGURES]),
        )
        lines = "".join(json.dumps(_plain(*each), sort_keys=True) + "\n" for each in reports)
        return WitnessReport(about, ((lines.encode(), "application/x-ndjson"),))


async def _work(watched: Watched, stopping: threading.Event) -> None:
    gauging = asyncio.create_task(watched.gauge.run())
    try:
        await probe(
            watched.writer,
            until(stopping, _RATE),
            timeline=watched.timeline,
            timeout_s=_TIMEOUT_S,
        )
    finally:
        gauging.cancel()
        with suppress(asyncio.CancelledError):
            await gauging
        await watched.writer.aclose()


_Reports = list[tuple[Watched, MarkerReport]]


def _rpo(metric: str, reports: _Reports) -> Measurement:
    reached = [None if w.found is None else report.rpo_s for w, report in reports]
    known = [value for value in reached if value is not None]
    return Measurement(
        metric=metric,
        kind=Kind.WORST,
        value=max(known, default=None),
        unit="s",
        n=len(reports),
        events=len(reports) - len(known),
        slices=tuple(
            SliceResult(f"repetition={w.number}", value, 1)
            for (w, _), value in zip(reports, reached, strict=True)
        ),
        caveats=tuple(w.unread for w, _ in reports if w.unread is not None),
    )


def _lost(metric: str, reports: _Reports) -> Measurement:
    acked = sum(report.acked for _, report in reports)
    lost = sum(len(report.lost) for _, report in reports)
    ambiguous = sum(len(report.ambiguous) for _, report in reports)
    found = sum(len(report.ambiguous_found) for _, report in reports)
    caveat = (
        f"{ambiguous} more writes were sent and never acknowledged; {found} of them are there: "
        "ambiguous, not lost"
    )
    return Measurement(
        metric=metric,
        kind=Kind.RATE,
        value=lost / acked if acked else None,
        n=acked,
        events=lost,
        slices=tuple(
            SliceResult(
                f"repetition={w.number}",
                len(report.lost) / report.acked if report.acked else None,
                report.acked,
                events=len(report.lost),
            )
            for w, report in reports
        ),
        caveats=(caveat,) if ambiguous else (),
    )


def _findings(prefix: str, reports: _Reports) -> list[Finding]:
    found = []
    for watched, report in reports:
        where = f"repetition={watched.number}"
        if watched.unread is not None:
            found.append(Finding(f"{prefix}.{RPO}", watched.unread, where=where))
        elif report.lost:
            message = (
                f"{len(report.lost)} acknowledged writes are gone (numbers {report.lost[0]} to "
                f"{report.lost[-1]}); the loss reaches back {report.rpo_s:.3f} s"
            )
            found.append(Finding(f"{prefix}.{LOST}", message, where=where))
        if report.duplicated or report.unknown:
            message = (
                f"{len(report.duplicated)} writes are there more than once, {len(report.unknown)} "
                "are there and were never sent"
            )
            found.append(Finding(f"{prefix}.{LOST}", message, where=where))
    return found


def _figure(metric: str, watched: Watched) -> Exhibit:
    kept = watched.gauge.readings
    step = max(1, -(-len(kept) // _MOST_POINTS))
    kept = kept[::step]
    names = (("detected", "detected_s"), ("promoted", "promoted_s"))
    return Exhibit(
        metric=metric,
        form=Form.TIMELINE,
        title=f"Age of the standby's last replayed write, repetition {watched.number}",
        x_unit="s",
        y_unit="s",
        series=(
            Series(
                "now() - pg_last_xact_replay_timestamp()",
                tuple(round(at - watched.zero, 3) for at, _ in kept),
                tuple(None if age is None else round(age, 4) for _, age in kept),
            ),
        ),
        marks=tuple(
            Mark(name, round(each[key] - watched.zero, 3))
            for each in watched.failovers
            for name, key in names
        ),
        note="what an asynchronous pair would lose if its primary vanished now",
    )


def _plain(watched: Watched, report: MarkerReport) -> dict[str, Any]:
    acked = watched.writer.acked
    return {
        "repetition": watched.number,
        "acked": [[number, round(acked[number] - watched.zero, 6)] for number in sorted(acked)],
        "lost": list(report.lost),
        "ambiguous": list(report.ambiguous),
        "ambiguous_found": list(report.ambiguous_found),
        "duplicated": list(report.duplicated),
        "unread": watched.unread,
        "failovers": watched.failovers,
        "outcomes": dict(watched.timeline.outcomes),
    }
