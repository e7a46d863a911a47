"""What the platform promises where manifests alone cannot say it."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Expectations"]


@dataclass(frozen=True, slots=True)
class Expectations:
    """Objectives that rules hold manifests against; `[platform]` sets them.

    Attributes:
        rto_s: longest time to recover from the loss of a node or a region, seconds.
        rpo_s: longest stretch of data that may be lost, seconds.
    """

    rto_s: float = 300.0
    rpo_s: float = 900.0
