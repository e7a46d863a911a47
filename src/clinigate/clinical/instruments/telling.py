"""What was counted, as measurements and findings that say which sheets were asked."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from clinigate.clinical.instruments.comparing import trap_behind
from clinigate.clinical.instruments.definition import Definition
from clinigate.clinical.instruments.examining import FOLLOW_UP, Tally
from clinigate.core.measurement import Kind, Measurement
from clinigate.core.observation import Finding
from clinigate.core.plan import Plan, Profile
from clinigate.core.scoring import Answers, Scored

__all__ = ["Extent", "findings", "measured", "shown"]


@dataclass(frozen=True, slots=True)
class Extent:
    """How much was asked.

    Attributes:
        n: sheets that a number speaks of: all there are or, with `covered`, those drawn at random.
        covered: sheets that were chosen besides; None where every sheet was asked.
    """

    n: int
    covered: int | None = None

    @property
    def exhaustive(self) -> bool:
        """Whether every sheet was asked."""
        return self.covered is None


def measured(
    metric: str,
    tally: Tally,
    extent: Extent,
    plan: Plan,
    *,
    wrong: int,
    left_out: tuple[str, ...] = (),
) -> Measurement:
    """Return the measurement of one metric.

    Of every sheet it is a count. Of a choice it is the rate among sheets drawn at random, so that
    its bound holds for all sheets; a fault among the chosen ones counts as one of those, so that
    none passes by.
    """
    if extent.exhaustive:
        return Measurement(
            metric,
            Kind.CENSUS,
            float(wrong),
            extent.n,
            unit="wrong",
            events=wrong,
            excluded=tally.unmeasured,
            caveats=("exhaustive: every complete sheet was asked", *left_out),
        )
    # What was seen to be wrong stays wrong, however many sheets were lost.
    n = max(extent.n - tally.unmeasured, min(wrong, extent.n))
    events = min(wrong, n)
    return Measurement(
        metric,
        Kind.RATE,
        events / n if n else None,
        n,
        events=events,
        excluded=tally.unmeasured,
        caveats=(*_words(extent, plan), *left_out),
    )


def findings(
    definition: Definition, metric: str, tally: Tally, *, of_calls: bool
) -> Iterator[Finding]:
    """Tell the first faults of each field, what the rest amounts to, and a known rule behind it."""
    told = [each for each in tally.told if (each.field == FOLLOW_UP) is of_calls]
    for fault in told:
        yield Finding(
            metric,
            f"{definition.title}: {fault.what}",
            where=fault.field,
            stimulus=shown(fault.answers),
            excerpt=_said(fault.scored),
        )
    for name, count in sorted(tally.counts.items()):
        listed = sum(each.field == name for each in told)
        if listed and count > listed:
            yield Finding(
                metric, f"{definition.title}: {count - listed} more sheets with a wrong {name}"
            )
    if of_calls:
        return
    for reason, count in tally.lost.most_common(3):
        yield Finding(metric, f"{definition.title}: {count} sheets brought no answer: {reason}")
    trap = trap_behind(definition, [(each.right, each.scored) for each in told])
    if trap is not None:
        yield Finding(metric, f"{definition.title}: it looks as if the target {trap.words}")


def shown(answers: Answers) -> str:
    """A sheet as a reader types it."""
    return json.dumps(answers)


def _words(extent: Extent, plan: Plan) -> Iterator[str]:
    yield (
        f"not every sheet was asked: {extent.covered} chosen ones with every total, band edge and "
        f"single item, and {extent.n} drawn at random, to which n and the bound refer"
    )
    if plan.profile is Profile.PR:
        yield "a pull request's sample; it certifies nothing"


def _said(scored: Scored) -> str | None:
    fields = ("total", "percent", "band", "positive", "follow_up")
    given = [(name, getattr(scored, name)) for name in fields]
    return ", ".join(f"{name}: {value}" for name, value in given if value is not None) or None
