"""The report as each of its readers wants it: the same facts, other ones first."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["View"]


class View(StrEnum):
    """Whose report it is. `FULL` is the record that is filed; the others leave sections out."""

    FULL = "full"
    DEVELOPER = "developer"
    OFFICER = "officer"
    SRE = "sre"
    EXECUTIVE = "executive"

    @property
    def label(self) -> str:
        """What the choice is called."""
        return _TITLES[self]

    @property
    def told(self) -> str:
        """What it shows, in a sentence."""
        return _TOLD[self]


_TITLES = {
    View.FULL: "Full record",
    View.DEVELOPER: "Developer",
    View.OFFICER: "Compliance officer",
    View.SRE: "SRE",
    View.EXECUTIVE: "Executive",
}
_TOLD = {
    View.FULL: "The full record: all twelve sections, as it is filed.",
    View.DEVELOPER: "What to fix first, and how it shows. The full record holds the rest.",
    View.OFFICER: "Clauses, gaps, waivers, attestations and signatures. The full record holds the "
    "rest.",
    View.SRE: "Objectives, experiments and loads. The full record holds the rest.",
    View.EXECUTIVE: "The outcome on one page. The full record holds the rest.",
}
