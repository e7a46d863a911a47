"""What a replica tells about itself beside requests and answers, as metrics."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from clinigate.reference.cluster.cache import Cache
from clinigate.reference.cluster.certificate import CertificateWatch
from clinigate.reference.cluster.keeping import ReplicaRecords
from clinigate.reference.cluster.mind import RemoteMind
from clinigate.reference.crisis.escalation import Escalator
from clinigate.reference.resilience.dependency import Dependency
from clinigate.reference.web.load import Load
from clinigate.reference.web.metrics import Watched

__all__ = ["certificates_watched", "chats_watched", "dependencies_watched", "records_watched"]

_Labels = tuple[tuple[str, str], ...]


def dependencies_watched(asked: Mapping[str, Dependency]) -> list[Watched]:
    """How often each dependency was called, and whether it is given up."""
    found: list[Watched] = []
    for name, one in asked.items():
        labels = (("dependency", name),)
        for count in ("calls", "attempts", "failures", "refused"):
            text = f"{count.capitalize()} so far."
            found.append(_counter(f"dependency_{count}", text, one, count, labels))
        text = "Times that it opened."
        found.append(_counter("breaker_opened", text, one.breaker, "opened", labels))
        found.append(_gauge("breaker_open", "1 while calls are kept away.", _lost(one), labels))
    return found


def certificates_watched(certificates: Mapping[str, CertificateWatch]) -> list[Watched]:
    """How long each certificate still has."""
    text = "Seconds until the certificate expires; negative afterwards."
    return [
        _gauge("certificate_expiry_seconds", text, watch.left_s, (("certificate", name),))
        for name, watch in certificates.items()
    ]


def records_watched(records: ReplicaRecords, escalator: Escalator) -> list[Watched]:
    """What waits, and what reached the desk."""
    outbox, opened = records.outbox, escalator.open
    return [
        _gauge("outbox_entries", "What waits for the database.", lambda: len(outbox.pending)),
        _counter("outbox_failures", "Entries not safe on disk.", records, "outbox_failures"),
        _gauge("escalations_open", "Not yet at the desk.", lambda: len(opened)),
        _counter("escalations_acknowledged", "Taken by the desk.", escalator, "acknowledged"),
    ]


def chats_watched(mind: RemoteMind, cache: Cache, load: Load) -> list[Watched]:
    """How conversations were read."""
    return [
        _counter("fallbacks", "Answers by rules, without inference.", mind, "fallbacks"),
        _counter("cache_hits", "Readings found in the cache.", cache, "hits"),
        _counter("shed", "Chats refused because of too many.", mind, "shed"),
        _gauge("chats_in_progress", "Chats under way.", lambda: load.chats),
    ]


def _lost(one: Dependency) -> Callable[[], float]:
    return lambda: float(one.lost)


def _gauge(
    name: str, text: str, value: Callable[[], float], labels: tuple[tuple[str, str], ...] = ()
) -> Watched:
    return Watched(f"clinigate_reference_{name}", text, labels, value)


def _counter(
    name: str, text: str, of: object, attribute: str, labels: tuple[tuple[str, str], ...] = ()
) -> Watched:
    return Watched(
        f"clinigate_reference_{name}_total",
        text,
        labels,
        lambda: float(getattr(of, attribute)),
        "counter",
    )
