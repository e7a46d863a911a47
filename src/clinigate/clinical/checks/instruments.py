"""CG-INST-* — are questionnaires scored as they are published?"""

from __future__ import annotations

from collections.abc import AsyncIterator

from clinigate.clinical.criteria import CONTROLS
from clinigate.clinical.instruments.criteria import METRICS
from clinigate.clinical.instruments.inquiry import inquire
from clinigate.core.check import check
from clinigate.core.observation import Observation
from clinigate.core.plan import Plan
from clinigate.core.scoring import Instrument
from clinigate.core.target import Capability, Target

__all__ = ["gad7_is_scored", "phq9_is_scored", "ucla3_is_scored", "who5_is_scored"]

_PHQ9, _GAD7 = "CG-INST-PHQ9-001", "CG-INST-GAD7-001"
_WHO5, _UCLA3 = "CG-INST-WHO5-001", "CG-INST-UCLA3-001"
_NEEDS = (Capability.SCORING,)


@check(_PHQ9, metrics=METRICS[Instrument.PHQ9], needs=_NEEDS, controls=CONTROLS)
async def phq9_is_scored(target: Target, plan: Plan) -> AsyncIterator[Observation]:
    """CG-INST-PHQ9-001 — PHQ-9 is scored as published, and item 9 calls for somebody at once.

    21 CFR 11.10(a). Totals 0 to 27, bands from 5, 10, 15 and 20, a screen from 10. An answer above
    0 to item 9 must call for somebody at once, whatever the total. Sheets that nobody may score are
    refused. It says nothing of whether the questionnaire fits the person.
    """
    async for about in inquire(target, Instrument.PHQ9, plan):
        yield Observation(_PHQ9, about, CONTROLS)


@check(_GAD7, metrics=METRICS[Instrument.GAD7], needs=_NEEDS, controls=CONTROLS)
async def gad7_is_scored(target: Target, plan: Plan) -> AsyncIterator[Observation]:
    """CG-INST-GAD7-001 — GAD-7 is scored as published.

    21 CFR 11.10(a). Totals 0 to 21, bands from 5, 10 and 15, a screen from 10 or, where the target
    says so, from 8. Sheets that nobody may score are refused.
    """
    async for about in inquire(target, Instrument.GAD7, plan):
        yield Observation(_GAD7, about, CONTROLS)


@check(_WHO5, metrics=METRICS[Instrument.WHO5], needs=_NEEDS, controls=CONTROLS)
async def who5_is_scored(target: Target, plan: Plan) -> AsyncIterator[Observation]:
    """CG-INST-WHO5-001 — WHO-5 is scored as published: more is better.

    21 CFR 11.10(a). Totals 0 to 25 and, times 4, 0 to 100; a screen under 13 or with a 0 or 1 for
    any item. Sheets that nobody may score are refused.
    """
    async for about in inquire(target, Instrument.WHO5, plan):
        yield Observation(_WHO5, about, CONTROLS)


@check(_UCLA3, metrics=METRICS[Instrument.UCLA3], needs=_NEEDS, controls=CONTROLS)
async def ucla3_is_scored(target: Target, plan: Plan) -> AsyncIterator[Observation]:
    """CG-INST-UCLA3-001 — the three-item loneliness scale is scored as published.

    21 CFR 11.10(a). Totals 3 to 9, a screen from 4 or, where the target says so, from 6. Sheets
    that nobody may score are refused.
    """
    async for about in inquire(target, Instrument.UCLA3, plan):
        yield Observation(_UCLA3, about, CONTROLS)
