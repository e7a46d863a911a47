"""A histogram of durations that keeps every count exactly and every value to 0.05%.

A value is a whole number of nanoseconds, and a bucket holds the values that agree in their first
eleven bits: below 2048 ns each value has a bucket of its own, above it a bucket is at most
1/1024 of its values wide, so that its middle is at most 0.049% off. Nothing is capped, counts are
integers, and merging adds integers: histograms of many workers merged are bit for bit the one that
a single worker would have recorded. (The layout is that of HdrHistogram, hdrhistogram.org, with
the bucket's width fixed by bits instead of decimal digits.)
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from clinigate.core.measurement import Interval, Kind, Measurement, SliceResult
from clinigate.core.statistics import allowed_exceedances
from clinigate.core.statistics.arguments import check_confidence, check_count, check_open_unit
from clinigate.core.statistics.rates import max_events
from clinigate.errors import UsageError

__all__ = ["METHOD", "Histogram", "quantile_measurement"]

#: How the bounds of a quantile are found, as measurements say it.
METHOD = "order statistics of an exact-count histogram (values to 0.05%)"

_SCHEMA = "clinigate.histogram/1"
_BITS = 11
_HALF = 1 << (_BITS - 1)
_NS = 1e9


class Histogram:
    """Counts of durations in seconds, 0 or more.

    Attributes:
        count: how many were recorded.
    """

    __slots__ = ("_counts", "_max_ns", "_min_ns", "_total_ns", "count")

    def __init__(self) -> None:
        self.count = 0
        self._counts: dict[int, int] = {}
        self._total_ns = 0
        self._min_ns: int | None = None
        self._max_ns: int | None = None

    def record(self, seconds: float, count: int = 1) -> None:
        """Count `seconds`, to the nanosecond, `count` times.

        Raises:
            UsageError: a negative or infinite time, NaN, or a count below 1. A request that never
                came back is recorded with the time that it was given.
        """
        if not 0.0 <= seconds < math.inf:
            raise UsageError(f"seconds is {seconds!r}; wanted a finite number, 0 or more")
        if count < 1:
            raise UsageError(f"count is {count!r}; wanted an integer, 1 or more")
        ns = int(seconds * _NS + 0.5)
        key = _key(ns)
        self._counts[key] = self._counts.get(key, 0) + count
        self.count += count
        self._total_ns += ns * count
        if self._min_ns is None or ns < self._min_ns:
            self._min_ns = ns
        if self._max_ns is None or ns > self._max_ns:
            self._max_ns = ns

    def merge(self, other: Histogram) -> None:
        """Add what `other` holds; the same as having recorded its values here."""
        for key, count in other._counts.items():
            self._counts[key] = self._counts.get(key, 0) + count
        self.count += other.count
        self._total_ns += other._total_ns
        if other._min_ns is not None and (self._min_ns is None or other._min_ns < self._min_ns):
            self._min_ns = other._min_ns
        if other._max_ns is not None and (self._max_ns is None or other._max_ns > self._max_ns):
            self._max_ns = other._max_ns

    @property
    def min(self) -> float | None:
        """The smallest value, exactly; None where nothing was recorded."""
        return None if self._min_ns is None else self._min_ns / _NS

    @property
    def max(self) -> float | None:
        """The largest value, exactly; None where nothing was recorded."""
        return None if self._max_ns is None else self._max_ns / _NS

    @property
    def total(self) -> float:
        """The sum of all values in seconds, exactly but for its last rounding."""
        return self._total_ns / _NS

    def quantile(self, q: float) -> float | None:
        """Return the smallest value with a share of at least `q` at or below it (nearest rank).

        None where nothing was recorded. At most 0.05% off.

        Raises:
            UsageError: `q` is not above 0 and at most 1.
        """
        if not 0.0 < q <= 1.0:
            raise UsageError(f"q is {q!r}; wanted a share above 0 and at most 1, as 0.99")
        if not self.count:
            return None
        low, high = self._bucket_of(max(math.ceil(self.count * q - 1e-9), 1))
        return (low + high) / 2 / _NS

    def quantile_interval(self, q: float, confidence: float) -> Interval:
        """Return both one-sided bounds of the `q`-quantile; None where there are too few values.

        The bounds are order statistics (`clinigate.core.statistics.quantiles`), and of the bucket
        that holds one, the end that is farther from the quantile.

        Raises:
            UsageError: `q` outside (0, 1), `confidence` outside (0.5, 1).
        """
        check_open_unit("q", q)
        check_confidence(confidence)
        low = high = None
        if self.count:
            below = max_events(q, self.count, confidence, strict=False)
            above = allowed_exceedances(q, self.count, confidence)
            low = None if below is None else self._bucket_of(below + 1)[0] / _NS
            high = None if above is None else self._bucket_of(self.count - above)[1] / _NS
        return Interval(low, high, confidence, METHOD)

    def count_above(self, limit_s: float) -> int:
        """Return how many values lie above `limit_s`.

        Where the limit falls into a bucket, all of its values count: up to 0.1% below the limit a
        value may count as above it, and none above it is missed.
        """
        if self._max_ns is None or self._max_ns / _NS <= limit_s:
            return 0
        return sum(
            count for key, count in self._counts.items() if self._edges(key)[1] / _NS > limit_s
        )

    def buckets(self) -> Iterator[tuple[float, float, int]]:
        """Yield (smallest, largest, count) of every bucket that holds values, in ascending order.

        Smallest and largest are the values in seconds that the bucket can hold, both included.
        """
        for key in sorted(self._counts):
            low, high = self._edges(key)
            yield low / _NS, high / _NS, self._counts[key]

    def to_plain(self) -> dict[str, Any]:
        """Return this as plain data for JSON; every number in it is an integer."""
        return {
            "schema": _SCHEMA,
            "count": self.count,
            "min_ns": self._min_ns,
            "max_ns": self._max_ns,
            "total_ns": self._total_ns,
            "counts": [[key, self._counts[key]] for key in sorted(self._counts)],
        }

    @classmethod
    def from_plain(cls, data: Mapping[str, Any]) -> Histogram:
        """Return the histogram that `to_plain` wrote.

        Raises:
            UsageError: data of another schema, or numbers that contradict each other.
        """
        schema = data.get("schema") if isinstance(data, Mapping) else None
        if schema != _SCHEMA:
            raise UsageError(f"histogram: schema is {schema!r}, wanted {_SCHEMA!r}")
        result = cls()
        try:
            pairs = [
                (_whole("key", key), _whole("count", count, low=1)) for key, count in data["counts"]
            ]
            result._counts = dict(pairs)
            result.count = _whole("count", data["count"])
            result._total_ns = _whole("total_ns", data["total_ns"])
            if result.count:
                result._min_ns = _whole("min_ns", data["min_ns"])
                result._max_ns = _whole("max_ns", data["max_ns"])
        except (KeyError, TypeError, ValueError) as error:
            raise UsageError(
                f"histogram: {type(error).__name__} at {error}; wanted what to_plain() wrote"
            ) from error
        result._check(len(pairs))
        return result

    def _check(self, pairs: int) -> None:
        """Refuse counts, ends and total that cannot be of the same values."""
        agrees = len(self._counts) == pairs and self.count == sum(self._counts.values())
        if agrees and self._min_ns is not None and self._max_ns is not None:
            ends = (_key(self._min_ns), _key(self._max_ns))
            agrees = ends == (min(self._counts), max(self._counts))
            agrees = agrees and self._least_ns() <= self._total_ns <= self._most_ns()
        elif agrees:
            agrees = not self._total_ns
        if not agrees:
            raise UsageError(
                "histogram: its counts, ends and total contradict each other; "
                "wanted what to_plain() wrote, unchanged"
            )

    def _least_ns(self) -> int:
        return sum(self._edges(key)[0] * count for key, count in self._counts.items())

    def _most_ns(self) -> int:
        return sum(self._edges(key)[1] * count for key, count in self._counts.items())

    def _bucket_of(self, rank: int) -> tuple[int, int]:
        """The ends in nanoseconds of the bucket that holds the rank-th smallest value, from 1."""
        seen = 0
        for key in sorted(self._counts):
            seen += self._counts[key]
            if seen >= rank:
                break
        return self._edges(key)

    def _edges(self, key: int) -> tuple[int, int]:
        """The ends of a bucket, no farther out than the values that were seen."""
        low, high = _edges(key)
        assert self._min_ns is not None
        assert self._max_ns is not None
        return max(low, self._min_ns), min(high, self._max_ns)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Histogram) and self.to_plain() == other.to_plain()

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Histogram(count={self.count}, min={self.min}, max={self.max})"


def _whole(field: str, value: Any, *, low: int = 0) -> int:
    return check_count(f"histogram: {field}", value, low=low)


def _key(ns: int) -> int:
    """The number of the bucket that holds `ns`; buckets of larger values have larger numbers."""
    shift = ns.bit_length() - _BITS
    return ns if shift <= 0 else shift * _HALF + (ns >> shift)


def _edges(key: int) -> tuple[int, int]:
    """The smallest and largest number of nanoseconds in a bucket."""
    if key < 2 * _HALF:
        return key, key
    shift = key // _HALF - 1
    low = (key - shift * _HALF) << shift
    return low, low + (1 << shift) - 1


def quantile_measurement(
    metric: str,
    histogram: Histogram,
    q: float,
    confidence: float = 0.95,
    *,
    slices: tuple[SliceResult, ...] = (),
    caveats: tuple[str, ...] = (),
    excluded: int = 0,
    unmeasurable: str | None = None,
) -> Measurement:
    """Return the `q`-quantile of a histogram in seconds, with bounds at `confidence` each.

    Where nothing was recorded the value is None and n is 0: a criterion calls that INCONCLUSIVE.

    Raises:
        UsageError: `q` outside (0, 1), `confidence` outside (0.5, 1).
    """
    return Measurement(
        metric=metric,
        kind=Kind.QUANTILE,
        value=histogram.quantile(q),
        n=histogram.count,
        unit="s",
        interval=histogram.quantile_interval(q, confidence),
        slices=slices,
        caveats=caveats,
        excluded=excluded,
        unmeasurable=unmeasurable,
    )
