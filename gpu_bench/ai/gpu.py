"""From readings of the GPU to what a criterion judges and a reader sees."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from clinigate.core.exhibit import Exhibit, Form, Series
from clinigate.core.measurement import Measurement
from clinigate.gpu_bench.ai.blocks import mean_measurement
from clinigate.gpu_bench.ai.criteria import GPU_MEMORY, GPU_POWER, GPU_UTILIZATION
from clinigate.gpu_bench.ai.nvml import GpuSample, mean_utilization, throttled
from clinigate.measure.exhibits import thin

__all__ = ["LEAST_WINDOW_S", "gpu_exhibit", "gpu_measurements"]

#: NVML's own window is up to a second; a block under load lasts several of them.
LEAST_WINDOW_S = 5.0
#: What is read in the first second of a block still speaks of the time before it.
_SETTLE_S = 1.0
_LEAST_READINGS = 20

Window = tuple[float, float]


def gpu_measurements(
    samples: Sequence[GpuSample],
    windows: Sequence[Window],
    *,
    confidence: float,
    trouble: str | None = None,
) -> tuple[Measurement, ...]:
    """Return utilization, memory (bytes) and power (W) under the offered load, over blocks.

    Args:
        samples: readings, in order of time.
        windows: start and end of each block, on the readings' clock.
        confidence: one-sided.
        trouble: why the readings ended early, if they did.
    """
    settled = [(start + _SETTLE_S, end) for start, end in windows]
    inside = [[s for s in samples if start <= s.at < end] for start, end in settled]
    used = [sample for block in inside for sample in block]
    means = [mean_utilization(samples, start, end) for start, end in settled]
    utilization = mean_measurement(
        GPU_UTILIZATION,
        [mean for mean in means if mean is not None],
        confidence,
        unit="1",
    )
    slowed = throttled(used)
    told = f"time-weighted mean of {len(used)} readings; share of the time in which a kernel ran"
    utilization = replace(
        utilization,
        caveats=(told, *(() if slowed is None else (slowed,))),
        unmeasurable=trouble or _too_few(len(used)),
    )
    memory = [max(float(s.memory_bytes) for s in block) for block in inside if block]
    power = [sum(s.power_w for s in block) / len(block) for block in inside if block]
    return (
        utilization,
        mean_measurement(GPU_MEMORY, memory, confidence, unit="B"),
        mean_measurement(GPU_POWER, power, confidence, unit="W"),
    )


def gpu_exhibit(samples: Sequence[GpuSample], limit: float | None) -> Exhibit:
    """Draw utilization over time, from the first reading on."""
    times, shares = thin([s.at - samples[0].at for s in samples], [s.utilization for s in samples])
    return Exhibit(
        metric=GPU_UTILIZATION,
        form=Form.TIMELINE,
        title="GPU under the offered load",
        x_unit="s",
        y_unit="1",
        series=(Series("utilization", times, shares),),
        limit=limit,
    )


def _too_few(readings: int) -> str | None:
    if readings >= _LEAST_READINGS:
        return None
    return f"{readings} readings of the GPU under load; {_LEAST_READINGS} are the least"
