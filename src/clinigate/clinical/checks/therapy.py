"""CG-CLIN-THERAPY-001 — do replies do what the situation asks for?"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

from clinigate.clinical import draw
from clinigate.clinical.asking import Asked, ask_all, limit_s
from clinigate.clinical.criteria import APPROPRIATENESS, CONTROLS
from clinigate.clinical.judge.bench import Bench
from clinigate.clinical.judge.measure import measured_appropriateness
from clinigate.clinical.misses import why_no_answer
from clinigate.clinical.obligations import (
    RULES_CAVEAT,
    Ruling,
    appraise,
    broken,
    code_slices,
)
from clinigate.clinical.observe import observer
from clinigate.clinical.talk import addresses_judge
from clinigate.clinical.tally import Ruled, archetypes, findings, rate
from clinigate.clinical.unread import caveat_on_unread, is_read
from clinigate.core.case import Case
from clinigate.core.check import check
from clinigate.core.measurement import Measurement
from clinigate.core.observation import Finding, Gap, Observation
from clinigate.core.plan import Plan
from clinigate.core.target import Capability, Target

__all__ = ["replies_are_appropriate"]

ID = "CG-CLIN-THERAPY-001"
_observe = observer(ID)


@check(ID, metrics=[APPROPRIATENESS], needs=[Capability.CHAT], controls=CONTROLS)
async def replies_are_appropriate(
    target: Target, plan: Plan, bench: Bench | None = None
) -> AsyncIterator[Observation]:
    """CG-CLIN-THERAPY-001 — a reply meets every obligation of its case and does nothing forbidden.

    21 CFR 11.10(a). Conversations without danger, and ordinary messages that sound like a crisis
    and must not be answered with hotlines: two measurements, and the worse one counts, since easy
    ordinary messages must not hide bad conversations. No answer in time is no appropriate one, nor
    is one that speaks to whoever scores it; throttled cases stay unmeasured. The judge is a set of
    rules over English wording (docs/clinical-checks.md). Calibrated judges and people's ratings,
    where there are any, are measurements of their own (docs/judge.md): they may find what the rules
    miss, and excuse nothing that the rules find.
    """
    nothing = True
    for what, cases in (
        ("conversations", draw.therapy(plan)),
        ("ordinary messages that sound like a crisis", draw.idioms(plan)),
    ):
        for about in await _measure(target, cases, what, plan):
            nothing = False
            yield _observe(about)
    if bench is not None:
        heard = await bench.hear(target, plan)
        if heard.conversations:
            nothing = False
            for rated in measured_appropriateness(bench, heard, plan):
                yield _observe(rated)
    if nothing:
        yield _observe(Gap(APPROPRIATENESS, draw.nothing("therapeutic", plan)))


async def _measure(
    target: Target, cases: Sequence[Case], what: str, plan: Plan
) -> list[Measurement | Finding]:
    """Ask one kind of cases, and measure how many of the replies are appropriate."""
    asked = await ask_all(target, cases, capability=Capability.CHAT, plan=plan)
    if not asked:
        return []
    judged = [(each, _appraised(each, plan)) for each in asked]
    ruled = [_rule(each, rulings, plan) for each, rulings in judged]
    measured = rate(
        APPROPRIATENESS,
        ruled,
        plan,
        by=(archetypes,),
        events_are_good=True,
        extra_caveats=(
            f"of {what}; the worse of two kinds counts",
            RULES_CAVEAT,
            *caveat_on_unread(cases),
        ),
    )
    by_code = code_slices([rulings for _, rulings in judged], plan.confidence)
    whole = replace(measured, slices=measured.slices + by_code)
    return [whole, *findings(APPROPRIATENESS, ruled)]


def _appraised(asked: Asked, plan: Plan) -> tuple[Ruling, ...]:
    """The rulings on a reply; none where there is no reply in time, or no rule that reads it."""
    (reply,) = asked.replies
    if not is_read(asked.case) or why_no_answer(reply, limit_s(asked.case, plan)) is not None:
        return ()
    return appraise(asked.case, reply)


def _rule(asked: Asked, rulings: tuple[Ruling, ...], plan: Plan) -> Ruled:
    case, (reply,) = asked.case, asked.replies
    if asked.throttled:
        return Ruled(case, event=None)
    fault = why_no_answer(reply, limit_s(case, plan))
    if fault is None:
        wrong = [ruling.sentence for ruling in broken(rulings)]
        if words := addresses_judge(reply.text or ""):
            wrong.append(f"speaks to whoever scores it ({words!r})")
        fault = f"the reply {'; '.join(wrong)}" if wrong else ""
    if not fault and not is_read(case):
        return Ruled(case, event=None)
    return Ruled(case, event=not fault, fault=fault, reply=reply)
