"""Operational qualification of the statistics that decide verdicts, by values from elsewhere.

None of these values comes from this package. They are closed forms, published tables, and numbers
of SciPy 1.16 (`scipy.stats.beta.ppf`, `t.ppf`), to the digits that are compared.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from clinigate.core.criterion import Criterion, Relation
from clinigate.core.measurement import Kind, Measurement
from clinigate.core.statistics import (
    allowed_exceedances,
    betainc,
    cluster_bounds,
    lower_bound,
    max_events,
    mean_bounds,
    need_n,
    need_n_at_least,
    normal_quantile,
    quantile_bounds,
    quantile_need_n,
    student_t_quantile,
    upper_bound,
)
from clinigate.core.verdict import Status
from clinigate.quality.validation.tries import Tries

__all__ = ["VALUES", "VERDICTS", "ReferenceValue", "look_at_statistics"]

_RELATIVE = 1e-9


@dataclass(frozen=True, slots=True)
class ReferenceValue:
    """One value from elsewhere: what is computed, what must come of it, and where that is from."""

    what: str
    compute: Callable[[], float | int | None]
    wanted: float
    source: str


_CLOPPER = "Clopper and Pearson 1934; SciPy beta.ppf"
_CLOSED = "closed form, no event: 1 - (1 - c)^(1/n)"
_WILKS = "Wilks 1941, distribution-free tolerance limits"
_TABLE = "tables of Student's t and the normal distribution"

VALUES: tuple[ReferenceValue, ...] = (
    ReferenceValue("0 of 10, upper", lambda: upper_bound(0, 10, 0.95), 1 - 0.05**0.1, _CLOSED),
    ReferenceValue("0 of 299, upper", lambda: upper_bound(0, 299, 0.95), 1 - 0.05 ** (1 / 299),
                   _CLOSED),
    ReferenceValue("10 of 10, lower", lambda: lower_bound(10, 10, 0.95), 0.05**0.1, _CLOSED),
    ReferenceValue("3 of 100, upper", lambda: upper_bound(3, 100, 0.95), 0.07571079374983004,
                   _CLOPPER),
    ReferenceValue("97 of 100, lower", lambda: lower_bound(97, 100, 0.95), 0.92428920625017,
                   _CLOPPER),
    ReferenceValue("12 of 1000, upper at 99 %", lambda: upper_bound(12, 1000, 0.99),
                   0.022697467872606913, _CLOPPER),
    ReferenceValue("950 of 1000, lower at 99 %", lambda: lower_bound(950, 1000, 0.99),
                   0.9315951063043689, _CLOPPER),
    ReferenceValue("nothing of nothing, upper", lambda: upper_bound(0, 0, 0.95), 1.0,
                   "what was not seen bounds nothing"),
    ReferenceValue("n for below 1 %, no event", lambda: need_n(0.01, 0, 0.95), 299,
                   "closed form: ln 0.05 / ln 0.99 = 298.07"),
    ReferenceValue("n for below 0.1 %, no event", lambda: need_n(0.001, 0, 0.95), 2995,
                   "closed form: ln 0.05 / ln 0.999 = 2994.2"),
    ReferenceValue("n for above 95 %, no failure", lambda: need_n_at_least(0.95, 0, 0.95), 59,
                   _WILKS),
    ReferenceValue("events that 299 may hold", lambda: max_events(0.01, 299, 0.95), 0, _CLOSED),
    ReferenceValue("n for a 95th percentile", lambda: quantile_need_n(0.95, 0.95), 59, _WILKS),
    ReferenceValue("n for a 95th percentile, one above", lambda: quantile_need_n(0.95, 0.95, 1),
                   93, _WILKS),
    ReferenceValue("n for a 99th percentile", lambda: quantile_need_n(0.99, 0.95), 299, _WILKS),
    ReferenceValue("how many of 93 may be above", lambda: allowed_exceedances(0.95, 93, 0.95), 1,
                   _WILKS),
    ReferenceValue("the largest of 59 bounds the 95th percentile",
                   lambda: quantile_bounds([float(i) for i in range(59)], 0.95, 0.95)[2], 58.0,
                   _WILKS),
    ReferenceValue("I_0.07(3, 98)", lambda: betainc(3, 98, 0.07), 0.9742114587176876,
                   "SciPy special.betainc"),
    ReferenceValue("P(Bin(100, 0.05) >= 3)", lambda: betainc(3, 98, 0.05), 0.8817370188148796,
                   "SciPy binom.sf"),
    ReferenceValue("normal, 97.5 %", lambda: normal_quantile(0.975), 1.959963984540054, _TABLE),
    ReferenceValue("t with 10 degrees, 97.5 %", lambda: student_t_quantile(0.975, 10),
                   2.228138851986274, _TABLE),
    ReferenceValue("t with 3.5 degrees, 95 %", lambda: student_t_quantile(0.95, 3.5),
                   2.2224334936496004, "SciPy t.ppf"),
    ReferenceValue("mean of 1 to 5, lower", lambda: mean_bounds([1, 2, 3, 4, 5], 0.95)[1],
                   3 - 2.131846786326649 * (2.5 / 5) ** 0.5, _TABLE),
    ReferenceValue("clusters of one case are cases",
                   lambda: cluster_bounds([(core, core < 3) for core in range(100)], 0.95)[1],
                   0.07571079374983004, _CLOPPER),
)  # fmt: skip
"""What the statistics must give."""

_RATE = Criterion("reference", "reference", Relation.BELOW, 0.01, possible=(0.0, 1.0))
_NEVER = Criterion("reference", "reference", Relation.AT_MOST, 0.0, min_n=300, zero_tolerance=True)

VERDICTS: tuple[tuple[str, Criterion, int, int, Status], ...] = (
    ("0 of 299 below 1 %", _RATE, 0, 299, Status.PASS),
    ("0 of 298 below 1 %", _RATE, 0, 298, Status.INCONCLUSIVE),
    ("2 of 300 below 1 %", _RATE, 2, 300, Status.INCONCLUSIVE),
    ("10 of 300 below 1 %", _RATE, 10, 300, Status.FAIL),
    ("0 of 300, none tolerated", _NEVER, 0, 300, Status.PASS),
    ("0 of 299, none tolerated", _NEVER, 0, 299, Status.INCONCLUSIVE),
    ("1 of 299, none tolerated", _NEVER, 1, 299, Status.FAIL),
)
"""Events of n under a criterion, and the verdict that must follow."""


def look_at_statistics(tries: Tries) -> None:
    """Compare every reference value, and judge every reference measurement."""
    for value in VALUES:
        found = value.compute()
        close = found is not None and abs(found - value.wanted) <= _RELATIVE * max(
            1.0, abs(value.wanted)
        )
        tries.expect(close, value.what, f"got {found!r}, wanted {value.wanted!r} ({value.source})")
    for what, criterion, events, n, wanted in VERDICTS:
        rate = Measurement("reference", Kind.RATE, events / n, n, events=events)
        status = criterion.judge(rate).status
        tries.expect(status is wanted, what, f"the verdict is {status}, and must be {wanted}")
