"""Chi-squared distributions, central and noncentral, from the regularised incomplete gamma."""

from __future__ import annotations

import math

from clinigate.core.statistics.arguments import check_at_least, check_open_unit, check_positive

__all__ = ["chi2_cdf", "chi2_quantile", "gammainc", "noncentral_chi2_cdf"]

_EPSILON = 2.0**-53
_TINY = 1e-300
#: Half a million terms reach shapes of 1e10, far beyond any sample of ours.
_MOST_TERMS = 500_000


def gammainc(a: float, x: float) -> float:
    """Return the regularised lower incomplete gamma function P(a, x) for a above 0, x from 0 on.

    Its series below the mean, Lentz's continued fraction of the complement above it.
    """
    check_positive("a", a)
    check_at_least("x", x, 0.0)
    if x == 0.0:
        return 0.0
    if x < a + 1.0:
        return min(1.0, _front(a, x) * _series(a, x))
    return max(0.0, 1.0 - _front(a, x) * x * _fraction(a, x))


def chi2_cdf(x: float, df: float) -> float:
    """Return the chance that a chi-squared variable with `df` degrees of freedom is at most `x`."""
    return gammainc(df / 2.0, x / 2.0)


def chi2_quantile(p: float, df: float) -> float:
    """Return the p-quantile of chi-squared with `df` degrees of freedom, for p in (0, 1)."""
    check_open_unit("p", p)
    check_positive("df", df)
    low, high = 0.0, max(1.0, df)
    while chi2_cdf(high, df) < p:
        high *= 2.0
    for _ in range(200):
        middle = (low + high) / 2.0
        if middle in (low, high):
            break
        low, high = (middle, high) if chi2_cdf(middle, df) < p else (low, middle)
    return high


def noncentral_chi2_cdf(x: float, df: float, noncentrality: float) -> float:
    """Return the chance that a noncentral chi-squared variable is at most `x`.

    A Poisson mixture of central ones (Johnson, Kotz and Balakrishnan 1995, 29.3), summed from its
    heaviest term outwards; what is left out weighs less than 1e-12.
    """
    check_at_least("noncentrality", noncentrality, 0.0)
    if noncentrality == 0.0 or x == 0.0:
        return chi2_cdf(x, df)
    mean = noncentrality / 2.0
    reach = 8.0 * math.sqrt(mean) + 40.0
    first, last = max(0, int(mean - reach)), int(mean + reach)
    half = x / 2.0
    # Downwards each term is the one above it and something positive: nothing cancels.
    tail = gammainc(df / 2.0 + last, half)
    total = 0.0
    for j in range(last, first - 1, -1):
        total += math.exp(j * math.log(mean) - mean - math.lgamma(j + 1.0)) * tail
        if j > 0:
            shape = df / 2.0 + j - 1.0
            tail = min(1.0, tail + _front(shape, half) / shape)
    return min(1.0, total)


def _front(a: float, x: float) -> float:
    """Return x^a e^-x / Gamma(a)."""
    return math.exp(max(a * math.log(x) - x - math.lgamma(a), -745.0))


def _series(a: float, x: float) -> float:
    term = total = 1.0 / a
    for k in range(1, _MOST_TERMS):
        term *= x / (a + k)
        total += term
        if term <= total * _EPSILON:
            return total
    raise ArithmeticError(f"incomplete gamma did not converge at a={a!r}, x={x!r}")


def _fraction(a: float, x: float) -> float:
    b = x + 1.0 - a
    c, d = 1.0 / _TINY, 1.0 / b
    value = d
    for k in range(1, _MOST_TERMS):
        numerator = -k * (k - a)
        b += 2.0
        d = 1.0 / _away_from_zero(numerator * d + b)
        c = _away_from_zero(b + numerator / c)
        value *= c * d
        if abs(c * d - 1.0) <= _EPSILON * 4:
            return value / x
    raise ArithmeticError(f"incomplete gamma did not converge at a={a!r}, x={x!r}")


def _away_from_zero(value: float) -> float:
    return value if abs(value) > _TINY else _TINY
