"""From what the rules saw to observations: one census a topic, and every finding."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from clinigate.core.flaw import FlawSeverity
from clinigate.core.measurement import Kind, Measurement
from clinigate.core.observation import Observation
from clinigate.findings.model import Excluded
from clinigate.findings.observe import broken, not_looked, records
from clinigate.platform.judge import TopicScan

__all__ = ["observations"]

_NAMED = 8


def observations(
    scan: TopicScan,
    *,
    unread: Sequence[Excluded] = (),
    nothing: str = "",
) -> Iterator[Observation]:
    """Yield the census of a topic, then each of its findings.

    Args:
        scan: with `accepted` set already where an acceptance holds.
        unread: what could not be read at all: it may hold what this topic wants to see.
        nothing: said where there was nothing to look at.
    """
    topic = scan.topic
    if scan.faults:
        for fault in scan.faults:
            yield broken(topic.check_id, topic.metric, fault, controls=topic.controls)
    elif not scan.units and not scan.excluded:
        reason = scan.missing or nothing or "nothing that it speaks of is there"
        if unread:
            reason += f"; {len(unread)} could not be read: {_named(unread)}"
        yield not_looked(topic.check_id, topic.metric, reason, controls=topic.controls)
    else:
        measured = _census(scan, unread)
        yield Observation(topic.check_id, measured, topic.controls)
    yield from records(topic.check_id, topic.metric, scan.findings, controls=topic.controls)


def _census(scan: TopicScan, unread: Sequence[Excluded]) -> Measurement:
    """Open findings, among the things that were looked at; those for information do not count."""
    counted = [
        each
        for each in scan.findings
        if each.is_open and each.flaw.severity is not FlawSeverity.INFO
    ]
    bad = sum(not ok for ok in scan.units.values())
    excluded = [*scan.excluded, *unread]
    accepted = sum(not each.is_open for each in scan.findings)
    caveats = []
    if accepted:
        caveats.append(f"{accepted} accepted for a time do not count; the findings name them")
    if excluded:
        caveats.append(f"could not be judged: {_named(excluded)}")
    return Measurement(
        scan.topic.metric,
        Kind.CENSUS,
        float(len(counted)),
        len(scan.units),
        unit="findings",
        events=bad,
        excluded=len(excluded),
        caveats=tuple(caveats),
    )


def _named(excluded: Sequence[Excluded]) -> str:
    names = ", ".join(f"{each.unit} ({each.reason})" for each in excluded[:_NAMED])
    more = len(excluded) - _NAMED
    return names if more <= 0 else f"{names}, and {more} more"
