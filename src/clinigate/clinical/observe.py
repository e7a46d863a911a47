"""Hand over what a clinical check saw, under its id and controls."""

from __future__ import annotations

from collections.abc import Callable

from clinigate.clinical.criteria import CONTROLS
from clinigate.core.exhibit import Exhibit
from clinigate.core.measurement import Measurement
from clinigate.core.observation import Fault, Finding, Gap, Observation

__all__ = ["Seen", "observer"]

Seen = Measurement | Finding | Gap | Fault | Exhibit


def observer(check_id: str) -> Callable[[Seen], Observation]:
    """Return the function that makes observations of one check."""

    def observe(about: Seen) -> Observation:
        return Observation(check_id, about, CONTROLS)

    return observe
