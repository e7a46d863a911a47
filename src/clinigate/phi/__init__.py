"""Identifiers of patients: recognizers, canaries, scans.

The names below load what they need when they are first asked for.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from clinigate.phi.runtime.log import PhiFilter
    from clinigate.phi.runtime.redactor import Redactor

__all__ = ["PhiFilter", "Redactor"]

_HOMES = {
    "PhiFilter": "clinigate.phi.runtime.log",
    "Redactor": "clinigate.phi.runtime.redactor",
}


def __getattr__(name: str) -> Any:
    """Load a public name from where it lives."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
