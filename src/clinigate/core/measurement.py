"""A measurement: a metric's value with all that is needed to judge it honestly, again and again."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from clinigate.core.statistics.arguments import check_count, check_finite

__all__ = ["Interval", "Kind", "Measurement", "Scope", "SliceResult"]


class Kind(StrEnum):
    """How a measurement's bounds are found.

    `RATE` carries its counts, so that a criterion computes the exact bound at its own confidence.
    The others carry an interval that the producer computed; a criterion that asks for more
    confidence than the interval has cannot be decided by it.

    `WORST` is an objective that each of `n` repetitions must keep, as a time to recover: `value` is
    the worst that was seen, `events` counts the repetitions that never got there. So few events
    have no bound of their own; what their number can say of the next one is put into words.

    `CENSUS` is what was counted, not sampled: each of the `n` units there are (files, manifests,
    routes, branches of code) was looked at, and `value` is the count or the share among them. There
    is nothing that it could be mistaken about but what it did not look at, and that is `excluded`.
    """

    RATE = "rate"
    QUANTILE = "quantile"
    MEAN = "mean"
    DIFFERENCE = "difference"
    CALIBRATION = "calibration"
    WORST = "worst"
    CENSUS = "census"


class Scope(StrEnum):
    """What a bound speaks of.

    `CATALOGUE`: the published generator's cases; plain binomial counting is valid there.
    `UNSEEN`: utterances that nobody wrote yet; the authored cores are the sample, and a core
    counts as failed when any of its variants failed.
    """

    CATALOGUE = "catalogue"
    UNSEEN = "unseen"


@dataclass(frozen=True, slots=True)
class Interval:
    """Two one-sided bounds, each at `confidence`; None where the data cannot give one."""

    low: float | None
    high: float | None
    confidence: float
    method: str


@dataclass(frozen=True, slots=True)
class SliceResult:
    """A measurement's value in one part of the data, for the reader; slices decide nothing.

    Attributes:
        name: the part, as `archetype=si.veiled.question` or `ethnicity=black`.
        value: the metric there, None when nothing was measured.
        n: cases in it. events: how many of them counted, for a rate.
        interval: bounds, where they could be computed.
    """

    name: str
    value: float | None
    n: int
    events: int | None = None
    interval: Interval | None = None


@dataclass(frozen=True, slots=True)
class Measurement:
    """What was measured.

    Attributes:
        metric: its name, as `crisis.false_negative_rate`.
        kind: how its bounds are found.
        value: the point estimate, for display; it never decides. None when nothing was measured.
        unit: `1` for rates and differences, `s` for seconds, `points` for ratings.
        n: independent units that the bound counts: cases in the catalogue scope, cores in the
            unseen scope.
        events: of these, how many counted (misses, false alarms, correct answers), for a rate; how
            many never got there, for an objective of repetitions; in how many something was found,
            for a census.
        clusters: authored cores behind the cases, whatever the scope.
        interval: the producer's bounds; rates may leave it out.
        scope: what the bound speaks of.
        slices: the same metric by part.
        caveats: sentences that a reader must see beside the number.
        excluded: cases left unmeasured, as throttled ones or files that could not be read; visible,
            never counted as good.
        unmeasurable: why the data cannot tell at all, whatever the numbers say (a host too busy to
            time anything, no calibrated judge); the verdict is then INCONCLUSIVE.

    Raises:
        UsageError: counts that cannot be (more events than units), or a number that is not finite,
            for which evidence has no form.
    """

    metric: str
    kind: Kind
    value: float | None
    n: int
    unit: str = "1"
    events: int | None = None
    clusters: int | None = None
    interval: Interval | None = None
    scope: Scope = Scope.CATALOGUE
    slices: tuple[SliceResult, ...] = ()
    caveats: tuple[str, ...] = ()
    excluded: int = 0
    unmeasurable: str | None = None

    def __post_init__(self) -> None:
        check_count(f"{self.metric}: n", self.n)
        check_count(f"{self.metric}: excluded", self.excluded)
        if self.events is not None:
            check_count(f"{self.metric}: events", self.events, high=self.n)
        bounds = () if self.interval is None else (self.interval.low, self.interval.high)
        check_finite(
            f"{self.metric}: value and bounds",
            [number for number in (self.value, *bounds) if number is not None],
        )
