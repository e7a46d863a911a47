"""The GPU's readings, through a stand-in for the module pynvml: no GPU is needed, none is timed.

The stand-in answers with the names and units of NVML (per cent, bytes, milliwatts, bits). That a
real driver answers so is not shown here.
"""

from __future__ import annotations

import itertools
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinigate.core.criterion import Criterion, Relation
from clinigate.core.verdict import Status
from clinigate.errors import UsageError
from clinigate.gpu_bench.ai.criteria import GPU_MEMORY, GPU_POWER, GPU_UTILIZATION
from clinigate.gpu_bench.ai.device import Device
from clinigate.gpu_bench.ai.gpu import gpu_exhibit, gpu_measurements
from clinigate.gpu_bench.ai.nvml import GpuSample, GpuSampler, mean_utilization, throttled

GPU = Device("cuda", "Planted GPU", uuid="GPU-1234")
LIMIT = Criterion(GPU_UTILIZATION, GPU_UTILIZATION, Relation.AT_MOST, 0.8)


def readings(utilization, *, start=0.0, step=0.1, reasons=0, count=None) -> list[GpuSample]:
    values = utilization if count is None else [utilization] * count
    return [
        GpuSample(start + step * number, value, 2**30, 250.0, reasons)
        for number, value in enumerate(values)
    ]


def measured(samples, windows, **given):
    found = {m.metric: m for m in gpu_measurements(samples, windows, confidence=0.95, **given)}
    return found[GPU_UTILIZATION], found


@pytest.mark.parametrize(
    ("levels", "status"),
    [
        ((0.4, 0.5, 0.5, 0.5, 0.6), Status.PASS),
        ((0.6, 0.7, 0.8, 0.9, 0.7), Status.INCONCLUSIVE),
        ((0.9, 0.95, 0.95, 1.0, 0.95), Status.FAIL),
        ((1.0,) * 5, Status.FAIL),
    ],
)
def test_utilization_is_judged_over_blocks(levels, status) -> None:
    samples = [
        reading
        for block, level in enumerate(levels)
        for reading in readings(level, start=6.0 * block, count=60)
    ]
    windows = [(6.0 * number, 6.0 * number + 5.9) for number in range(5)]
    found, others = measured(samples, windows)
    assert found.value == pytest.approx(sum(levels) / 5)
    assert LIMIT.judge(found).status is status
    assert others[GPU_MEMORY].value == 2**30
    assert others[GPU_POWER].value == 250.0


def test_the_first_second_of_a_block_speaks_of_the_time_before() -> None:
    """NVML's window is up to a second: idle readings at each start must not lower the mean."""
    samples = [
        each
        for block in range(5)
        for each in (
            *readings(0.0, start=10.0 * block, count=10),
            *readings(0.9, start=10.0 * block + 1.0, count=50),
        )
    ]
    found, _ = measured(samples, [(10.0 * block, 10.0 * block + 6.0) for block in range(5)])
    assert found.value == pytest.approx(0.9)


def test_a_few_readings_say_nothing() -> None:
    found, _ = measured(readings(0.1, count=19, start=1.0), [(0.0, 5.0)])
    assert "19 readings" in found.unmeasurable
    assert LIMIT.judge(found).status is Status.INCONCLUSIVE


def test_a_gpu_that_was_slowed_down_is_told() -> None:
    samples = readings(0.5, count=100, reasons=0x40 | 0x01)
    found, _ = measured(samples, [(0.0, 10.0)])
    assert any("slowed down in 90 of 90 readings (thermal (hardware))" in c for c in found.caveats)
    assert throttled(readings(0.5, count=5, reasons=0x01 | 0x02)) is None  # idle, set clocks


def test_readings_that_stopped_leave_it_open() -> None:
    found, _ = measured(readings(0.1, count=100), [(0.0, 10.0)], trouble="NVML stopped to answer")
    assert LIMIT.judge(found).status is Status.INCONCLUSIVE


def test_each_reading_counts_as_long_as_it_stands() -> None:
    samples = [
        GpuSample(0.0, 1.0, 0, 0, 0),
        GpuSample(3.0, 0.0, 0, 0, 0),
        GpuSample(9.0, 0.5, 0, 0, 0),
    ]
    assert mean_utilization(samples, 0.0, 4.0) == pytest.approx(0.75)
    assert mean_utilization(samples, 4.0, 8.0) is None


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_the_mean_lies_among_the_readings(values) -> None:
    mean = mean_utilization(readings(values), 0.0, 100.0)
    assert min(values) - 1e-9 <= mean <= max(values) + 1e-9


