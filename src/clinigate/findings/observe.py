"""From a scan to observations: one census of what is open, and every finding."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from clinigate.core.flaw import FlawSeverity
from clinigate.core.measurement import Kind, Measurement
from clinigate.core.observation import Fault, Finding, Gap, Observation
from clinigate.findings.model import Excluded, Found, ScanResult, in_order

__all__ = ["broken", "census", "not_looked", "observations", "records"]

_NAMED = 8


def observations(
    check_id: str,
    metric: str,
    scan: ScanResult,
    *,
    at_least: FlawSeverity = FlawSeverity.HIGH,
    controls: Sequence[str] = (),
    nothing: str = "nothing to look at was found",
) -> Iterator[Observation]:
    """Yield the census of a scan, then each of its findings.

    A scan that neither looked at anything nor failed to is a gap: nothing is never a pass.

    Args:
        check_id: who saw it.
        metric: what is counted: open findings that are at least so grave.
        scan: with `accepted` set already where an acceptance holds.
        at_least: the least severity that counts. All findings are recorded.
        controls: clauses that it speaks to.
        nothing: said where there was nothing to look at, and what to do about it.
    """
    if not scan.units and not scan.excluded:
        yield not_looked(check_id, metric, nothing, controls=controls)
        return
    yield Observation(check_id, census(metric, scan, at_least=at_least), tuple(controls))
    yield from records(check_id, metric, scan.findings, controls=controls)


def census(metric: str, scan: ScanResult, *, at_least: FlawSeverity) -> Measurement:
    """Return how many findings of that severity are open, among how many units.

    `events` are units with one of them; where findings name places that are no units (a package of
    a lock file), each such place counts as one, up to all units.
    """
    counted = [
        each for each in scan.findings if each.is_open and each.flaw.severity.at_least(at_least)
    ]
    units = len(set(scan.units))
    events = min(units, len({each.flaw.place.uri for each in counted}))
    return Measurement(
        metric,
        Kind.CENSUS,
        float(len(counted)),
        units,
        unit="findings",
        events=events,
        excluded=len(scan.excluded),
        caveats=tuple(_caveats(scan, counted, at_least)),
    )


def records(
    check_id: str, metric: str, found: Iterable[Found], *, controls: Sequence[str] = ()
) -> Iterator[Observation]:
    """Yield each finding, by place; accepted ones too."""
    for each in sorted(found, key=in_order):
        finding = Finding(metric, each.message, where=str(each.flaw.place), flaw=each.flaw)
        yield Observation(check_id, finding, tuple(controls))


def not_looked(
    check_id: str, metric: str, reason: str, *, controls: Sequence[str] = ()
) -> Observation:
    """Return the gap of a scanner that did not look; the reason says how to make it."""
    return Observation(check_id, Gap(metric, reason), tuple(controls))


def broken(check_id: str, metric: str, reason: str, *, controls: Sequence[str] = ()) -> Observation:
    """Return the fault of a scanner that broke, which is no word on what it looked at."""
    return Observation(check_id, Fault(metric, reason), tuple(controls))


def _caveats(scan: ScanResult, counted: Sequence[Found], at_least: FlawSeverity) -> Iterator[str]:
    who = f"{scan.scanner} {scan.version}".strip()
    yield f"{who}; counts what is {at_least} or graver and open"
    accepted = sum(not each.is_open for each in scan.findings)
    milder = len(scan.findings) - accepted - len(counted)
    if accepted:
        yield f"{accepted} accepted for a time do not count; the findings name them"
    if milder:
        yield f"{milder} below {at_least} do not count; the findings name them"
    if scan.excluded:
        yield f"could not be looked at: {_named(scan.excluded)}"


def _named(excluded: Sequence[Excluded]) -> str:
    names = ", ".join(f"{each.unit} ({each.reason})" for each in excluded[:_NAMED])
    more = len(excluded) - _NAMED
    return names if more <= 0 else f"{names}, and {more} more"
