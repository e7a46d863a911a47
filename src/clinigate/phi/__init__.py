"""Identifiers of patients: recognizers, canaries, scans.

The names below load what they need when they are first asked for.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from clinigate.phi.direct import scan, scan_stream, scan_tree
    from clinigate.phi.runtime.databases import scan_db
    from clinigate.phi.runtime.log import PhiFilter
    from clinigate.phi.runtime.redactor import Redactor

__all__ = ["PhiFilter", "Redactor", "scan", "scan_db", "scan_stream", "scan_tree"]

_HOMES = {
    "PhiFilter": "clinigate.phi.runtime.log",
    "Redactor": "clinigate.phi.runtime.redactor",
    "scan": "clinigate.phi.direct",
    "scan_db": "clinigate.phi.runtime.databases",
    "scan_stream": "clinigate.phi.direct",
    "scan_tree": "clinigate.phi.direct",
}


def __getattr__(name: str) -> Any:
    """Load a public name from where it lives."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