def test_a_figure_keeps_to_its_points() -> None:
    exhibit = gpu_exhibit(readings(0.5, count=5000), 0.8)
    assert len(exhibit.series[0].x) <= 600
    assert exhibit.limit == 0.8


class NVMLError(Exception):
    """As pynvml's."""


class Nvml(SimpleNamespace):
    """Answers as pynvml does, and tells what it was asked."""

    NVMLError = NVMLError

    def __init__(self, *, fails_at: int | None = None, fault: Exception | None = None) -> None:
        super().__init__(open=0, handles=[], read=itertools.count(1), fails_at=fails_at)
        self.fault = fault or NVMLError("GPU is lost")

    def nvmlInit(self) -> None:  # noqa: N802 - NVML's name
        self.open += 1

    def nvmlShutdown(self) -> None:  # noqa: N802
        self.open -= 1

    def nvmlDeviceGetHandleByUUID(self, uuid: str) -> str:  # noqa: N802
        if uuid != GPU.uuid:
            raise NVMLError("Not Found")
        self.handles.append(uuid)
        return uuid

    def nvmlDeviceGetUtilizationRates(self, handle: str) -> SimpleNamespace:  # noqa: N802
        if next(self.read) == self.fails_at:
            raise self.fault
        return SimpleNamespace(gpu=42, memory=7)

    def nvmlDeviceGetMemoryInfo(self, handle: str) -> SimpleNamespace:  # noqa: N802
        return SimpleNamespace(used=123, total=456)

    def nvmlDeviceGetPowerUsage(self, handle: str) -> int:  # noqa: N802
        return 250_500

    def nvmlDeviceGetCurrentClocksThrottleReasons(self, handle: str) -> int:  # noqa: N802
        return 0x04


def test_the_sampler_reads_the_gpu_that_torch_uses_and_lets_go_of_it() -> None:
    nvml = Nvml()
    with GpuSampler(nvml, GPU, period_s=0.001) as sampler:
        while len(sampler.samples) < 3:
            pass
    assert nvml.open == 0
    assert nvml.handles == ["GPU-1234"]
    sample = sampler.samples[0]
    assert (sample.utilization, sample.memory_bytes, sample.power_w) == (0.42, 123, 250.5)
    assert sample.reasons == 0x04
    assert sampler.trouble is None


@pytest.mark.parametrize("fault", [NVMLError("GPU is lost"), ValueError("no such field")])
def test_a_driver_that_stops_to_answer_is_told(fault) -> None:
    """By whatever exception: readings that ended in silence would judge a part of the load."""
    nvml = Nvml(fails_at=2, fault=fault)
    with GpuSampler(nvml, GPU, period_s=0.001) as sampler:
        sampler._thread.join(timeout=30)
    assert str(fault) in sampler.trouble
    assert len(sampler.samples) == 1
    assert nvml.open == 0


def test_a_gpu_that_the_driver_does_not_know_is_refused() -> None:
    with pytest.raises(UsageError, match="Planted GPU cannot be watched, NVML says: Not Found"):
        GpuSampler(Nvml(), Device("cuda", "Planted GPU", uuid="GPU-other"))


def test_the_real_module_has_these_names_and_bits() -> None:
    """So that the stand-in stands for something."""
    pynvml = pytest.importorskip("pynvml")
    assert all(hasattr(pynvml, name) for name in dir(Nvml) if name.startswith("nvml"))
    named = {
        "SwPowerCap": "power cap",
        "HwSlowdown": "hardware slowdown",
        "SwThermalSlowdown": "thermal (software)",
        "HwThermalSlowdown": "thermal (hardware)",
        "HwPowerBrakeSlowdown": "power brake",
    }
    for name, told in named.items():
        bit = getattr(pynvml, f"nvmlClocksEventReason{name}")
        assert f"({told})" in throttled(readings(0.5, count=1, reasons=bit))


def test_a_machine_without_a_driver_is_told() -> None:
    """The real module, where there is no GPU: one sentence, and no traceback of NVML's."""
    pynvml = pytest.importorskip("pynvml")
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        with pytest.raises(UsageError, match="cannot be watched, NVML says"):
            GpuSampler(pynvml, GPU)
    else:
        pynvml.nvmlShutdown()
        pytest.skip("there is a driver here")
