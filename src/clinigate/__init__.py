"""Clinigate, the quality gate for healthcare AI."""

from __future__ import annotations

import importlib
from typing import Any

__version__ = "0.1.0"

#: Public name: the module that holds it. Loaded on first use, so that importing costs nothing.
_HOMES = {
    "ClinicalTestResults": "clinigate.suites.api",
    "CrisisDetectionTest": "clinigate.suites.api",
    "CriticalSafetyTestFailure": "clinigate.errors",
    "EmotionDetectionTest": "clinigate.suites.api",
    "HIPAAComplianceValidator": "clinigate.suites.hipaa",
    "ModelValidationError": "clinigate.errors",
    "TherapeuticAITestSuite": "clinigate.suites.api",
    "TherapeuticResponseTest": "clinigate.suites.api",
    "check": "clinigate.core",
}

__all__ = ["__version__", *_HOMES]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'clinigate' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)
