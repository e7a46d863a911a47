"""Whether the generator itself kept up: else its numbers speak of it and not of the system.

Latency is counted from the intended moment, so that a generator that falls behind makes a system
look slower than it is, never faster. A run beyond these limits is still no measurement of the
system: its verdicts are ERROR, with the reason `invalid run: …`.
"""

from __future__ import annotations

from collections.abc import Iterator

from clinigate.load.model import GuardLimits
from clinigate.load.tally import Signs, Tally

__all__ = ["why_invalid"]


def why_invalid(limits: GuardLimits, tally: Tally, trouble: str | None) -> str | None:
    """Return in one sentence why a run's numbers are no measurement; None where they are."""
    reasons = list(_reasons(limits, tally, trouble))
    return f"invalid run: {'; '.join(reasons)}" if reasons else None


def _reasons(limits: GuardLimits, tally: Tally, trouble: str | None) -> Iterator[str]:
    if trouble is not None:
        yield trouble
    if not tally.lag.count:
        yield "no message was sent; lengthen the run or raise the rate"
    if tally.skipped:
        yield (
            f"{tally.skipped} of {tally.due} conversations were never begun; add workers or lower "
            "the rate"
        )
    lag = tally.lag.quantile(0.99)
    if lag is not None and lag > limits.lag_p99_s:
        yield (
            f"the generator fell {lag:.2g} s behind its schedule (p99, limit "
            f"{limits.lag_p99_s:g} s); add workers or lower the rate"
        )
    for worker, signs in sorted(tally.signs.items()):
        yield from _worker_reasons(limits, worker, signs)


def _worker_reasons(limits: GuardLimits, worker: str, signs: Signs) -> Iterator[str]:
    if signs.wall_s <= 0:
        return
    cpu, delay = signs.cpu_s / signs.wall_s, signs.run_delay_s / signs.wall_s
    if cpu > limits.cpu_share:
        yield (
            f"worker {worker} was on its processor {cpu:.0%} of the time (limit "
            f"{limits.cpu_share:.0%}); add workers or lower the rate"
        )
    if delay > limits.run_delay_share:
        yield (
            f"worker {worker} waited for a processor {delay:.0%} of the time (limit "
            f"{limits.run_delay_share:.0%}); generate from a host that does nothing else"
        )
