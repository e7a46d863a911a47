"""The witness of certificates: an expired one is refused, and its end is noticed beforehand.

A few times a second it looks at what each server of the topology shows, and at what the system
itself says of it. Two metrics:

    expired_accepted  of the connections by a client that checks while an expired certificate was
                      shown, those that were accepted; none may be
    expiry_noticed    of the looks, those in which the system's own gauge said rightly whether the
                      certificate ends within `notice`: an alert on that gauge would have fired

What it asks a system for, with the parameters that change it:

    metrics  GET /metrics (Prometheus text) of each process that carries the labels `of`
    gauge    name of the gauge: seconds until expiry; the label `label` names the certificate
    notice   how long before the end it must be noticed (14 days);  rate  looks a second
"""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
import threading
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from clinigate.chaos.drivers.base import WitnessReport
from clinigate.chaos.drivers.local_system import LocalSystem
from clinigate.chaos.drivers.local_topology import Topology, shown_at
from clinigate.chaos.faults.certificates import served, valid_until
from clinigate.chaos.model import Invariant
from clinigate.chaos.probes.background import Background, until
from clinigate.chaos.probes.entry import Asker
from clinigate.chaos.probes.gauges import readings
from clinigate.chaos.probes.parameters import Parameters
from clinigate.core.measurement import Kind, Measurement
from clinigate.core.observation import Finding
from clinigate.errors import ConfigError, TargetError
from clinigate.measure.timeline import Timeline

if TYPE_CHECKING:
    pass

__all__ = ["ACCEPTED", "NOTICED", "Certificates", "Look"]

ACCEPTED, NOTICED = "expired_accepted", "expiry_noticed"
_ANSWER_S = 3.0
_STOP_S = 30.0
_DAY_S = 86400.0
#: Two looks see one certificate if its end is the same to a minute.
_SAME_S = 60.0
#: So long after a certificate is swapped, and before, what the system's gauges say is not judged.
_SETTLE_S = 0.9


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen of one certificate at one moment.

    Attributes:
        at_s: on the run's timeline. url: of the server that showed it.
        left_s: seconds until it ends, negative when it has ended.
        accepted: whether a client that checks accepted it; None where it had not expired.
        told_s: what the system's gauges said, one for each process that has one.
    """

    repetition: int
    at_s: float
    certificate: str
    url: str
    left_s: float
    accepted: bool | None
    told_s: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class _Manner:
    metrics: str
    gauge: str
    label: str
    of: dict[str, str]
    notice_s: float
    rate: float


class Certificates:
    """Watches every certificate that the topology names; a `Witness`."""

    def __init__(self, system: LocalSystem, invariant: Invariant) -> None:
        """Take the system and the invariant.

        Raises:
            ConfigError: a parameter or the metric cannot be meant.
        """
        if invariant.metric not in (ACCEPTED, NOTICED):
            raise ConfigError(
                f"spec.invariants (certificates): metric {invariant.metric!r} is neither "
                f"{ACCEPTED} nor {NOTICED}"
            )
        said = Parameters(invariant)
        self._manner = _Manner(
            metrics=said.text("metrics", "/metrics"),
            gauge=said.text("gauge", "clinigate_reference_certificate_expiry_seconds"),
            label=said.text("label", "certificate"),
            of=said.labels("of", {"app": "api"}),
            notice_s=said.seconds("notice", 14 * 86400.0),
            rate=said.rate("rate", 2.0),
        )
        said.done()
        self._system = system
        self._looks: list[Look] = []
        self._working: Background | None = None

    def start(self, repetition: int, timeline: Timeline) -> None:
        """Begin to look."""

        async def work(stopping: threading.Event) -> None:
            await self._look_on(stopping, repetition, timeline)

        self._working = Background(work, "clinigate-certificates")

    def stop(self) -> None:
        """Look no more."""
        working, self._working = self._working, None
        if working is not None:
            working.stop(_STOP_S)

    def counts(self) -> tuple[int, int]:
        """Looks, and those at which an expired certificate was accepted."""
        looks = tuple(self._looks)
        return len(looks), sum(look.accepted is True for look in looks)

    def report(self, prefix: str) -> WitnessReport:
        """Measure."""
        looks = tuple(self._looks)
        accepted = _accepted(f"{prefix}.{ACCEPTED}", looks)
        noticed = _noticed(f"{prefix}.{NOTICED}", looks, self._manner.notice_s)
        lines = "\n".join(json.dumps(asdict(look)) for look in looks).encode()
        return WitnessReport((*accepted, *noticed), ((lines, "application/x-ndjson"),))

    async def _look_on(
        self, stopping: threading.Event, repetition: int, timeline: Timeline
    ) -> None:
        topology = self._system.topology()
        begun = timeline.now()
        async with Asker(topology.entry) as asker:
            for due in until(stopping, self._manner.rate):
                await asyncio.sleep(max(0.0, begun + due - timeline.now()))
                # Replicas come and go; where their gauges are is read anew.
                topology = self._system.topology()
                told = await self._told(asker, topology)
                for name, url in _shown(topology):
                    look = await asyncio.to_thread(_look_at, url, topology)
                    if look is not None:
                        left_s, accepted = look
                        gauges = tuple(told.get(name, ()))
                        self._looks.append(
                            Look(repetition, timeline.now(), name, url, left_s, accepted, gauges)
                        )

    async def _told(self, asker: Asker, topology: Topology) -> dict[str, list[float]]:
        """What the gauges of all processes say, by the certificate's name."""
        manner = self._manner
        found = await readings(
            asker, topology, of=manner.of, path=manner.metrics, names=(manner.gauge,)
        )
        told: dict[str, list[float]] = {}
        for one in found[manner.gauge]:
            told.setdefault(one.labels.get(manner.label, ""), []).append(one.value)
        return told


