"""What makes an instrument: bands, screens, changes; each number with where it comes from."""

from __future__ import annotations

from dataclasses import dataclass

from clinigate.core.scoring import FORMS, Form, Instrument
from clinigate.errors import UsageError

__all__ = ["Band", "ChangeRule", "Definition", "Screen"]


@dataclass(frozen=True, slots=True)
class Band:
    """A range of totals: from `lowest` to the next band's lowest."""

    name: str
    lowest: int


@dataclass(frozen=True, slots=True)
class Screen:
    """A rule by which a screen is positive.

    Attributes:
        name: as in a configuration. source: who uses it.
        cut: the total from which it is positive; where `below`, it is positive under that total.
        low_item: an answer of this or less, to any item, makes it positive too (WHO-5).
    """

    name: str
    source: str
    cut: int
    below: bool = False
    low_item: int | None = None

    def positive(self, total: float, least: int) -> bool:
        """Whether it is, for a total and the least of the answers behind it."""
        if self.low_item is not None and least <= self.low_item:
            return True
        return total < self.cut if self.below else total >= self.cut


@dataclass(frozen=True, slots=True)
class ChangeRule:
    """The change of a total from which it is more than the noise of the instrument.

    Attributes:
        name: as in a call. source: who gives the number. points: of the raw total.
    """

    name: str
    source: str
    points: float


@dataclass(frozen=True, slots=True)
class Definition:
    """One instrument.

    Attributes:
        instrument: which. title: for readers. source: of items, range and bands.
        bands: from the lowest total up; empty where none are published.
        screens, changes: the rules in use; the first is the usual one.
        higher_is_better: whether a high total is good news.
        follow_up_item: place of the item that calls for somebody at once when it is answered with
            anything above the lowest.
        may_prorate: whether one item left out may be replaced by the mean of the others.
        percent_factor: what the total is multiplied with for its scale of 0 to 100, or None.
        remission_below: a total under which somebody counts as recovered, or None.
    """

    instrument: Instrument
    title: str
    source: str
    screens: tuple[Screen, ...]
    bands: tuple[Band, ...] = ()
    changes: tuple[ChangeRule, ...] = ()
    higher_is_better: bool = False
    follow_up_item: int | None = None
    may_prorate: bool = False
    percent_factor: int | None = None
    remission_below: int | None = None

    @property
    def form(self) -> Form:
        """How its sheets look."""
        return FORMS[self.instrument]

    @property
    def totals(self) -> range:
        """Every total that a complete sheet can have."""
        form = self.form
        return range(form.items * form.lowest, form.items * form.highest + 1)

    def band_of(self, total: float) -> str | None:
        """The name of the band that a total lies in; None where there are no bands."""
        names = [band.name for band in self.bands if total >= band.lowest]
        return names[-1] if names else None

    def screen(self, name: str = "") -> Screen:
        """The screen of that name; without one, the usual.

        Raises:
            UsageError: no source for such a rule is known.
        """
        for screen in self.screens:
            if name in ("", screen.name):
                return screen
        known = "; ".join(f"{each.name} ({each.source})" for each in self.screens)
        raise UsageError(f"{self.title}: no source is known for the screen {name!r}; take {known}")

    def change_rule(self, name: str = "") -> ChangeRule | None:
        """The rule of change of that name; without one, the usual, or None where none is known.

        Raises:
            UsageError: there is none of that name.
        """
        for rule in self.changes:
            if name in ("", rule.name):
                return rule
        if not name:
            return None
        known = "; ".join(f"{each.name} ({each.source})" for each in self.changes) or "none"
        raise UsageError(f"{self.title}: no source is known for the change {name!r}; take {known}")
