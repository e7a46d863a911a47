"""What a reader should act on: why a limit was not kept. Decides nothing."""

from __future__ import annotations

from collections.abc import Mapping

from clinigate.core.measurement import Measurement
from clinigate.core.observation import Finding
from clinigate.gpu_bench.ai.criteria import (
    MEDIAN_RATIO,
    OFFLINE_THROUGHPUT,
    REGRESSION,
    SERVER_P99,
    SINGLE_P99,
    Limits,
)
from clinigate.gpu_bench.ai.options import AiOptions

__all__ = ["finding"]


def finding(
    measured: Measurement, options: AiOptions, batch_s: Mapping[int, float]
) -> Finding | None:
    """Return what to say where a measurement's own value breaks its limit; None elsewhere.

    Args:
        measured: one metric of a run.
        options: with the limits.
        batch_s: seconds that a batch takes, by size; empty where that is not known.
    """
    if measured.value is None or measured.unmeasurable is not None:
        return None
    message = _message(measured.metric, measured.value, options, batch_s)
    return None if message is None else Finding(measured.metric, message)


def _message(
    metric: str, value: float, options: AiOptions, batch_s: Mapping[int, float]
) -> str | None:
    limits = options.limits
    if metric == SINGLE_P99 and value > limits.latency_s:
        return f"one query in a hundred took {_ms(value)} or more, {_limit(limits)}"
    if metric == SERVER_P99 and value > limits.latency_s:
        return (
            f"at {limits.throughput_rps:g} queries a second one in a hundred took {_ms(value)} "
            f"or more, {_limit(limits)}{_why_slow(options, batch_s)}"
        )
    if metric == OFFLINE_THROUGHPUT and value < limits.throughput_rps:
        return (
            f"{value:.1f} queries a second in batches of {options.max_batch}, "
            f"wanted are {limits.throughput_rps:g}"
        )
    if metric == REGRESSION and value > MEDIAN_RATIO:
        return f"the median became {value - 1:.0%} slower, allowed are {MEDIAN_RATIO - 1:.0%}"
    return None


def _why_slow(options: AiOptions, batch_s: Mapping[int, float]) -> str:
    limit = options.limits.latency_s
    slow = [size for size, seconds in sorted(batch_s.items()) if seconds > limit]
    if slow:
        return f"; a batch of {slow[0]} takes {_ms(batch_s[slow[0]])} by itself"
    wait = options.fixed_wait_s
    if wait is not None and batch_s and wait + max(batch_s.values()) > limit:
        size = max(batch_s)
        return (
            f"; a wait of {_ms(wait)} and a batch of {size} ({_ms(batch_s[size])}) take more "
            "than that: leave --batch-wait out"
        )
    return ""


def _ms(seconds: float) -> str:
    return f"{seconds * 1e3:.4g} ms"


def _limit(limits: Limits) -> str:
    return f"the limit is {_ms(limits.latency_s)}"
