"""The clinical checks: one file each. Importing this module registers them."""

from __future__ import annotations

from clinigate.clinical.checks import (
    crisis,
    emotion,
    empathy,
    fairness,
    instruments,
    latency,
    robustness,
    safety,
    therapy,
)

__all__ = [
    "crisis",
    "emotion",
    "empathy",
    "fairness",
    "instruments",
    "latency",
    "robustness",
    "safety",
    "therapy",
]
