"""Have sheets scored, request by request, and keep count of what was wrong."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice

from clinigate.clinical.instruments.comparing import Compared
from clinigate.clinical.instruments.definition import Definition
from clinigate.clinical.instruments.oracle import Oracle, Score
from clinigate.core.scoring import Answers, Scored, Scorer
from clinigate.core.target import Outcome

__all__ = ["FOLLOW_UP", "MOST_FAULTS", "Fault", "Tally", "examine", "in_requests"]

#: The field under which faults of the item that calls for somebody at once are kept.
FOLLOW_UP = "follow_up"
#: Faults of one field that are told; the rest is counted.
MOST_FAULTS = 8


@dataclass(frozen=True, slots=True)
class Fault:
    """One sheet that was scored wrong: which field, what is wrong, and what stood where."""

    field: str
    what: str
    answers: Answers
    right: Score
    scored: Scored


@dataclass(slots=True)
class Tally:
    """What was counted.

    Attributes:
        asked: sheets that were sent. unmeasured: of these, without a word on them from the system:
            throttled, or lost with the request that carried them among others.
        wrong: sheets with a wrong score, or none. called: sheets that call for somebody at once,
            and the one without a single point, which must not. missed: of these, how many did not.
        answered: sheets that were scored, right or wrong. told: the first faults of each field.
        counts: faults by field. lost: by reason, the sheets that are unmeasured.
    """

    asked: int = 0
    answered: int = 0
    unmeasured: int = 0
    wrong: int = 0
    called: int = 0
    missed: int = 0
    told: list[Fault] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    lost: Counter[str] = field(default_factory=Counter)

    def add(self, other: Tally) -> None:
        """Count another's sheets as well."""
        for name in ("asked", "answered", "unmeasured", "wrong", "called", "missed"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for fault in other.told:
            if sum(each.field == fault.field for each in self.told) < MOST_FAULTS:
                self.told.append(fault)
        self.counts += other.counts
        self.lost += other.lost


async def examine(
    scorer: Scorer,
    definition: Definition,
    sheets: Iterable[Answers],
    *,
    compared: Compared,
    follow_up: bool,
    at_once: int,
    concurrency: int,
    timeout_s: float,
) -> Tally:
    """Have complete sheets scored, many at once, and count what was wrong.

    Args:
        scorer: the system.
        definition: the instrument.
        sheets: complete ones.
        compared: what holds an answer against the right one.
        follow_up: whether its answers say that somebody must look at once.
        at_once: sheets of one request.
        concurrency: requests at one time.
        timeout_s: for each of them.

    Raises:
        TargetError: asking made no sense.
    """
    oracle = Oracle(definition, scorer.instruments[definition.instrument])
    requests = enumerate(in_requests(sheets, at_once))
    parts: dict[int, Tally] = {}

    async def work() -> None:
        for place, asked in requests:
            answers = await scorer.score(definition.instrument, asked, timeout_s=timeout_s)
            parts[place] = _tally(definition, oracle, asked, answers, compared, follow_up=follow_up)

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(concurrency):
                group.create_task(work())
    except ExceptionGroup as errors:  # one worker's error stopped the others: it is the cause
        raise errors.exceptions[0] from None
    whole = Tally()
    for place in sorted(parts):
        whole.add(parts[place])
    return whole


def in_requests(sheets: Iterable[Answers], size: int) -> Iterator[list[Answers]]:
    """Share sheets out among requests."""
    left = iter(sheets)
    for first in left:
        yield list(chain((first,), islice(left, size - 1)))


def _tally(
    definition: Definition,
    oracle: Oracle,
    asked: Sequence[Answers],
    answers: Sequence[Scored],
    compared: Compared,
    *,
    follow_up: bool,
) -> Tally:
    tally = Tally(asked=len(asked))
    for sheet, scored in zip(asked, answers, strict=True):
        if _is_unmeasured(scored, together=len(asked) > 1):
            tally.unmeasured += 1
            tally.lost[scored.error or scored.outcome.value] += 1
            continue
        right = oracle.complete(sheet)
        tally.answered += scored.answered
        if follow_up:
            _count_call(tally, definition, sheet, right, scored)
        found = compared.wrong(scored, right) if scored.answered else ("outcome", _silent(scored))
        if found is not None:
            tally.wrong += 1
            _tell(tally, Fault(*found, sheet, right, scored))
    return tally


def _is_unmeasured(scored: Scored, *, together: bool) -> bool:
    """Many sheets in one request are our own convenience: losing it says nothing of a score."""
    if scored.answered:
        return False
    return scored.outcome is Outcome.THROTTLED or (together and scored.of_request)


def _count_call(
    tally: Tally, definition: Definition, sheet: Answers, right: Score, scored: Scored
) -> None:
    """Count a sheet that the rule speaks of: one that calls, and the one without a point.

    A system may have reasons of its own to look at somebody whose item is not answered. On a sheet
    without a single point there is none, and a call that is always made is none.
    """
    if not right.follow_up and sheet != definition.form.floor:
        return
    tally.called += 1
    if scored.follow_up is right.follow_up:
        return
    tally.missed += 1
    if right.follow_up:
        what = f"somebody must look at once, whatever the total of {right.total:g}, and nobody does"
    else:
        what = "somebody is called for a sheet without a single point, so that a call says nothing"
    _tell(tally, Fault(FOLLOW_UP, what, sheet, right, scored))


def _tell(tally: Tally, fault: Fault) -> None:
    tally.counts[fault.field] += 1
    if tally.counts[fault.field] <= MOST_FAULTS:
        tally.told.append(fault)


def _silent(scored: Scored) -> str:
    return (
        f"a complete sheet was not scored ({scored.outcome}): {scored.error or 'no reason given'}"
    )
