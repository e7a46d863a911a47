"""Hypothesis strategies for tests of your own: the same as `clinigate.scenarios.strategies`."""

from __future__ import annotations

from clinigate.scenarios.strategies import (
    Patient,
    answers,
    cases,
    conversations,
    crisis_cases,
    crisis_messages,
    ordinary_cases,
    ordinary_messages,
    pairs,
    patients,
)

__all__ = [
    "Patient",
    "answers",
    "cases",
    "conversations",
    "crisis_cases",
    "crisis_messages",
    "ordinary_cases",
    "ordinary_messages",
    "pairs",
    "patients",
]
