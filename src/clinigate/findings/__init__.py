"""What every scan shares: identity of findings, acceptance, SARIF, and the way into a run."""

from __future__ import annotations

from clinigate.findings.model import Excluded, Found, ScanResult
from clinigate.findings.troubles import ScannerError

__all__ = ["Excluded", "Found", "ScanResult", "ScannerError"]
