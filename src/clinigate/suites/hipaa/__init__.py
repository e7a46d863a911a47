"""The tests of HIPAA's safeguards: two suites of pytest, and the same from Python.

::

    from clinigate.suites.hipaa import HIPAAComplianceValidator

    results = HIPAAComplianceValidator().run_full_compliance_suite(["technical", "privacy"])
    print(results.summary())
"""

from __future__ import annotations

import importlib
from typing import Any

#: Loaded on first use: pytest imports this package when it collects the suites.
_HOMES = {
    "HIPAAComplianceResults": "clinigate.suites.hipaa.validator",
    "HIPAAComplianceValidator": "clinigate.suites.hipaa.validator",
    "HIPAATestResult": "clinigate.suites.hipaa.validator",
}

__all__ = ["HIPAAComplianceResults", "HIPAAComplianceValidator", "HIPAATestResult"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)
