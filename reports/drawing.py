"""A figure ready to be drawn: places, paths and words, and nothing left to compute.

Across, places are percentages of the drawing's width, so that it fits every page while its text
keeps its size; down, they are pixels from the top of a panel. Paths are in a box 1000 wide and as
high as their panel, stretched to the panel's width.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Bar", "Drawing", "Flag", "Line", "Panel", "Shade", "Table", "Tick"]


@dataclass(frozen=True, slots=True)
class Tick:
    """A labelled place on an axis; `anchor` keeps its text inside the drawing."""

    at: float
    label: str
    anchor: str = "middle"


@dataclass(frozen=True, slots=True)
class Line:
    """One series. `style` names its colour and dashes; `area` is what lies under it."""

    name: str
    style: str
    path: str
    area: str = ""
    dots: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Panel:
    """Series of one unit above a common x axis. `limit` is a height with its words."""

    caption: str
    height: int
    ticks: tuple[Tick, ...]
    lines: tuple[Line, ...]
    limit: tuple[float, str] | None = None


@dataclass(frozen=True, slots=True)
class Shade:
    """A stretch of the x axis: left edge and width."""

    at: float
    width: float


@dataclass(frozen=True, slots=True)
class Flag:
    """A sign at a place of the x axis, in one of the rows above the first panel.

    `line`: it marks just that place, down to the axis. A sign that would stand twice in one place
    is empty the second time.
    """

    at: float
    row: int
    sign: str
    line: bool = True


@dataclass(frozen=True, slots=True)
class Bar:
    """A value as a bar from 0, with its end in percent."""

    name: str
    end: float
    text: str
    beyond: bool


@dataclass(frozen=True, slots=True)
class Table:
    """The numbers of a figure. `note` says what stands in it when not every number does."""

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Drawing:
    """A whole figure.

    Attributes:
        anchor: id of its place in a document.
        criteria: anchors and titles of the criteria that it stands beside.
        description: what it shows, for those who cannot see it.
        ticks, x_caption: the common x axis.
        signs: each sign with what it stands for.
        bars, bar_limit: of a budget, instead of panels; the limit with its words.
        notes: what must be read beside it.
    """

    anchor: str
    title: str
    metric: str
    description: str
    table: Table
    criteria: tuple[tuple[str, str], ...] = ()
    panels: tuple[Panel, ...] = ()
    ticks: tuple[Tick, ...] = ()
    x_caption: str = ""
    shades: tuple[Shade, ...] = ()
    flags: tuple[Flag, ...] = ()
    signs: tuple[tuple[str, str], ...] = ()
    bars: tuple[Bar, ...] = ()
    bar_limit: tuple[float, str] | None = None
    notes: tuple[str, ...] = ()
