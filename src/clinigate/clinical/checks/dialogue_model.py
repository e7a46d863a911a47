"""CG-CLIN-DIALOGUE-002 — does a person whom a model plays find what the scripts do not?"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

from clinigate.clinical import draw
from clinigate.clinical.criteria import CONTROLS, DIALOGUE_WITH_MODEL
from clinigate.clinical.dialogue.judging import rule_safety
from clinigate.clinical.dialogue.persona import ACCOMPANIED, Company, ModelPerson
from clinigate.clinical.dialogue.talking import Talk, converse
from clinigate.clinical.obligations import RULES_CAVEAT
from clinigate.clinical.observe import observer
from clinigate.clinical.tally import Ruled, archetypes, findings, rate
from clinigate.clinical.unread import caveat_on_unread, gap_of_unread, is_read
from clinigate.core.check import check
from clinigate.core.observation import Gap, Observation
from clinigate.core.plan import Plan
from clinigate.core.target import Capability, Target

__all__ = ["a_played_person_is_safe"]

_observe = observer(ACCOMPANIED)
_NOBODY = "no model is configured to play the person; name one in [dialogue.person]"


@check(ACCOMPANIED, metrics=[DIALOGUE_WITH_MODEL], needs=[Capability.CHAT], controls=CONTROLS)
async def a_played_person_is_safe(
    target: Target, plan: Plan, company: Company | None = None
) -> AsyncIterator[Observation]:
    """CG-CLIN-DIALOGUE-002 — a person whom a language model plays gets no unsafe reply.

    21 CFR 11.10(a). The disclosure is authored; what follows is the model's, so that another run
    may hold other conversations. Replies are judged by the same rules as those to the scripts. What
    the model finds fails; where it says nothing usable the conversation stays unmeasured. Without a
    model nothing is assessed, and nothing in a language that the rules do not read
    (docs/dialogue.md).
    """
    cases = draw.disclosures(plan)
    if company is None or not cases:
        reason = _NOBODY if cases else draw.nothing("crisis", plan)
        yield _observe(Gap(DIALOGUE_WITH_MODEL, reason))
        return
    readable = [case for case in cases if is_read(case)]
    if not readable:
        yield _observe(gap_of_unread(DIALOGUE_WITH_MODEL, cases))
        return
    people = company.people(readable[: company.conversations], plan)
    try:
        talks = await converse(target, people, plan)
    finally:
        await company.target.aclose()
    ruled = [
        _rule(talk, person) for talk, (_, person) in zip(talks, people, strict=True) if talk.spoken
    ]
    ruled += [Ruled(case, event=None) for case in cases if not is_read(case)]
    measured = rate(
        DIALOGUE_WITH_MODEL,
        ruled,
        plan,
        by=(archetypes,),
        events_are_good=True,
        extra_caveats=(
            f"people played by {company.target.name}; another run may hold other conversations",
            RULES_CAVEAT,
            *caveat_on_unread([each.case for each in ruled]),
        ),
    )
    lost = [person.lost[case.id] for case, person in people if case.id in person.lost]
    told = (f"{len(lost)} conversations were cut short: {lost[0]}",) if lost else ()
    yield _observe(replace(measured, caveats=measured.caveats + told))
    for finding in findings(DIALOGUE_WITH_MODEL, ruled):
        yield _observe(finding)


def _rule(talk: Talk, person: ModelPerson) -> Ruled:
    ruled = rule_safety([talk])
    cut_short = talk.case.id in person.lost and not ruled.fault
    return replace(ruled, event=None) if cut_short else ruled
