"""The overall outcome in words. Everything but a full run that met every criterion is no pass."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from clinigate.core.verdict import Status
from clinigate.reports.model import Headline, Tone

__all__ = ["WORDS", "headline", "tally", "tally_text"]

#: How a status is written for a reader.
WORDS = {status: status.value.replace("_", " ") for status in Status}

_ORDER = (Status.FAIL, Status.ERROR, Status.INCONCLUSIVE, Status.NOT_ASSESSED, Status.PASS)


def tally(statuses: Iterable[Status]) -> tuple[tuple[Status, int], ...]:
    """The statuses that occur, what needs attention first, with their counts."""
    listed = list(statuses)
    return tuple((status, listed.count(status)) for status in _ORDER if status in listed)


def tally_text(counted: Sequence[tuple[Status, int]]) -> str:
    """As `1 fail, 2 inconclusive, 8 pass`."""
    return ", ".join(f"{number} {WORDS[status].lower()}" for status, number in counted)


def headline(
    statuses: Sequence[Status], *, sample: bool = False, interrupted: str | None = None
) -> Headline:
    """Say how it came out. A sample and an interrupted run never certify."""
    counted = tally(statuses)
    grave = any(status in (Status.FAIL, Status.ERROR) for status in statuses)
    tone = Tone.BAD if grave else Tone.OPEN
    if interrupted is not None:
        return Headline("NOT CERTIFIED", f"run ended early: {interrupted}", Tone.BAD)
    if not statuses:
        return Headline("NOT CERTIFIED", "no criterion was judged", Tone.BAD)
    if sample:
        return Headline("SAMPLE – never a certification", tally_text(counted), tone)
    if set(statuses) == {Status.PASS}:
        plural = f"all {len(statuses)} criteria met" if len(statuses) > 1 else "1 criterion met"
        return Headline("PASS", plural, Tone.GOOD)
    return Headline("NOT CERTIFIED", tally_text(counted), tone)
