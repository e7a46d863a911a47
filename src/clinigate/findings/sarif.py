"""SARIF 2.1.0: what scanners write, and what code hosts show."""

from __future__ import annotations

from clinigate.findings.sarif_read import read_sarif
from clinigate.findings.sarif_write import write_sarif

__all__ = ["read_sarif", "write_sarif"]
