"""From what `--model` names to a model."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

from clinigate.core.blame import blame
from clinigate.errors import TargetError, UsageError
from clinigate.gpu_bench.ai.device import torch_device
from clinigate.gpu_bench.ai.models import CallableModel, Model, TorchModel

__all__ = ["BUNDLED", "load_model"]

#: Name of the model that comes with Clinigate.
BUNDLED = "encoder"


def load_model(
    reference: str, *, device: str, seed: int, base_dir: Path, threads: int | None = None
) -> Model:
    """Return the model that `module:attr` or `encoder` names.

    A class is called without arguments. A torch module gets token ids on `device`; any other
    callable gets a list of texts and runs where it likes.

    Raises:
        UsageError: no such module or attribute, nothing that can be called, or a device that is
            not there.
        TargetError: the model's own code raised an exception while it loaded.
    """
    if reference == BUNDLED:
        from clinigate.gpu_bench.ai.encoder import build_encoder

        return TorchModel(BUNDLED, build_encoder(seed), device, threads=threads)
    found = _resolve(reference, base_dir)
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(found, torch.nn.Module):
        return TorchModel(reference, found, device, threads=threads)
    if not callable(found):
        raise UsageError(
            f"model {reference}: is of type {type(found).__name__}, wanted a torch module or a "
            "callable that answers a list of texts"
        )
    if device == "cuda":
        torch_device(device)  # what is asked for and not there is told, whoever would use it
    return CallableModel(reference, found)


def _resolve(reference: str, base_dir: Path) -> Any:
    module_name, colon, attribute = reference.partition(":")
    if not (colon and module_name and attribute):
        raise UsageError(
            f"got the model {reference!r}, wanted module:attr, as my_service.model:net"
        )
    module = _imported(reference, module_name, base_dir)
    try:
        found = getattr(module, attribute)
    except AttributeError:
        raise UsageError(f"model {reference}: module {module_name} has no {attribute!r}") from None
    if not isinstance(found, type):
        return found
    try:
        return found()
    except Exception as error:
        raise TargetError(f"model {reference}: failed to load with {blame(error)}") from error


def _imported(reference: str, module_name: str, base_dir: Path) -> Any:
    place = str(base_dir.resolve())
    if place not in sys.path:
        sys.path.insert(0, place)
    try:
        return importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name is not None and f"{module_name}.".startswith(f"{error.name}."):
            raise UsageError(
                f"model {reference}: there is no module {module_name} in {base_dir} or among "
                "what is installed"
            ) from None
        raise TargetError(f"model {reference}: needs the module {error.name}") from error
    except Exception as error:
        raise TargetError(f"model {reference}: failed to load with {blame(error)}") from error
