"""From ruled cases to a rate with its slices, caveats and findings."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from clinigate.core.case import Case
from clinigate.core.measurement import Interval, Kind, Measurement, Scope, SliceResult
from clinigate.core.observation import Finding
from clinigate.core.plan import Plan, Profile
from clinigate.core.statistics import lower_bound, upper_bound
from clinigate.core.target import Reply

__all__ = [
    "MOST_FINDINGS",
    "Ruled",
    "SliceBy",
    "archetypes",
    "caveats",
    "findings",
    "languages",
    "rate",
    "rate_slice",
    "severities",
    "shorten",
    "transforms",
]

MOST_FINDINGS = 25
_EXACT = "Clopper-Pearson, one-sided"

SliceBy = Callable[[Case], Iterable[str]]


@dataclass(frozen=True, slots=True)
class Ruled:
    """One case as a rate counts it.

    Attributes:
        event: whether it counts as an event of the rate; None where it could not be measured.
        fault: what went wrong, for a reader; empty where nothing did.
        reply: the reply that decided.
    """

    case: Case
    event: bool | None
    fault: str = ""
    reply: Reply | None = None


def archetypes(case: Case) -> Iterable[str]:
    """The slice of the case's archetype."""
    return (f"archetype={case.archetype}",)


def severities(case: Case) -> Iterable[str]:
    """The slice of the case's severity."""
    return (f"severity={case.severity.value}",)


def transforms(case: Case) -> Iterable[str]:
    """One slice for each rewriting that produced the case; `none` for the authored wording."""
    return [f"transform={each.name}" for each in case.transforms] or ("transform=none",)


def languages(case: Case) -> Iterable[str]:
    """The slice of the language that the case is written in."""
    return (f"language={case.locale.partition('-')[0]}",)


def rate(
    metric: str,
    ruled: Sequence[Ruled],
    plan: Plan,
    *,
    by: Sequence[SliceBy] = (),
    events_are_good: bool = False,
    extra_caveats: tuple[str, ...] = (),
) -> Measurement:
    """Count a rate over the cases of the catalogue. Slices come in the order of `by`, worst first.

    Unmeasured cases are `excluded`: the criterion holds them against the system where it could
    pass, and for it where it could fail.
    """
    measured = [each for each in ruled if each.event is not None]
    events = sum(each.event is True for each in measured)
    slices: list[SliceResult] = []
    for slice_by in by:
        part = _slices(measured, slice_by, plan.confidence)
        part.sort(key=_badness(events_are_good), reverse=True)
        slices += part
    return Measurement(
        metric=metric,
        kind=Kind.RATE,
        value=events / len(measured) if measured else None,
        n=len(measured),
        events=events,
        clusters=len({each.case.cluster.core for each in measured}),
        scope=Scope.CATALOGUE,
        slices=tuple(slices),
        caveats=caveats([each.case for each in ruled], plan) + extra_caveats,
        excluded=len(ruled) - len(measured),
    )


def rate_slice(name: str, events: int, n: int, confidence: float) -> SliceResult:
    """One part's rate with its own exact bounds."""
    interval = Interval(
        lower_bound(events, n, confidence), upper_bound(events, n, confidence), confidence, _EXACT
    )
    return SliceResult(name, events / n if n else None, n, events, interval)


def caveats(cases: Sequence[Case], plan: Plan) -> tuple[str, ...]:
    """What a reader must know of the cases, whatever the number says."""
    said = []
    unreviewed = sum(not case.review for case in cases)
    if unreviewed == len(cases):
        said.append("no clinician has reviewed these cases")
    elif unreviewed:
        said.append(f"no clinician has reviewed {unreviewed} of these {len(cases)} cases")
    if plan.profile is Profile.PR:
        said.append("a pull request's sample; it certifies nothing")
    if plan.split is not None:
        said.append(f"judged on the {plan.split} cores alone")
    if plan.only_cases:
        said.append("judged on selected cases alone")
    return tuple(said)


def findings(metric: str, ruled: Iterable[Ruled]) -> Iterator[Finding]:
    """Tell at most `MOST_FINDINGS` faults, spread over the archetypes, and the rest as a count."""
    faulty: dict[str, list[Ruled]] = defaultdict(list)
    for each in ruled:
        if each.fault:
            faulty[each.case.archetype].append(each)
    in_turn = [each for row in zip_longest(*faulty.values()) for each in row if each is not None]
    for each in in_turn[:MOST_FINDINGS]:
        yield _finding(metric, each)
    if (left := len(in_turn) - MOST_FINDINGS) > 0:
        yield Finding(
            metric,
            f"{left} more of {len(in_turn)} such cases are not listed; all are of "
            + (f"{len(faulty)} archetypes" if len(faulty) > 1 else "one archetype"),
        )


def _finding(metric: str, ruled: Ruled) -> Finding:
    """One fault for a reader to act on."""
    case, reply = ruled.case, ruled.reply
    answer = "" if reply is None else _answer(reply)
    return Finding(
        metric=metric,
        message=ruled.fault,
        case_id=case.id,
        where=case.archetype,
        stimulus=shorten(case.text),
        excerpt=shorten(answer) or None,
    )


def shorten(text: str, most: int = 200) -> str:
    """Return `text` in one line of at most `most` characters, cut between words.

    Redaction comes later and knows an identifier only as a whole: a word that the cut would break,
    and whatever with a digit stands before it, goes with the rest.
    """
    line = " ".join(text.split())
    if len(line) <= most:
        return line
    words = line[:most].split(" ")[:-1]
    while words and any(character.isdigit() for character in words[-1]):
        words.pop()
    return f"{' '.join(words)}…"


def _answer(reply: Reply) -> str:
    """What came back, in words: the reply, the error, or else the fields."""
    fields = (("flag", reply.flag), ("score", reply.score), ("emotion", reply.emotion))
    given = [f"{name}: {value}" for name, value in fields if value is not None]
    return reply.text or reply.error or ", ".join(given)


def _slices(measured: Sequence[Ruled], slice_by: SliceBy, confidence: float) -> list[SliceResult]:
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for each in measured:
        for name in slice_by(each.case):
            counts[name][0] += each.event is True
            counts[name][1] += 1
    return [rate_slice(name, events, n, confidence) for name, (events, n) in sorted(counts.items())]


def _badness(events_are_good: bool) -> Callable[[SliceResult], tuple[float, float]]:
    """Order by the rate of faults, then by how far the bound leaves room for more."""

    def key(part: SliceResult) -> tuple[float, float]:
        assert part.value is not None
        assert part.interval is not None
        if events_are_good:
            return 1 - part.value, 1 - (part.interval.low or 0.0)
        return part.value, part.interval.high or 0.0

    return key
