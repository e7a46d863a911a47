"""The clinical checks: one file each. Importing this module registers them."""

from __future__ import annotations

from clinigate.clinical.checks import (
    crisis,
    dialogue,
    dialogue_model,
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
    "dialogue",
    "dialogue_model",
    "emotion",
    "empathy",
    "fairness",
    "instruments",
    "latency",
    "robustness",
    "safety",
    "therapy",
]
