"""Reading what an experiment says in the parameters of an invariant."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NoReturn

from clinigate.chaos.model import Invariant, Json
from clinigate.chaos.units import duration, rate
from clinigate.errors import ConfigError

__all__ = ["Parameters"]


class Parameters:
    """The parameters of one invariant; each is read once, and `done` refuses the others."""

    def __init__(self, invariant: Invariant) -> None:
        self._probe = invariant.probe
        self._left: dict[str, Json] = dict(invariant.parameters)

    def text(self, name: str, default: str) -> str:
        """A text that is not empty."""
        said = self._left.pop(name, default)
        if not isinstance(said, str) or not said:
            self._fail(name, f"{said!r} is no text")
        return said

    def texts(self, name: str, default: tuple[str, ...]) -> tuple[str, ...]:
        """A list of texts that is not empty."""
        said = self._left.pop(name, list(default))
        if not isinstance(said, list) or not said or not all(isinstance(x, str) for x in said):
            self._fail(name, f"{said!r} is no list of texts")
        return tuple(str(each) for each in said)

    def labels(self, name: str, default: dict[str, str]) -> dict[str, str]:
        """Labels that parts of the system must carry."""
        said = self._left.pop(name, dict(default))
        if not isinstance(said, dict) or not all(isinstance(x, str) for x in said.values()):
            self._fail(name, f"{said!r} are no labels, as {{app: api}}")
        return {key: str(value) for key, value in said.items()}

    def rate(self, name: str, default: float) -> float:
        """Per second."""
        return self._unit(name, default, rate)

    def seconds(self, name: str, default: float) -> float:
        """A duration."""
        return self._unit(name, default, duration)

    def number(self, name: str, default: float) -> float:
        """A number above 0."""
        said = self._left.pop(name, default)
        if not isinstance(said, int | float) or isinstance(said, bool) or not 0 < said < math.inf:
            self._fail(name, f"{said!r} is no number above 0")
        return float(said)

    def done(self) -> None:
        """Refuse what nobody asked for.

        Raises:
            ConfigError: a parameter has a name that the probe does not know.
        """
        for name in sorted(self._left):
            self._fail(name, f"the probe {self._probe} has no such parameter")

    def _unit(self, name: str, default: float, read: Callable[[str], float]) -> float:
        if name not in self._left:
            return default
        try:
            return read(str(self._left.pop(name)))
        except ValueError as error:
            self._fail(name, str(error))

    def _fail(self, name: str, reason: str) -> NoReturn:
        raise ConfigError(f"spec.invariants ({self._probe}): parameters.{name}: {reason}")
