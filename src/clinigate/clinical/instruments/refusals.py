"""Whether a system refuses the sheets that nobody may score."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from clinigate.clinical.instruments.comparing import Compared
from clinigate.clinical.instruments.definition import Definition
from clinigate.clinical.instruments.oracle import Score, score, unscorable
from clinigate.clinical.instruments.sheets import Unfit, unfit
from clinigate.clinical.instruments.telling import shown
from clinigate.core.measurement import Kind, Measurement
from clinigate.core.observation import Finding
from clinigate.core.plan import Plan
from clinigate.core.scoring import Scored, Scorer
from clinigate.core.target import Outcome

__all__ = ["ask_unfit"]

_MOST_FINDINGS = 12


async def ask_unfit(
    scorer: Scorer,
    definition: Definition,
    metric: str,
    *,
    compared: Compared,
    plan: Plan,
) -> AsyncIterator[Measurement | Finding]:
    """Send each such sheet by itself, and count those that were scored all the same.

    A system that breaks or stays silent has neither refused nor scored: such a sheet is unmeasured.
    Where items left out are prorated by its terms, that sheet must be scored, and rightly.
    """
    sheets = unfit(definition)
    gate = asyncio.Semaphore(plan.concurrency)

    async def one(sheet: Unfit) -> Scored:
        async with gate:
            (scored,) = await scorer.score(
                definition.instrument, [sheet.answers], timeout_s=plan.timeout_s
            )
        return scored

    answers = await asyncio.gather(*(one(sheet) for sheet in sheets))
    terms = scorer.instruments[definition.instrument]
    wrong: list[tuple[Unfit, Scored, str]] = []
    unmeasured: list[tuple[Unfit, Scored, str]] = []
    for sheet, scored in zip(sheets, answers, strict=True):
        if scored.outcome not in (Outcome.ANSWERED, Outcome.REFUSED):
            unmeasured.append((sheet, scored, f"{scored.outcome}: {scored.error or 'no reason'}"))
        elif unscorable(definition, sheet.answers, terms) is None:
            trouble = _prorated_wrong(scored, score(definition, sheet.answers, terms), compared)
            if trouble is not None:
                wrong.append((sheet, scored, f"it is prorated by the target's terms: {trouble}"))
        elif scored.answered:
            wrong.append((sheet, scored, "it was scored all the same"))
    yield Measurement(
        metric,
        Kind.CENSUS,
        float(len(wrong)),
        len(sheets) - len(unmeasured),
        unit="accepted",
        events=len(wrong),
        excluded=len(unmeasured),
        caveats=(
            "the unfit sheets are those of a fixed list, which docs/instruments.md describes",
        ),
    )
    for sheet, scored, what in (wrong + unmeasured)[:_MOST_FINDINGS]:
        yield Finding(
            metric,
            f"{definition.title}, {sheet.what}: {what}",
            where=sheet.what,
            stimulus=shown(sheet.answers),
            excerpt=None if scored.total is None else f"total {scored.total:g}",
        )
    if (left := len(wrong) + len(unmeasured) - _MOST_FINDINGS) > 0:
        yield Finding(metric, f"{left} more such sheets are not listed")


def _prorated_wrong(scored: Scored, right: Score, compared: Compared) -> str | None:
    """Say what is wrong with a sheet of which one item was left out, as it may be."""
    if not scored.answered:
        return "it was refused"
    found = compared.wrong(scored, right)
    if found is not None:
        return found[1]
    if compared.tells_calls and right.follow_up and scored.follow_up is not True:
        return "somebody must look at once, and nobody does"
    return None
