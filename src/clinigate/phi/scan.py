"""The scan's former home; it is in `clinigate.phi.scanning`."""

from __future__ import annotations

from clinigate.phi.scanning import LEAST, PhiScan, ScanOptions, scan

__all__ = ["LEAST", "PhiScan", "ScanOptions", "scan"]
