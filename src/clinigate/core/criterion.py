"""An acceptance criterion: the only place where pass or fail is decided."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import StrEnum

from clinigate.core.bounds import bounds_at
from clinigate.core.measurement import Kind, Measurement, Scope
from clinigate.core.statistics.rates import need_n, need_n_at_least, upper_bound
from clinigate.core.verdict import Status, Verdict
from clinigate.errors import UsageError

__all__ = ["Criterion", "Relation"]


class Relation(StrEnum):
    """How a metric must stand to its limit."""

    AT_LEAST = ">="
    ABOVE = ">"
    AT_MOST = "<="
    BELOW = "<"

    def holds(self, value: float, limit: float) -> bool:
        """Whether `value` stands to `limit` as this relation says."""
        match self:
            case Relation.AT_LEAST:
                return value >= limit
            case Relation.ABOVE:
                return value > limit
            case Relation.AT_MOST:
                return value <= limit
            case Relation.BELOW:
                return value < limit

    @property
    def caps(self) -> bool:
        """Whether small values are the good ones."""
        return self in (Relation.AT_MOST, Relation.BELOW)


@dataclass(frozen=True, slots=True)
class Criterion:
    """What a measurement must show.

    Attributes:
        id: name in policies and reports, as `crisis.false_negative_rate`.
        metric, scope: which measurement it judges.
        relation, limit: how the metric must stand to which limit.
        confidence: one-sided confidence of the bounds that decide.
        min_n: least number of units that a pass needs, whatever the bounds say.
        zero_tolerance: the limit is perfection. Passes on no violation in at least `min_n` units,
            fails on the first; the bound is printed, since perfection is never proven.
        title: the criterion in plain words.
        controls: clauses that it serves.
        possible: least and largest value that the metric can have; a limit beyond them is refused,
            as a percentage would be where a rate is meant.
    """

    id: str
    metric: str
    relation: Relation
    limit: float
    confidence: float = 0.95
    scope: Scope = Scope.CATALOGUE
    min_n: int = 1
    zero_tolerance: bool = False
    title: str = ""
    controls: tuple[str, ...] = ()
    possible: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        if not math.isfinite(self.limit):
            raise UsageError(f"criterion {self.id}: limit is {self.limit}, it must be a number")
        if self.possible is not None and not self.possible[0] <= self.limit <= self.possible[1]:
            raise UsageError(
                f"criterion {self.id}: limit is {self.limit:g}, and the metric lies between "
                f"{self.possible[0]:g} and {self.possible[1]:g}"
            )
        if not 0.5 < self.confidence < 1:
            raise UsageError(
                f"criterion {self.id}: confidence is {self.confidence}, "
                "it must lie between 0.5 and 1"
            )
        if self.min_n < 1:
            raise UsageError(f"criterion {self.id}: min_n is {self.min_n}, it must be at least 1")
        perfect = (self.relation, self.limit) in ((Relation.AT_LEAST, 1), (Relation.AT_MOST, 0))
        if self.zero_tolerance and not perfect:
            raise UsageError(
                f"criterion {self.id}: zero tolerance means '>= 1' or '<= 0', "
                f"got '{self.relation} {self.limit:g}'"
            )

    def tightened(
        self, *, limit: float | None = None, confidence: float | None = None
    ) -> Criterion:
        """Return this criterion with a stricter limit or confidence; a looser one is refused.

        Raises:
            UsageError: the given value is looser than the one that stands.
        """
        tighter = replace(
            self,
            limit=self.limit if limit is None else limit,
            confidence=self.confidence if confidence is None else confidence,
        )
        if not self.relation.holds(tighter.limit, self.limit) and tighter.limit != self.limit:
            raise UsageError(
                f"{self.id}: limit {tighter.limit:g} is looser than the policy's "
                f"'{self.relation} {self.limit:g}'; an option may only tighten it"
            )
        if tighter.confidence < self.confidence:
            raise UsageError(
                f"{self.id}: confidence {tighter.confidence:g} is below the policy's "
                f"{self.confidence:g}; an option may only raise it"
            )
        return tighter

    def judge(self, measurement: Measurement) -> Verdict:
        """Decide this criterion.

        The bound that counts is the one that could hurt the patient: the lower bound of a rate
        that must be high, the upper bound of one that must be low (one-sided, `self.confidence`).
        PASS needs that bound inside the limit, FAIL the opposite bound outside it; between the two
        the data cannot tell, and the verdict is INCONCLUSIVE with the number of units that would
        settle it.

        Raises:
            UsageError: the measurement is of another metric or scope.
        """
        if (measurement.metric, measurement.scope) != (self.metric, self.scope):
            raise UsageError(
                f"criterion {self.id} judges {self.metric} ({self.scope}), "
                f"got {measurement.metric} ({measurement.scope})"
            )
        if measurement.unmeasurable is not None:
            return self._verdict(measurement, Status.INCONCLUSIVE, measurement.unmeasurable)
        if measurement.n <= 0:
            need = self._enough() if measurement.kind is Kind.RATE else None
            return self._verdict(
                measurement, Status.INCONCLUSIVE, "nothing was measured", need=need
            )
        if measurement.kind is Kind.WORST:
            return self._judge_worst(measurement)
        if measurement.kind is Kind.CENSUS:
            return self._judge_census(measurement)
        if self.zero_tolerance:
            return self._judge_zero_tolerance(measurement)
        return self._judge_bounds(measurement)

    def _judge_worst(self, m: Measurement) -> Verdict:
        """Every repetition must have kept the limit; `min_n` says how many a pass needs.

        What was seen has no bound; the reason tells how many of the next ones may miss the limit
        although none of these did (exact binomial, as of a rate).
        """
        never = m.events or 0
        if never:
            reason = (
                f"{never} of {m.n} never got there; the limit is '{self.relation} {self.limit:g}'"
            )
            return self._verdict(m, Status.FAIL, reason)
        if m.value is None:
            return self._verdict(m, Status.INCONCLUSIVE, "nothing was measured", need=self.min_n)
        seen = f"the worst of {m.n} was {m.value:.4g}"
        if not self.relation.holds(m.value, self.limit):
            reason = f"{seen}; it breaks the limit '{self.relation} {self.limit:g}'"
            return self._verdict(m, Status.FAIL, reason)
        if m.n < self.min_n or m.excluded:
            reason = f"{seen}; at least {self.min_n} are asked for"
            if m.excluded:
                reason += f", and {m.excluded} more could not be measured"
            return self._verdict(m, Status.INCONCLUSIVE, reason, need=self.min_n)
        share = upper_bound(0, m.n, self.confidence)
        reason = (
            f"{seen}, all within '{self.relation} {self.limit:g}'; of the next ones up to "
            f"{share:.0%} may still miss it ({self.confidence:.0%} confidence)"
        )
        return self._verdict(m, Status.PASS, reason)

    def _judge_census(self, m: Measurement) -> Verdict:
        """All there is was looked at: the value decides, and what was left out forbids a pass.

        A limit that is broken already stays broken whatever the rest would show, as long as more
        units cannot mend it: a count of findings only grows.
        """
        if m.value is None:
            return self._verdict(m, Status.INCONCLUSIVE, "nothing was measured", need=self.min_n)
        unit = "" if m.unit == "1" else f" {m.unit.removesuffix('s') if m.value == 1 else m.unit}"
        seen = f"{m.value:.10g}{unit} among {m.n} looked at"
        limit = f"'{self.relation} {self.limit:g}'"
        holds = self.relation.holds(m.value, self.limit)
        if not holds and (self.relation.caps or not m.excluded):
            return self._verdict(m, Status.FAIL, f"{seen}; it breaks the limit {limit}")
        if m.excluded:
            reason = f"{seen}, and {m.excluded} more could not be looked at"
            return self._verdict(m, Status.INCONCLUSIVE, reason)
        if m.n < self.min_n:
            reason = f"{seen}; at least {self.min_n} are asked for"
            return self._verdict(m, Status.INCONCLUSIVE, reason, need=self.min_n)
        return self._verdict(m, Status.PASS, f"{seen}; it keeps the limit {limit}")

    def _judge_zero_tolerance(self, m: Measurement) -> Verdict:
        events = _counts(self, m)
        violations = events if self.relation.caps else m.n - events
        worst_rate = upper_bound(violations, m.n, self.confidence)
        bound = worst_rate if self.relation.caps else 1 - worst_rate
        if violations:
            reason = f"{violations} of {m.n} violated; none is tolerated"
            return self._verdict(m, Status.FAIL, reason, bound=bound)
        if m.n < self.min_n or m.excluded:
            reason = f"no violation in {m.n}, {self.min_n} are required"
            if m.excluded:
                reason += f"; {m.excluded} more could not be measured"
            need = self.min_n if m.n < self.min_n else None
            return self._verdict(m, Status.INCONCLUSIVE, reason, bound=bound, need=need)
        reason = (
            f"no violation in {m.n}; never proven, the true violation rate is <= {worst_rate:.3g}"
        )
        return self._verdict(m, Status.PASS, reason, bound=bound)

    def _judge_bounds(self, m: Measurement) -> Verdict:
        interval = bounds_at(m, self.confidence)
        if interval is None:
            return self._verdict(m, Status.INCONCLUSIVE, _missing_bound(m, self.confidence))
        low, high = interval.low, interval.high
        good, bad = (high, low) if self.relation.caps else (low, high)
        if bad is not None and not self.relation.holds(bad, self.limit):
            side = "lower" if self.relation.caps else "upper"
            reason = self._sentence(m, f"even the {side}", bad, "breaks")
            return self._verdict(m, Status.FAIL, reason, bound=bad)
        if good is None:
            return self._verdict(m, Status.INCONCLUSIVE, _missing_bound(m, self.confidence))
        side = "upper" if self.relation.caps else "lower"
        if not self.relation.holds(good, self.limit):
            reason = self._sentence(m, side, good, "does not keep")
            return self._verdict(
                m, Status.INCONCLUSIVE, reason, bound=good, need=self._settling_n(m)
            )
        if m.n < self.min_n:
            reason = f"{m.n} measured, the criterion asks for at least {self.min_n}"
            return self._verdict(m, Status.INCONCLUSIVE, reason, bound=good, need=self.min_n)
        reason = self._sentence(m, side, good, "keeps")
        return self._verdict(m, Status.PASS, reason, bound=good)

    def _enough(self) -> int | None:
        """Units that settle a rate of which nothing is known yet, if nothing goes wrong."""
        return self.min_n if self.zero_tolerance else self._need_for_rate(0)

    def _settling_n(self, m: Measurement) -> int | None:
        if m.kind is Kind.RATE:
            events = _counts(self, m) + (m.excluded if self.relation.caps else 0)
            bad = events if self.relation.caps else m.n + m.excluded - events
            return self._need_for_rate(bad)
        return _need_by_width(self, m)

    def _need_for_rate(self, bad: int) -> int | None:
        share = self.limit if self.relation.caps else 1 - self.limit
        if not 0 < share < 1:
            return None
        if self.relation.caps:
            return max(self.min_n, need_n(self.limit, bad, self.confidence))
        return max(self.min_n, need_n_at_least(self.limit, bad, self.confidence))

    def _sentence(self, m: Measurement, side: str, bound: float, verb: str) -> str:
        return (
            f"{side} {self.confidence:.0%} bound {bound:.4g} {verb} the limit "
            f"'{self.relation} {self.limit:g}' (n={m.n})"
        )

    def _verdict(
        self,
        m: Measurement,
        status: Status,
        reason: str,
        *,
        bound: float | None = None,
        need: int | None = None,
    ) -> Verdict:
        return replace(
            self.unjudged(status, reason),
            value=m.value,
            bound=bound,
            n=m.n,
            clusters=m.clusters,
            need_n=need,
        )

    def unjudged(self, status: Status, reason: str) -> Verdict:
        """A verdict without a measurement: the check broke, or nothing was looked at."""
        return Verdict(
            criterion=self.id,
            metric=self.metric,
            scope=self.scope,
            status=status,
            reason=reason,
            relation=str(self.relation),
            limit=self.limit,
            confidence=self.confidence,
        )


def _counts(criterion: Criterion, m: Measurement) -> int:
    if m.kind is not Kind.RATE or m.events is None:
        raise UsageError(
            f"criterion {criterion.id}: {m.metric} carries no counts, "
            "a rate with n and events is needed"
        )
    return m.events


def _missing_bound(m: Measurement, confidence: float) -> str:
    if m.excluded:
        return f"{m.excluded} of {m.n + m.excluded} could not be measured"
    if m.interval is not None and m.interval.confidence < confidence:
        return (
            f"bounds were computed at {m.interval.confidence:g} confidence, "
            f"the criterion asks for {confidence:g}"
        )
    return f"{m.n} are too few for a bound at {confidence:g} confidence"


def _need_by_width(criterion: Criterion, m: Measurement) -> int | None:
    """Units at which a bound would meet the limit if its distance shrinks with the root of n."""
    if m.value is None or m.interval is None:
        return None
    bound = m.interval.high if criterion.relation.caps else m.interval.low
    room = criterion.limit - m.value if criterion.relation.caps else m.value - criterion.limit
    if bound is None or room <= 0:
        return None
    return math.ceil(m.n * (abs(bound - m.value) / room) ** 2)