def _shown(topology: Topology) -> list[tuple[str, str]]:
    parts = topology.certificates
    return [(part.name, url) for part in parts for url in shown_at(topology, part)]


def _look_at(url: str, topology: Topology) -> tuple[float, bool | None] | None:
    """Seconds left, and whether a client that checks accepts it; None where nothing is shown."""
    try:
        left = valid_until(served(url)) - datetime.now(UTC)
    except TargetError:
        return None
    if left > timedelta(0):
        return left.total_seconds(), None
    return left.total_seconds(), _accepts(url, topology)


def _accepts(url: str, topology: Topology) -> bool:
    place = urlsplit(url)
    context = ssl.create_default_context(cafile=topology.entry.ca_file)
    try:
        with (
            socket.create_connection((place.hostname, place.port or 443), _ANSWER_S) as raw,
            context.wrap_socket(raw, server_hostname=place.hostname) as shown,
        ):
            # It may have been swapped since the look: what was accepted is what this one showed.
            ends = (shown.getpeercert() or {}).get("notAfter")
            return not isinstance(ends, str) or ssl.cert_time_to_seconds(ends) < time.time()
    except OSError:
        return False


def _accepted(metric: str, looks: tuple[Look, ...]) -> tuple[Any, ...]:
    expired = [look for look in looks if look.accepted is not None]
    accepted = sum(look.accepted is True for look in expired)
    measured = Measurement(
        metric=metric,
        kind=Kind.RATE,
        value=accepted / len(expired) if expired else None,
        n=len(expired),
        events=accepted,
    )
    if not accepted:
        return (measured,)
    text = f"a client that checks accepted an expired certificate {accepted} times"
    return measured, Finding(metric, text)


def _noticed(metric: str, looks: tuple[Look, ...], notice_s: float) -> tuple[Any, ...]:
    settled = _settled(looks)
    # A scrape that was lost, or came a moment before the gauge, is made good by the next one.
    wrong = [
        look for look, later in settled if not (_tells(look, notice_s) or _tells(later, notice_s))
    ]
    right = len(settled) - len(wrong)
    measured = Measurement(
        metric=metric,
        kind=Kind.RATE,
        value=right / len(settled) if settled else None,
        n=len(settled),
        events=right,
    )
    if not wrong:
        return (measured,)
    worst = wrong[0]
    told = ", ".join(f"{value / _DAY_S:.1f} days" for value in worst.told_s) or "nothing"
    text = (
        f"the certificate {worst.certificate} ends in {worst.left_s / _DAY_S:.1f} days and the "
        f"system's gauge said {told}: nobody would be told {notice_s / _DAY_S:.0f} days before"
    )
    return measured, Finding(metric, text)


def _settled(looks: tuple[Look, ...]) -> list[tuple[Look, Look]]:
    """Looks around which the certificate stayed the same, each with the one after it.

    While it is swapped, the system may read its file a moment before or after it shows the new one.
    """
    series: dict[tuple[int, str], list[Look]] = {}
    for look in looks:
        series.setdefault((look.repetition, look.url), []).append(look)
    return [
        (look, after)
        for of in series.values()
        for before, look, after in zip(of, of[1:], of[2:], strict=False)
        if all(_same_end(look, other) for other in (before, after, *_around(of, look)))
    ]


def _around(series: list[Look], look: Look) -> list[Look]:
    return [other for other in series if abs(other.at_s - look.at_s) <= _SETTLE_S]


def _same_end(one: Look, other: Look) -> bool:
    return abs((one.at_s + one.left_s) - (other.at_s + other.left_s)) < _SAME_S


def _tells(look: Look, notice_s: float) -> bool:
    """Whether the system says rightly, in each of its processes, that the end is near or is not."""
    near = look.left_s < notice_s
    return bool(look.told_s) and all((value < notice_s) == near for value in look.told_s)
