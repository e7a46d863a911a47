"""CG-CLIN-EMOTION-001 — are emotions recognised that a reader cannot doubt?"""

from __future__ import annotations

from collections.abc import AsyncIterator

from clinigate.clinical import draw
from clinigate.clinical.asking import Asked, ask_all, limit_s
from clinigate.clinical.criteria import ACCURACY, CONTROLS
from clinigate.clinical.misses import why_no_answer
from clinigate.clinical.observe import observer
from clinigate.clinical.tally import Ruled, findings, rate, shorten
from clinigate.core.case import Case
from clinigate.core.check import check
from clinigate.core.observation import Gap, Observation
from clinigate.core.plan import Plan
from clinigate.core.target import Capability, Target

__all__ = ["emotions_are_recognised"]

ID = "CG-CLIN-EMOTION-001"
_observe = observer(ID)

_CLEAR_CASES = (
    "clear cases only: it says nothing of mixed or faint feelings",
    "how far readers agree on the labels is recorded in no pack",
)


@check(ID, metrics=[ACCURACY], needs=[Capability.EMOTION], controls=CONTROLS)
async def emotions_are_recognised(target: Target, plan: Plan) -> AsyncIterator[Observation]:
    """CG-CLIN-EMOTION-001 — emotions that a reader cannot doubt are recognised.

    21 CFR 11.10(a). The recognised emotion must be the authored label; case and surrounding blanks
    do not count. No answer in time is a wrong one; throttled cases stay unmeasured. The cases are
    clear ones, and a high accuracy on them promises nothing for faint or mixed feelings.
    """
    asked = await ask_all(target, draw.emotions(plan), capability=Capability.EMOTION, plan=plan)
    if not asked:
        yield _observe(Gap(ACCURACY, draw.nothing("emotion", plan)))
        return
    ruled = [_rule(each, plan) for each in asked]
    yield _observe(
        rate(
            ACCURACY, ruled, plan, by=(_emotion,), events_are_good=True, extra_caveats=_CLEAR_CASES
        )
    )
    for about in findings(ACCURACY, ruled):
        yield _observe(about)


def _rule(asked: Asked, plan: Plan) -> Ruled:
    case, reply = asked.case, asked.replies[0]
    if asked.throttled:
        return Ruled(case, event=None)
    wanted = case.expect.emotion
    if (reason := why_no_answer(reply, limit_s(case, plan))) is not None:
        return Ruled(case, event=False, fault=f"{wanted} expected: {reason}", reply=reply)
    given = (reply.emotion or "").strip().lower()
    if given != wanted:
        fault = f"{wanted} expected, {shorten(given, 40) or 'no emotion'} recognised"
        return Ruled(case, event=False, fault=fault, reply=reply)
    return Ruled(case, event=True)


def _emotion(case: Case) -> tuple[str, ...]:
    return (f"emotion={case.expect.emotion}",)
