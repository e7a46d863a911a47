"""What goes wrong with a scanner, as opposed to what a scanner finds."""

from __future__ import annotations

from clinigate.errors import ClinigateError

__all__ = ["ScannerError"]


class ScannerError(ClinigateError):
    """A scanner that broke, or whose output cannot be understood; the message names it."""
