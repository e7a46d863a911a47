"""What can be searched: files, archives, tables, databases, images, each as parts of bytes."""

from __future__ import annotations

from clinigate.phi.surfaces.database import open_database
from clinigate.phi.surfaces.limits import Limits
from clinigate.phi.surfaces.opening import open_path, open_stream
from clinigate.phi.surfaces.part import Part, Skipped, TruncatedError

__all__ = [
    "Limits",
    "Part",
    "Skipped",
    "TruncatedError",
    "open_database",
    "open_path",
    "open_stream",
]
