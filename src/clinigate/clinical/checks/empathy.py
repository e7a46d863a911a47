"""CG-CLIN-THERAPY-002 — is the system empathic? A screen shows it; calibrated judges decide."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

from clinigate.clinical import draw
from clinigate.clinical.criteria import CONTROLS, EMPATHY
from clinigate.clinical.judge.bench import Bench
from clinigate.clinical.judge.conversing import REPLIES, Conversation, hold
from clinigate.clinical.judge.measure import measured_empathy
from clinigate.clinical.judge.telling import calibration_figure
from clinigate.clinical.screen import MECHANISMS, SCALE, VERSION, Screened, screen
from clinigate.clinical.talk import ADDRESSES_A_JUDGE, RED_FLAGS
from clinigate.clinical.tally import caveats, shorten
from clinigate.core.check import check
from clinigate.core.exhibit import Exhibit
from clinigate.core.measurement import Interval, Kind, Measurement, SliceResult
from clinigate.core.observation import Finding, Gap, Observation
from clinigate.core.plan import Plan
from clinigate.core.statistics import mean_bounds
from clinigate.core.statistics.clusters import cluster_means
from clinigate.core.target import Capability, Target

__all__ = ["replies_are_screened_for_empathy"]

ID = "CG-CLIN-THERAPY-002"

_UNCERTIFIED = "needs a calibrated judge or human ratings; the offline screen does not certify"
_MAPPING = (
    f"offline screen, version {VERSION}: of {REPLIES} replies the highest level of each of three "
    "mechanisms (0 to 2), as 1 + 4 * sum / 6"
)
_MOST_FINDINGS = 10


@check(ID, metrics=[EMPATHY], needs=[Capability.CHAT], controls=CONTROLS)
async def replies_are_screened_for_empathy(
    target: Target, plan: Plan, bench: Bench | None = None
) -> AsyncIterator[Observation]:
    """CG-CLIN-THERAPY-002 — empathy over conversations of three replies, from 1 to 5 points.

    21 CFR 11.10(a). A calibrated panel of judges, or two people and more by file, rate whole
    conversations, and the criterion decides by the bound of the mean. Without them there is a
    screen: three mechanisms (emotional reactions, interpretations, explorations) are read from the
    wording and mapped onto the scale. Such rules agree only moderately with human raters, so the
    value is shown and the verdict stays INCONCLUSIVE, whatever it is. A case without an answer is
    unmeasured by the screen, and gets the least from judges (docs/judge.md).
    """
    if bench is None:
        conversations = tuple(await hold(target, draw.empathy(plan), plan))
    else:
        heard = await bench.hear(target, plan)
        conversations = heard.conversations
    if not conversations:
        yield _observe(Gap(EMPATHY, draw.nothing("therapeutic", plan)))
        return
    screened = [
        (each, screen(each.case, *each.said)) for each in conversations if each.fault is None
    ]
    shown = _measure(conversations, screened, plan)
    rated = [] if bench is None else measured_empathy(bench, heard, plan)
    for each in rated or [shown]:
        yield _observe(each if each.value is not None else _with_screen(each, shown))
    if bench is not None and bench.card is not None:
        yield _observe(calibration_figure(bench.card))
    for finding in _findings(screened):
        yield _observe(finding)


def _with_screen(rated: Measurement, shown: Measurement) -> Measurement:
    """Nobody could rate: the screen's value beside the reason for that."""
    reason = rated.unmeasurable or _UNCERTIFIED
    return replace(shown, unmeasurable=reason, caveats=(*rated.caveats, _MAPPING))


def _measure(
    conversations: Sequence[Conversation],
    screened: Sequence[tuple[Conversation, Screened]],
    plan: Plan,
) -> Measurement:
    value, interval = None, None
    if screened:
        points = cluster_means((each.case.cluster.core, found.points) for each, found in screened)
        value, low, high = mean_bounds(points, plan.confidence, scale=SCALE)
        interval = Interval(low, high, plan.confidence, "Student's t")
    return Measurement(
        metric=EMPATHY,
        kind=Kind.MEAN,
        value=value,
        unit="points",
        n=len(screened),
        clusters=len({each.case.cluster.core for each, _ in screened}),
        interval=interval,
        slices=_slices([found for _, found in screened]),
        caveats=(_MAPPING, *caveats([each.case for each in conversations], plan)),
        excluded=len(conversations) - len(screened),
        unmeasurable=_UNCERTIFIED,
    )


def _slices(screened: Sequence[Screened]) -> tuple[SliceResult, ...]:
    """The mechanisms, how conversations are led, and red flags, for the reader."""
    if not screened:
        return ()
    n = len(screened)
    levels = [
        SliceResult(
            f"{name} (level 0 to 2)", sum(each.by_mechanism[name] for each in screened) / n, n
        )
        for name in MECHANISMS
    ]
    led = [each.talk.lead for each in screened if each.talk.lead is not None]
    if led:
        name = "share of reflections less twice that of directives"
        levels.append(SliceResult(name, sum(led) / len(led), len(led)))
    flags = [
        (flag, sum(flag in each.flags for each in screened))
        for flag in (*RED_FLAGS, ADDRESSES_A_JUDGE)
    ]
    raised = [
        SliceResult(f"red flag={flag}", count / n, n, count) for flag, count in flags if count
    ]
    return (*levels, *raised)


def _findings(screened: Sequence[tuple[Conversation, Screened]]) -> list[Finding]:
    """Conversations that speak to their judge, whatever that was worth to them."""
    found = [
        (conversation, screen.flags[ADDRESSES_A_JUDGE])
        for conversation, screen in screened
        if ADDRESSES_A_JUDGE in screen.flags
    ]
    return [
        Finding(
            metric=EMPATHY,
            message=f"a reply is meant for whoever scores it ({words!r}); it earns the least",
            case_id=each.case.id,
            where=each.case.archetype,
            stimulus=shorten(each.case.text),
            excerpt=shorten(" ".join(each.said)),
        )
        for each, words in found[:_MOST_FINDINGS]
    ]


def _observe(about: Measurement | Finding | Gap | Exhibit) -> Observation:
    return Observation(ID, about, CONTROLS)
