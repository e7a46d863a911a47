"""What a probe is to the runner: one function from the premises to observations."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from clinigate.core.observation import Observation
from clinigate.hipaa.premises import Premises
from clinigate.hipaa.probe import Named

__all__ = ["Probe"]

Probe = Callable[[Named, Premises], Iterator[Observation]]
