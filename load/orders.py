"""What a generator is told to do, as plain JSON: the master hands it to its workers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from clinigate.load import asking
from clinigate.load.asking import Asking
from clinigate.load.model import Profile

__all__ = ["Orders", "bin_length"]

_SCHEMA = "clinigate.load-orders/1"
#: A timeline shows at most this many stretches.
_BINS = 300
_SHORTEST_BIN_S = 0.5


def bin_length(duration_s: float) -> float:
    """Return how long one stretch of the timeline is, in seconds."""
    return max(_SHORTEST_BIN_S, duration_s / _BINS)


@dataclass(frozen=True, slots=True)
class Orders:
    """One generator's part.

    Attributes:
        profile, asking, seed: what is played, on whom, from which seed.
        worker, workers: this one's number, of how many.
    """

    profile: Profile
    asking: Asking
    seed: int
    worker: int = 0
    workers: int = 1

    @property
    def bin_s(self) -> float:
        """How long one stretch of the timeline is."""
        return bin_length(self.profile.arrivals.duration_s)

    def to_plain(self) -> dict[str, Any]:
        """Return these as plain JSON; credentials are not in it."""
        return {
            "schema": _SCHEMA,
            "profile": self.profile.model_dump(mode="json", by_alias=True),
            "target": asking.to_plain(self.asking),
            "seed": self.seed,
            "worker": self.worker,
            "workers": self.workers,
        }

    @classmethod
    def from_plain(cls, data: Mapping[str, Any]) -> Orders:
        """Return what `to_plain` wrote.

        Raises:
            ValueError: another schema, as of a master of another version.
        """
        if data.get("schema") != _SCHEMA:
            raise ValueError(f"orders of schema {data.get('schema')!r}, wanted {_SCHEMA!r}")
        return cls(
            profile=Profile.model_validate(data["profile"]),
            asking=asking.from_plain(data["target"]),
            seed=data["seed"],
            worker=data["worker"],
            workers=data["workers"],
        )
