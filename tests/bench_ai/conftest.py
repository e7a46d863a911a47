"""A clock that tests set, and a model whose times follow from the size of the batch."""

from __future__ import annotations

import gc
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import pytest

from clinigate.core.observation import Observation
from clinigate.gpu_bench.ai.device import Device
from clinigate.gpu_bench.ai.local import LocalSubject
from clinigate.gpu_bench.ai.options import AiOptions

#: Seconds of a batch of a small encoder on one core, as they were measured (facts of the project).
MEASURED = {1: 0.0087, 2: 0.0139, 4: 0.0230, 8: 0.0412, 16: 0.0846}


class VirtualClock:
    """Time passes only where somebody waits or works."""

    def __init__(self) -> None:
        self.time = 100.0

    def now(self) -> float:
        return self.time

    def wait_until(self, moment: float) -> None:
        self.time = max(self.time, moment)


def measured(size: int) -> float:
    """Seconds of a batch, interpolated between what was measured."""
    above = min(each for each in MEASURED if each >= size)
    below = max(each for each in MEASURED if each <= size)
    if above == below:
        return MEASURED[size]
    part = (size - below) / (above - below)
    return MEASURED[below] + part * (MEASURED[above] - MEASURED[below])


class VirtualModel:
    """Takes the seconds that a function of the batch's size says, on a virtual clock."""

    def __init__(
        self,
        clock: VirtualClock,
        seconds: Callable[[int], float] = measured,
        *,
        device: Device | None = None,
        name: str = "virtual",
    ) -> None:
        self.name = name
        self.device = device or Device("cpu", "virtual processor", threads=1)
        self.fingerprint: Mapping[str, str] = {"model": name}
        self.asked: list[Any] = []
        self.calls = 0
        self._clock = clock
        self._seconds = seconds

    def queries(self, count: int, seed: int) -> list[Any]:
        return [f"{seed}.{number}" for number in range(count)]

    def serve(self, batch: Sequence[Any]) -> object:
        self.calls += 1
        self.asked += batch
        self._clock.time += self._seconds(len(batch))
        return [0.0] * len(batch)

    def check(self) -> None:
        return

    def device_seconds(self) -> tuple[float, ...]:
        return ()


class Notebook:
    """Where a bench records, as the recorder of a run."""

    def __init__(self) -> None:
        self.observations: list[Observation] = []
        self.notes: dict[str, Any] = {}
        self.blobs: dict[str, Any] = {}

    def observation(self, observation: Observation) -> None:
        self.observations.append(observation)

    def note(self, topic: str, body: Mapping[str, Any]) -> None:
        self.notes[topic] = dict(body)

    def blob(self, data: bytes, media_type: str) -> str:
        digest = f"sha256:{len(self.blobs)}"
        self.blobs[digest] = json.loads(data)
        return digest

    def about(self, metric: str) -> list[Any]:
        return [o.about for o in self.observations if o.about.metric == metric]


def quiet() -> None:
    """A host that tells nothing of itself."""


@pytest.fixture(autouse=True)
def _quick_collections() -> Iterator[None]:
    """A bench collects garbage before each block; what the test run itself holds is left alone."""
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture(scope="session")
def clocks() -> type[VirtualClock]:
    """For tests that need a new clock for each example."""
    return VirtualClock


@pytest.fixture
def notebook() -> Notebook:
    return Notebook()


@pytest.fixture
def virtual(clock: VirtualClock) -> Callable[..., LocalSubject]:
    """Make a subject on the virtual clock, from options and the seconds of a batch."""

    def make(
        options: AiOptions,
        seconds: Callable[[int], float] = measured,
        *,
        host: Callable[[], int | None] = quiet,
        **given: Any,
    ) -> LocalSubject:
        model = VirtualModel(clock, seconds, **given)
        return LocalSubject(model, options, clock=clock, host=host)

    return make
