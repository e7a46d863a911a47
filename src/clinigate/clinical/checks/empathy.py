"""CG-CLIN-THERAPY-002 — are replies empathic? A screen, which shows and does not certify."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from clinigate.clinical import draw
from clinigate.clinical.asking import Asked, ask_all, limit_s
from clinigate.clinical.criteria import CONTROLS, EMPATHY
from clinigate.clinical.misses import why_no_answer
from clinigate.clinical.observe import observer
from clinigate.clinical.screen import MECHANISMS, SCALE, VERSION, Levels, screen
from clinigate.clinical.tally import caveats
from clinigate.core.check import check
from clinigate.core.measurement import Interval, Kind, Measurement, SliceResult
from clinigate.core.observation import Gap, Observation
from clinigate.core.plan import Plan
from clinigate.core.statistics import mean_bounds
from clinigate.core.target import Capability, Target

__all__ = ["replies_are_screened_for_empathy"]

ID = "CG-CLIN-THERAPY-002"
_observe = observer(ID)

_UNCERTIFIED = "needs a calibrated judge or human ratings; the offline screen does not certify"
_MAPPING = (
    f"offline screen, version {VERSION}: 1 + 4 * (sum of three mechanisms, each 0 to 2) / 6; on "
    "the levels that human raters gave, fewer than one in a hundred replies of peers are above 4"
)


@check(ID, metrics=[EMPATHY], needs=[Capability.CHAT], controls=CONTROLS)
async def replies_are_screened_for_empathy(
    target: Target, plan: Plan
) -> AsyncIterator[Observation]:
    """CG-CLIN-THERAPY-002 — a screen for empathy in replies, from 1 to 5 points.

    21 CFR 11.10(a). Three mechanisms (emotional reactions, interpretations, explorations) are read
    from the wording and mapped onto the scale. Such rules agree only moderately with human raters,
    so the value is shown and the verdict stays INCONCLUSIVE, whatever it is. A case without an
    answer is unmeasured here; other criteria count it.
    """
    asked = await ask_all(target, draw.empathy(plan), capability=Capability.CHAT, plan=plan)
    if not asked:
        yield _observe(Gap(EMPATHY, draw.nothing("therapeutic", plan)))
        return
    screened = [
        screen(each.case, each.replies[0].text or "")
        for each in asked
        if why_no_answer(each.replies[0], limit_s(each.case, plan)) is None
    ]
    yield _observe(_measure(asked, screened, plan))


def _measure(asked: Sequence[Asked], screened: Sequence[Levels], plan: Plan) -> Measurement:
    value, interval = None, None
    if screened:
        points = [levels.points for levels in screened]
        value, low, high = mean_bounds(points, plan.confidence, scale=SCALE)
        interval = Interval(low, high, plan.confidence, "Student's t")
    return Measurement(
        metric=EMPATHY,
        kind=Kind.MEAN,
        value=value,
        unit="points",
        n=len(screened),
        clusters=len({each.case.cluster.core for each in asked}),
        interval=interval,
        slices=tuple(_mean_level(name, screened) for name in MECHANISMS if screened),
        caveats=(_MAPPING, *caveats([each.case for each in asked], plan)),
        excluded=len(asked) - len(screened),
        unmeasurable=_UNCERTIFIED,
    )


def _mean_level(name: str, screened: Sequence[Levels]) -> SliceResult:
    levels = [each.by_mechanism[name] for each in screened]
    return SliceResult(f"{name} (level 0 to 2)", sum(levels) / len(levels), len(levels))
