"""From what was said to what leaked: by stream, how often, and from which lines."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path

from clinigate.phi.watching import Watcher, named
from clinigate.pytest_plugins.phi_guard_frames import Where
from clinigate.pytest_plugins.phi_guard_hearing import Said
from clinigate.pytest_plugins.phi_guard_marks import Accepted

__all__ = ["Leak", "joined", "leaks_in", "sentence"]

#: What comes in pieces of any size; everything else is said in one.
_IN_PIECES = frozenset({"stdout", "stderr", "http in", "http out"})
#: So many lines are named.
_NAMED = 3


@dataclass(slots=True)
class Leak:
    """What leaked by one stream.

    Attributes:
        rules: how often each rule has struck.
        lines: which lines were at work, each once.
        things: which files, where these leak.
    """

    rules: Counter[str] = field(default_factory=Counter)
    lines: list[Where] = field(default_factory=list)
    things: list[str] = field(default_factory=list)

    def add(self, rules: Iterable[str], where: Where | None, thing: str = "") -> None:
        """Count what struck at a line."""
        self.rules.update(rules)
        if where is not None and where not in self.lines:
            self.lines.append(where)
        if thing and thing not in self.things:
            self.things.append(thing)


def joined(stream: str, said: Sequence[Said]) -> str:
    """Return what was said by a stream as one text."""
    return ("" if stream in _IN_PIECES else "\n").join(each.text for each in said)


def leaks_in(
    said: Mapping[str, Sequence[Said]], watcher: Watcher, accepted: Accepted
) -> dict[str, Leak]:
    """Return what leaked, by stream; streams that did not are left out."""
    found = {
        stream: _leak(stream, pieces, watcher, accepted.by(stream))
        for stream, pieces in said.items()
    }
    return {stream: leak for stream, leak in found.items() if leak.rules}


def _leak(stream: str, said: Sequence[Said], watcher: Watcher, accepted: frozenset[str]) -> Leak:
    leak = Leak()
    text = joined(stream, said)
    gap = 0 if stream in _IN_PIECES else 1
    sizes = (len(each.text.encode("utf-8", "surrogatepass")) + gap for each in said)
    starts = [0, *accumulate(sizes)]
    for sight in watcher.look(text, accepted=accepted).sights:
        # A value may be said in pieces: the line that said its last one has made it whole.
        piece = min(bisect_right(starts, max(sight.start, sight.end - 1)), len(said)) - 1
        leak.add([sight.rule], said[piece].where)
    return leak


def sentence(test: str, phase: str, leaks: Mapping[str, Leak], root: Path) -> str:
    """Say what leaked, without any of it."""
    streams = "; ".join(f"{stream}: {_described(leak, root)}" for stream, leak in leaks.items())
    return f"phi guard: {test} leaked in its {phase}: {streams}"


def _described(leak: Leak, root: Path) -> str:
    said = named(leak.rules)
    if leak.things:
        said += f" in {_some(leak.things)}"
    if leak.lines:
        said += f", at {_some([where.shown(root) for where in leak.lines])}"
    return said


def _some(names: Sequence[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")
