"""Programs that scan: see `clinigate.findings.programs`, which other homes share."""

from __future__ import annotations

from clinigate.findings.programs import (
    Program,
    Ran,
    identified,
    located,
    python_module,
    run_program,
    scanner_environment,
)

__all__ = [
    "Program",
    "Ran",
    "identified",
    "located",
    "python_module",
    "run_program",
    "scanner_environment",
]
