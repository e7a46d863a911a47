"""Carry out named tests; what goes wrong on the way becomes an observation, never a silence."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from clinigate.core.blame import blame
from clinigate.core.observation import Fault, Observation
from clinigate.errors import ClinigateError
from clinigate.evidence.recorder import Recorder
from clinigate.hipaa.checks import PROBES
from clinigate.hipaa.named import NAMED, Named
from clinigate.hipaa.premises import Premises, withheld_from
from clinigate.hipaa.tally import gap

__all__ = ["MOST_SKEW_S", "look", "run_named"]

MOST_SKEW_S = 120.0
"""How far the clock of a service may be off ours: four times what a second factor forgives."""


def look(named: Named, premises: Premises) -> Iterator[Observation]:
    """Yield what one test sees; one that breaks off ends with a fault."""
    if premises.service is not None:
        premises.service.clock_off_s = 0.0  # what an earlier probe saw is not this one's
    reason = withheld_from(named, premises)
    if reason is not None:
        yield gap(named, reason)
        return
    try:
        yield from PROBES[named.name](named, premises)
    except ClinigateError as error:
        yield _fault(named, str(error))
    except Exception as error:  # noqa: BLE001 - it speaks to a target; its error is a verdict
        yield _fault(named, f"the check broke: {blame(error)}")
    skew = _skew(premises)
    if skew is not None:
        yield _fault(named, skew)


def run_named(
    recorder: Recorder,
    premises: Premises,
    *,
    tests: Iterable[Named] = tuple(NAMED.values()),
    on_begin: Callable[[Named], None] = lambda _named: None,
) -> None:
    """Carry out tests in their order and record what they see.

    Raises:
        EvidenceError: it cannot be recorded.
    """
    for named in tests:
        on_begin(named)
        for observation in look(named, premises):
            recorder.observation(observation)


def _skew(premises: Premises) -> str | None:
    """Say that the clocks differ, if they do: times of rows, tokens and factors then lie."""
    service = premises.service
    off_s = 0.0 if service is None else service.clock_off_s
    if abs(off_s) <= MOST_SKEW_S:
        return None
    side = "ahead of" if off_s > 0 else "behind"
    return (
        f"the service's clock is {abs(off_s):.0f} s {side} ours; set both by a time server before "
        "anything is said of times"
    )


def _fault(named: Named, reason: str) -> Observation:
    return Observation(named.check, Fault(named.metric, reason), named.controls)
