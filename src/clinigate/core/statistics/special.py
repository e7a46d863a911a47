"""Special functions in pure Python: the incomplete beta function, its inverse, two quantiles.

Every bound in this package is a quantile of a beta distribution. The front factor of the beta
tail is written as a saddle point (Loader 2000, "Fast and accurate computation of binomial
probabilities"), because differences of log-gamma lose eight digits at ten million cases; the rest
is the continued fraction of DLMF 8.17.22, summed by Lentz's method.
"""

from __future__ import annotations

import math
from functools import lru_cache
from statistics import NormalDist

from clinigate.core.statistics.arguments import check_open_unit, check_positive, check_range

__all__ = ["betainc", "betaincinv", "normal_quantile", "student_t_quantile"]

_HALF_LOG_TAU = 0.5 * math.log(math.tau)
_TINY = 1e-300
_EPSILON = 1e-15
_MOST_TERMS = 200_000
_MOST_STEPS = 200


def betainc(a: float, b: float, x: float) -> float:
    """Return the regularised incomplete beta function I_x(a, b), a probability.

    It is P(Beta(a, b) <= x), and P(Bin(n, x) >= k) for a = k, b = n - k + 1.

    Raises:
        UsageError: a or b is not a finite number above 0, or x is outside [0, 1].
    """
    check_positive("a", a)
    check_positive("b", b)
    check_range("x", x, 0.0, 1.0)
    if x in (0.0, 1.0):
        return float(x)
    return math.exp(_log_tails(a, b, x, 1.0 - x)[0])


@lru_cache(maxsize=4096)
def betaincinv(a: float, b: float, p: float) -> float:
    """Return the x with I_x(a, b) = p: the p-quantile of Beta(a, b).

    Relative accuracy is about 1e-11 for a + b up to 1e7.

    Raises:
        UsageError: a or b is not a finite number above 0, or p is outside [0, 1].
    """
    check_positive("a", a)
    check_positive("b", b)
    check_range("p", p, 0.0, 1.0)
    if p in (0.0, 1.0):
        return float(p)
    if p <= 0.5:
        return _logistic(_solve_logit(a, b, math.log(p)))
    return _logistic(-_solve_logit(b, a, math.log1p(-p)))


def normal_quantile(p: float) -> float:
    """Return the p-quantile of the standard normal distribution, for p strictly in (0, 1)."""
    return NormalDist().inv_cdf(check_open_unit("p", p))


def student_t_quantile(p: float, df: float) -> float:
    """Return the p-quantile of Student's t with `df` degrees of freedom (any real above 0)."""
    check_open_unit("p", p)
    check_positive("df", df)
    if p < 0.5:
        return -student_t_quantile(1.0 - p, df)
    # T^2 / (df + T^2) is Beta(1/2, df/2); of it and its complement, solve for the smaller, which
    # keeps all its digits.
    share = betaincinv(0.5, df / 2, 2 * p - 1)
    if share <= 0.5:
        return math.sqrt(df * share / (1.0 - share))
    rest = betaincinv(df / 2, 0.5, 2 * (1.0 - p))
    return math.sqrt(df * (1.0 - rest) / rest)


def _logistic(u: float) -> float:
    return 1.0 / (1.0 + math.exp(-u)) if u > -700.0 else math.exp(u)


def _solve_logit(a: float, b: float, log_p: float) -> float:
    """Return the logit u of the quantile, by Newton's method on log F(u) for p at most a half.

    The logit of a beta variable has a log-concave density, so log F is concave and increasing:
    Newton's steps approach the root from the left, and no bracket is needed.
    """
    u = math.log(a / b)
    for _ in range(_MOST_STEPS):
        x, y = _logistic(u), _logistic(-u)
        log_lower = _log_tails(a, b, x, y)[0]
        slope = math.exp(_log_front(a, b, x, y) - log_lower)
        step = (log_p - log_lower) / slope
        u += step
        if abs(step) <= 1e-13 * max(1.0, abs(u)):
            break
    return u


def _log_tails(a: float, b: float, x: float, y: float) -> tuple[float, float]:
    """Return (log I_x(a, b), log of its complement), for y = 1 - x and x strictly in (0, 1)."""
    if x * (a + b + 2.0) > a + 1.0:  # past the mean the mirrored fraction converges faster
        upper, lower = _log_tails_below_mean(b, a, y, x)
        return lower, upper
    return _log_tails_below_mean(a, b, x, y)


def _log_tails_below_mean(a: float, b: float, x: float, y: float) -> tuple[float, float]:
    log_lower = _log_front(a, b, x, y) - math.log(a) + math.log(_fraction(a, b, x))
    log_lower = min(log_lower, -_TINY)
    return log_lower, math.log(-math.expm1(log_lower))


def _log_front(a: float, b: float, x: float, y: float) -> float:
    """Return log(x^a y^b / B(a, b)) as a saddle point."""
    n = a + b
    return (
        0.5 * (math.log(a) + math.log(b) - math.log(n))
        - _HALF_LOG_TAU
        + (_stirling_error(n) - _stirling_error(a) - _stirling_error(b))
        - _deviance(a, n * x)
        - _deviance(b, n * y)
    )


def _stirling_error(z: float) -> float:
    """Return log Gamma(z + 1) less Stirling's formula for it."""
    if z < 10.0:
        return math.lgamma(z + 1.0) - (z + 0.5) * math.log(z) + z - _HALF_LOG_TAU
    w = 1.0 / (z * z)
    return (1 / 12 - (1 / 360 - (1 / 1260 - (1 / 1680 - w / 1188) * w) * w) * w) / z


def _deviance(observed: float, expected: float) -> float:
    """Return observed * log(observed / expected) + expected - observed, without cancellation."""
    gap = observed - expected
    ratio = gap / (observed + expected)
    if abs(ratio) >= 0.1:
        return observed * (math.log(observed) - math.log(expected)) - gap
    total, term, odd = gap * ratio, 2.0 * observed * ratio, 3
    while True:
        term *= ratio * ratio
        longer = total + term / odd
        if longer == total:
            return total
        total, odd = longer, odd + 2


def _fraction(a: float, b: float, x: float) -> float:
    """Return the continued fraction of I_x(a, b) by Lentz's method: about sqrt(n) terms."""
    c = 1.0
    d = 1.0 / _away_from_zero(1.0 - (a + b) * x / (a + 1.0))
    value = d
    for m in range(1, _MOST_TERMS):
        a2m = a + 2 * m
        even = m * (b - m) * x / ((a2m - 1.0) * a2m)
        d = 1.0 / _away_from_zero(1.0 + even * d)
        c = _away_from_zero(1.0 + even / c)
        value *= c * d
        odd = -(a + m) * (a + b + m) * x / (a2m * (a2m + 1.0))
        d = 1.0 / _away_from_zero(1.0 + odd * d)
        c = _away_from_zero(1.0 + odd / c)
        factor = c * d
        value *= factor
        if abs(factor - 1.0) <= _EPSILON:
            return value
    raise ArithmeticError(f"incomplete beta did not converge at a={a!r}, b={b!r}, x={x!r}")


def _away_from_zero(value: float) -> float:
    return value if abs(value) > _TINY else _TINY
