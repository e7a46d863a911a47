"""How sure a find must be to count: one threshold, or another one for some of the files.

A tier is a name for a threshold. A find is sure by what shows that it is an identifier: a check
digit, or a field or word that says so, make 0.8 and more; the form alone makes less; a name in
prose, known by lists and a model, makes 0.5 to 0.75. So a threshold of 0.8 asks for proof or a
witness, whatever the tier of the row, and a canary, which is sure (1.0), counts at any.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from clinigate.config.phi import PhiTable
from clinigate.errors import UsageError
from clinigate.findings.globs import matches
from clinigate.phi.recognizer import Tier

__all__ = ["TIERS", "Level", "Policy", "policy_from"]


@dataclass(frozen=True, slots=True)
class Level:
    """How sure a find must be.

    Attributes:
        threshold: least score of what counts, from 0 to 1.
        names: whether names and places in prose are looked for.
    """

    threshold: float
    names: bool = False

    def stricter(self, other: Level) -> Level:
        """Return the level at which everything counts that counts at one of the two."""
        return Level(min(self.threshold, other.threshold), self.names or other.names)


#: The tiers that can be asked for: this one, and all that are surer.
TIERS: Mapping[str, Level] = MappingProxyType(
    {
        Tier.IDENTIFIER.name.lower(): Level(0.8),
        Tier.CONTEXTUAL.name.lower(): Level(0.4),
        Tier.NAME.name.lower(): Level(0.3, names=True),
    }
)

#: Above it a threshold lets through what is known by a check digit or by its field.
USUAL = TIERS["identifier"].threshold


@dataclass(frozen=True, slots=True)
class Policy:
    """What counts where.

    Attributes:
        base: for files that no pattern names.
        paths: patterns with their levels; the last one that fits a path decides.
        asked: what an option asks for beside; it can only make more count.
    """

    base: Level = TIERS["identifier"]
    paths: tuple[tuple[str, Level], ...] = ()
    asked: Level | None = None

    def level_of(self, uri: str) -> Level:
        """Return the level for a file, or for what stands in it: `notes.zip!/a.txt`."""
        file = uri.partition("!/")[0]
        fits = (each for glob, each in reversed(self.paths) if matches(glob, file))
        return self._asked(next(fits, self.base))

    def threshold_of(self, uri: str) -> float:
        """Return the least score of what counts in a file."""
        return self.level_of(uri).threshold

    def names_of(self, uri: str) -> bool:
        """Whether names in prose are looked for in a file."""
        return self.level_of(uri).names

    @property
    def threshold(self) -> float:
        """For files that no pattern names."""
        return self._asked(self.base).threshold

    @property
    def lowest(self) -> float:
        """The least threshold of any file."""
        return min(level.threshold for level in self._levels)

    @property
    def names(self) -> bool:
        """Whether names are looked for in any file."""
        return any(level.names for level in self._levels)

    @property
    def caveats(self) -> tuple[str, ...]:
        """Which patterns let more through than other files do: a reader must see them."""
        return tuple(
            f"threshold {level.threshold:g} for {glob} lets more through than "
            f"{max(USUAL, self.threshold):g}"
            for glob, each in self.paths
            if (level := self._asked(each)).threshold > max(USUAL, self.threshold)
        )

    @property
    def _levels(self) -> list[Level]:
        return [self._asked(each) for each in (self.base, *(level for _, level in self.paths))]

    def _asked(self, level: Level) -> Level:
        return level if self.asked is None else level.stricter(self.asked)


def policy_from(
    table: PhiTable,
    *,
    threshold: float | None = None,
    tier: str | None = None,
    names: bool = False,
) -> Policy:
    """Return the policy of `[phi]`, with what options ask for.

    Args:
        table: the configuration's.
        threshold: what an option asks for.
        tier: in its place, a name of `TIERS`.
        names: an option asks for names and places in prose.

    Raises:
        UsageError: an option lets more through than the configuration, or both are given.
    """
    if threshold is not None and tier is not None:
        raise UsageError("--confidence-threshold and --tier say the same twice; give one of them")
    base = _level(None if table.tier else table.threshold, table.tier)
    if table.names:
        base = Level(base.threshold, names=True)
    asked = None
    if threshold is not None or tier is not None:
        asked = _level(threshold, tier)
        _refuse_laxer(asked, base, option="--tier" if tier else "--confidence-threshold")
    if names:
        asked = (asked or Level(1.0)).stricter(Level(1.0, names=True))
    paths = tuple((each.glob, _level(each.threshold, each.tier)) for each in table.path)
    if table.names:
        paths = tuple((glob, Level(each.threshold, names=True)) for glob, each in paths)
    return Policy(base, paths, asked)


def _level(threshold: float | None, tier: str | None) -> Level:
    if tier is not None:
        return TIERS[tier]
    assert threshold is not None
    return Level(threshold)


def _refuse_laxer(asked: Level, base: Level, *, option: str) -> None:
    if asked.threshold > base.threshold:
        raise UsageError(
            f"{option} {asked.threshold:g} lets more through than [phi] threshold "
            f"{base.threshold:g}; an option may be stricter alone: set it in the configuration"
        )
