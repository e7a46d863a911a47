"""The model that comes with Clinigate: a small text encoder whose weights follow from the seed.

Four transformer layers of width 256 over 64 tokens, and a head with 16 classes. It has learned
nothing and answers nothing of use; it costs about what a small classifier of messages costs.
"""

from __future__ import annotations

import ctypes
import hashlib
from typing import Any

from clinigate.gpu_bench.ai.device import import_torch

__all__ = ["build_encoder", "weights_digest"]

_WIDTH, _HEADS, _LAYERS, _CLASSES, _VOCABULARY, _TOKENS = 256, 4, 4, 16, 256, 64


def build_encoder(seed: int) -> Any:
    """Return the encoder on the CPU, in float32; the same seed gives the same weights.

    Raises:
        MissingExtraError: torch is not installed.
    """
    torch = import_torch()
    nn = torch.nn

    class Encoder(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.words = nn.Embedding(_VOCABULARY, _WIDTH)
            self.places = nn.Parameter(torch.randn(_TOKENS, _WIDTH) * 0.02)
            layer = nn.TransformerEncoderLayer(
                _WIDTH, _HEADS, 4 * _WIDTH, dropout=0.0, batch_first=True, norm_first=True
            )
            self.layers = nn.TransformerEncoder(layer, _LAYERS, enable_nested_tensor=False)
            self.head = nn.Linear(_WIDTH, _CLASSES)

        def forward(self, tokens: Any) -> Any:
            hidden = self.layers(self.words(tokens) + self.places)
            return self.head(hidden.mean(dim=1))

    # The caller's own random numbers go on as if nothing had been drawn here.
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return Encoder().eval()


def weights_digest(module: Any) -> str:
    """Return the SHA-256 of a CPU module's weights, names and bytes, in hexadecimal."""
    digest = hashlib.sha256()
    for name, tensor in module.state_dict().items():
        whole = tensor.detach().contiguous()
        digest.update(name.encode("utf-8"))
        digest.update(ctypes.string_at(whole.data_ptr(), whole.numel() * whole.element_size()))
    return digest.hexdigest()
