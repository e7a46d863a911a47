"""What is timed in this process: a torch module, or any callable that answers a batch."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from types import CoroutineType
from typing import Any, Protocol

from clinigate.core.blame import blame
from clinigate.errors import TargetError
from clinigate.gpu_bench.ai.device import Device, host_device, import_torch, torch_device
from clinigate.gpu_bench.ai.outputs import fault_of
from clinigate.gpu_bench.ai.sentences import everyday

__all__ = ["CallableModel", "Model", "TorchModel"]

_TOKENS = 64
_VOCABULARY = 256
#: Outputs of the last so many batches are looked at after a block; each holds memory until then.
_KEPT = 8


class Model(Protocol):
    """What answers batches of queries in this process.

    Attributes:
        name: for the reader. device: where it runs.
        fingerprint: what must be equal before two runs may be compared.
    """

    name: str
    device: Device
    fingerprint: Mapping[str, str]

    def queries(self, count: int, seed: int) -> list[Any]:
        """Return queries that are ready to be asked; making them is never timed."""
        ...

    def serve(self, batch: Sequence[Any]) -> object:
        """Answer a batch; return when the answers are there.

        Raises:
            TargetError: the model raised an exception.
        """
        ...

    def check(self) -> None:
        """Look at what was answered since the last look.

        Raises:
            TargetError: NaN, an infinity, nothing, or a wrong number of answers.
        """
        ...

    def device_seconds(self) -> tuple[float, ...]:
        """Return what the device itself counted for each batch since the last call."""
        ...


class CallableModel:
    """Any callable from a list of texts to a sequence with one answer for each."""

    def __init__(self, name: str, call: Callable[[list[str]], Any]) -> None:
        self.name = name
        self.device = host_device()
        self.fingerprint: Mapping[str, str] = {"model": name, "kind": "callable"}
        self._call = call
        self._kept: deque[tuple[Any, int]] = deque(maxlen=_KEPT)

    def queries(self, count: int, seed: int) -> list[Any]:
        """Return everyday sentences, drawn with `seed`."""
        return list(everyday(count, seed))

    def serve(self, batch: Sequence[Any]) -> object:
        """Call the model; see `Model`."""
        try:
            outputs = self._call(list(batch))
        except Exception as error:
            raise TargetError(f"model {self.name}: raised {blame(error)}") from error
        self._kept.append((outputs, len(batch)))
        if type(outputs) is CoroutineType:
            self.check()  # at once: each that nobody awaits would be a warning
        return outputs

    def check(self) -> None:
        """Look at the outputs that were kept; see `Model`."""
        _check(self.name, self._kept)

    def device_seconds(self) -> tuple[float, ...]:
        """Nothing: only CUDA has a clock of its own."""
        return ()


class TorchModel:
    """A torch module from token ids, int64 of shape (batch, 64), to whatever it answers."""

    def __init__(self, name: str, module: Any, asked: str, *, threads: int | None = None) -> None:
        torch = import_torch()
        self._torch = torch
        self._place, self.device = torch_device(asked, threads)
        self._module = module.to(self._place).eval()
        self.name = name
        parameters = sum(each.numel() for each in module.parameters())
        kinds = sorted({str(each.dtype) for each in module.parameters()})
        self.fingerprint: Mapping[str, str] = {
            "model": name,
            "kind": "torch",
            "parameters": str(parameters),
            "dtype": " ".join(kinds),
            "tokens": str(_TOKENS),
        }
        self._kept: deque[tuple[Any, int]] = deque(maxlen=_KEPT)
        self._events: list[tuple[Any, Any]] = []
        self._cuda = self._place.type == "cuda"

    def queries(self, count: int, seed: int) -> list[Any]:
        """Return random token ids, drawn with `seed`."""
        generator = self._torch.Generator().manual_seed(seed)
        tokens = self._torch.randint(0, _VOCABULARY, (count, _TOKENS), generator=generator)
        return list(tokens.unbind())

    def serve(self, batch: Sequence[Any]) -> object:
        """Stack, transfer, run and wait for the device; see `Model`."""
        try:
            with self._torch.inference_mode():
                inputs = self._torch.stack(tuple(batch)).to(self._place)
                outputs = self._run_on_cuda(inputs) if self._cuda else self._module(inputs)
        except Exception as error:
            raise TargetError(f"model {self.name}: raised {blame(error)}") from error
        self._kept.append((outputs, len(batch)))
        return outputs

    def check(self) -> None:
        """Look at the outputs that were kept; see `Model`."""
        _check(self.name, self._kept)

    def device_seconds(self) -> tuple[float, ...]:
        """Return the seconds between the CUDA events around each batch."""
        spent = tuple(start.elapsed_time(end) / 1e3 for start, end in self._events)
        self._events.clear()
        return spent

    def _run_on_cuda(self, inputs: Any) -> Any:
        """Events count the kernels alone, the wall clock beside them launch and wait as well."""
        start, end = (self._torch.cuda.Event(enable_timing=True) for _ in range(2))
        start.record()
        outputs = self._module(inputs)
        end.record()
        end.synchronize()
        self._events.append((start, end))
        return outputs


def _check(name: str, kept: deque[tuple[Any, int]]) -> None:
    while kept:
        outputs, size = kept.popleft()
        fault = fault_of(outputs, size)
        if fault is not None:
            raise TargetError(f"model {name}: {fault} (batch of {size})")
