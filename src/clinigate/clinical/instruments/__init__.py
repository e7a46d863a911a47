"""Questionnaires: what PHQ-9, GAD-7, WHO-5 and UCLA-3 come to, and whether a system knows it.

`DEFINITIONS` holds the numbers with their sources, `score` and `change` apply them, `GOLDEN` are
sheets worked out by hand.
"""

from __future__ import annotations

from clinigate.clinical.instruments.catalogue import DEFINITIONS
from clinigate.clinical.instruments.definition import Band, ChangeRule, Definition, Screen
from clinigate.clinical.instruments.golden import GOLDEN, Golden
from clinigate.clinical.instruments.oracle import (
    Change,
    Direction,
    Score,
    change,
    score,
    unscorable,
)

__all__ = [
    "DEFINITIONS",
    "GOLDEN",
    "Band",
    "Change",
    "ChangeRule",
    "Definition",
    "Direction",
    "Golden",
    "Score",
    "Screen",
    "change",
    "score",
    "unscorable",
]
