"""Clauses that evidence speaks to: catalogues of laws and standards, as checked data.

An id that no catalogue knows is refused, because a citation that nobody checked is worth nothing.
"""

from clinigate.controls.catalogue import Control, ControlCatalogue, Mode, Requirement
from clinigate.controls.loader import load_catalogue, parse_catalogue

__all__ = [
    "Control",
    "ControlCatalogue",
    "Mode",
    "Requirement",
    "load_catalogue",
    "parse_catalogue",
]
