"""Where torch runs, and what that place is called."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clinigate.errors import MissingExtraError, UsageError

if TYPE_CHECKING:
    import torch

__all__ = ["DEVICES", "Device", "cpu_name", "host_device", "import_torch", "torch_device"]

DEVICES = ("auto", "cpu", "cuda")

_CPUINFO = Path("/proc/cpuinfo")


@dataclass(frozen=True, slots=True)
class Device:
    """What the model runs on.

    Attributes:
        kind: `cpu`, `cuda`, or `remote` for a service that does not say.
        name: as its maker calls it. threads: of torch on the CPU, 0 elsewhere.
        uuid: of the GPU as NVML knows it.
    """

    kind: str
    name: str
    threads: int = 0
    uuid: str | None = None

    def __str__(self) -> str:
        threads = f", {self.threads} threads" if self.threads else ""
        return f"{self.kind} ({self.name}{threads})"


def import_torch() -> Any:
    """Return torch.

    Raises:
        MissingExtraError: it is not installed.
    """
    try:
        import torch
    except ImportError:
        raise MissingExtraError("a benchmark of torch", "gpu") from None
    return torch


def torch_device(asked: str, threads: int | None = None) -> tuple[torch.device, Device]:
    """Return torch's device and its description; `auto` takes CUDA where there is one.

    `threads` are torch's on the CPU; None leaves them as they are, as many as there are cores.

    Raises:
        UsageError: CUDA is asked for and not there.
        MissingExtraError: torch is not installed.
    """
    torch = import_torch()
    if threads is not None:
        torch.set_num_threads(threads)
    there = torch.cuda.is_available()
    if asked == "cuda" and not there:
        raise UsageError(
            f"--device cuda: torch {torch.__version__} sees no CUDA device here; install a CUDA "
            "build of torch and check `nvidia-smi`, or take --device cpu"
        )
    if asked == "cpu" or not there:
        return torch.device("cpu"), Device("cpu", cpu_name(), threads=torch.get_num_threads())
    index = torch.cuda.current_device()
    properties = torch.cuda.get_device_properties(index)
    uuid = getattr(properties, "uuid", None)
    return (
        torch.device("cuda", index),
        Device("cuda", properties.name, uuid=None if uuid is None else f"GPU-{uuid}"),
    )


def host_device() -> Device:
    """Describe this machine's processor, for a model that is no torch module."""
    return Device("cpu", cpu_name())


def cpu_name(cpuinfo: Path = _CPUINFO) -> str:
    """Return the processor's name as the kernel tells it."""
    try:
        lines = cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, "") or platform.processor() or platform.machine() or "unknown processor"
