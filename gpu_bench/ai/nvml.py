"""What the GPU says of itself while the model is under load: NVML, sampled by a thread.

`utilization.gpu` is the share of the last sampling period, a sixth of a second to a second, in
which any kernel ran (NVML API reference, `nvmlUtilization_t`): one reading says nothing, and it is
no measure of how full the GPU was. So the mean is weighted by time, over many readings, at a fixed
offered load.
"""

from __future__ import annotations

import importlib
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from clinigate.errors import MissingExtraError, UsageError
from clinigate.gpu_bench.ai.device import Device

__all__ = ["GpuSample", "GpuSampler", "import_nvml", "mean_utilization", "throttled"]

_PERIOD_S = 0.1
#: Reasons that slow a GPU down (`nvmlClocksEventReasons`); idleness and a set clock are none.
_THROTTLES = {
    0x04: "power cap",
    0x08: "hardware slowdown",
    0x20: "thermal (software)",
    0x40: "thermal (hardware)",
    0x80: "power brake",
}


@dataclass(frozen=True, slots=True)
class GpuSample:
    """One reading.

    Attributes:
        at: seconds of the clock that times the blocks.
        utilization: 0 to 1. memory_bytes: in use. power_w: drawn.
        reasons: bits of what slows the clocks.
    """

    at: float
    utilization: float
    memory_bytes: int
    power_w: float
    reasons: int


class GpuSampler(AbstractContextManager["GpuSampler"]):
    """Reads one GPU in a thread for as long as the context is open."""

    def __init__(
        self,
        nvml: Any,
        device: Device,
        *,
        now: Callable[[], float] = time.perf_counter,
        period_s: float = _PERIOD_S,
    ) -> None:
        """Take the GPU that torch uses.

        Args:
            nvml: the module `pynvml`, or what behaves like it.
            device: the GPU, by its uuid.
            now: the clock that times the blocks.
            period_s: seconds between two readings.

        Raises:
            UsageError: the driver does not know the GPU.
        """
        self.samples: list[GpuSample] = []
        self.trouble: str | None = None
        self._nvml, self._now, self._period_s = nvml, now, period_s
        try:
            nvml.nvmlInit()
            self._handle = (
                nvml.nvmlDeviceGetHandleByIndex(0)
                if device.uuid is None
                else nvml.nvmlDeviceGetHandleByUUID(device.uuid)
            )
        except nvml.NVMLError as error:
            raise UsageError(
                f"the GPU {device.name} cannot be watched, NVML says: {error}; check `nvidia-smi`"
            ) from error
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="clinigate-gpu", daemon=True)

    def __enter__(self) -> GpuSampler:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._thread.join()
        self._nvml.nvmlShutdown()

    def _watch(self) -> None:
        try:
            while True:
                self.samples.append(self._read())
                if self._stop.wait(self._period_s):
                    return
        except Exception as error:  # noqa: BLE001 - a driver's; whoever reads it runs in a thread
            self.trouble = f"NVML stopped to answer: {type(error).__name__}: {error}"

    def _read(self) -> GpuSample:
        nvml, handle = self._nvml, self._handle
        return GpuSample(
            at=self._now(),
            utilization=nvml.nvmlDeviceGetUtilizationRates(handle).gpu / 100,
            memory_bytes=int(nvml.nvmlDeviceGetMemoryInfo(handle).used),
            power_w=nvml.nvmlDeviceGetPowerUsage(handle) / 1e3,
            reasons=int(nvml.nvmlDeviceGetCurrentClocksThrottleReasons(handle)),
        )


def import_nvml() -> Any:
    """Return pynvml.

    Raises:
        MissingExtraError: it is not installed.
    """
    try:
        return importlib.import_module("pynvml")
    except ImportError:
        raise MissingExtraError("a limit of the GPU's utilization", "gpu") from None


def mean_utilization(samples: Sequence[GpuSample], start: float, end: float) -> float | None:
    """Return the mean between two moments, each reading weighted by the time until the next.

    None where no reading falls between them.
    """
    within = [sample for sample in samples if start <= sample.at < end]
    if not within:
        return None
    ends = [sample.at for sample in within[1:]] + [end]
    weights = [until - sample.at for sample, until in zip(within, ends, strict=True)]
    total = sum(weights)
    return sum(s.utilization * w for s, w in zip(within, weights, strict=True)) / total


def throttled(samples: Sequence[GpuSample]) -> str | None:
    """Say how often the GPU was slowed down and why; None where it never was."""
    bits = [sample.reasons for sample in samples if any(sample.reasons & bit for bit in _THROTTLES)]
    if not bits:
        return None
    why = [name for bit, name in _THROTTLES.items() if any(each & bit for each in bits)]
    return (
        f"the GPU was slowed down in {len(bits)} of {len(samples)} readings ({', '.join(why)}); "
        "the times are those of a throttled GPU"
    )
