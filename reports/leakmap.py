"""The leak map: from where to where data of planted patients got, drawn and as a table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from clinigate.core.measurement import Measurement, SliceResult
from clinigate.core.observation import Finding
from clinigate.phi.criteria import LEAKS

__all__ = ["LeakRow", "LeakView", "Node", "leak_view"]

_ROW = 30
_TOP = 26
_MOST_ROWS = 200


@dataclass(frozen=True, slots=True)
class Node:
    """A source or a kind of sink; `count` leaks begin or end there."""

    name: str
    y: int
    count: int


@dataclass(frozen=True, slots=True)
class LeakRow:
    """One leak in words."""

    source: str
    sink: str
    place: str
    told: str


@dataclass(frozen=True, slots=True)
class LeakView:
    """A whole map.

    Attributes:
        flows: paths from a source to a sink, in a box 1000 wide.
        height: of the drawing, in pixels.
        description: what it shows, for those who cannot see it.
        more: leaks that are counted and not listed.
    """

    sources: tuple[Node, ...]
    sinks: tuple[Node, ...]
    flows: tuple[str, ...]
    height: int
    description: str
    rows: tuple[LeakRow, ...]
    more: int


def leak_view(about: Iterable[object]) -> LeakView | None:
    """Return the map of what a run observed; None where nobody hunted.

    Its sources, sinks and numbers are the slices of the measurement `phi.leaks`, each named
    `SOURCE=SINK`; its rows are the findings.
    """
    seen = list(about)
    cells: dict[tuple[str, str], int] = {}
    for each in seen:
        if isinstance(each, Measurement) and each.metric == LEAKS:
            for part in each.slices:
                cells[_ends(part)] = cells.get(_ends(part), 0) + int(part.value or 0)
    if not cells:
        return None
    found = [each for each in seen if isinstance(each, Finding) and each.metric == LEAKS]
    names = list(dict.fromkeys(source for source, _ in cells))
    kinds = list(dict.fromkeys(sink for _, sink in cells))
    deepest = max(len(names), len(kinds))
    sources = _nodes(names, deepest, lambda name: _sum(cells, source=name))
    sinks = _nodes(kinds, deepest, lambda name: _sum(cells, sink=name))
    return LeakView(
        sources=sources,
        sinks=sinks,
        flows=_flows(cells, sources, sinks),
        height=_TOP + _ROW * deepest,
        description=_described(cells),
        rows=tuple(_row(each) for each in found[:_MOST_ROWS]),
        more=max(0, len(found) - _MOST_ROWS),
    )


def _ends(part: SliceResult) -> tuple[str, str]:
    source, _, sink = part.name.rpartition("=")
    return source, sink


def _sum(cells: Mapping[tuple[str, str], int], *, source: str = "", sink: str = "") -> int:
    return sum(
        count for ends, count in cells.items() if ends[0] == source or (sink and ends[1] == sink)
    )


def _nodes(names: Sequence[str], deepest: int, count: Callable[[str], int]) -> tuple[Node, ...]:
    """Spread names over the height that the longer side needs."""
    step = _ROW * deepest / len(names)
    return tuple(
        Node(name, round(_TOP + step * (number + 0.5)), count(name))
        for number, name in enumerate(names)
    )


def _flows(
    cells: Mapping[tuple[str, str], int], sources: Sequence[Node], sinks: Sequence[Node]
) -> tuple[str, ...]:
    left = {node.name: node.y for node in sources}
    right = {node.name: node.y for node in sinks}
    return tuple(
        f"M0,{left[source]} C450,{left[source]} 550,{right[sink]} 1000,{right[sink]}"
        for (source, sink), count in cells.items()
        if count
    )


def _described(cells: Mapping[tuple[str, str], int]) -> str:
    leaking = [(source, sink, count) for (source, sink), count in cells.items() if count]
    if not leaking:
        return "No line leads from any source to any sink: nothing that was planted turned up."
    lines = ", ".join(f"from {source} to {sink} ({count})" for source, sink, count in leaking)
    return f"Lines lead {lines}."


def _row(finding: Finding) -> LeakRow:
    flaw = finding.flaw
    return LeakRow(
        source=finding.where or "",
        sink="" if flaw is None else flaw.title,
        place="" if flaw is None else str(flaw.place),
        told=finding.message.partition("; ")[2],
    )
