"""Look at what a program says while it runs: the table and the canaries alone, no engine."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from clinigate.phi.canaries import CANARY_RULE, Patient
from clinigate.phi.finding import DEFAULT_THRESHOLD, search_for, settled
from clinigate.phi.recognizer import Recognizer
from clinigate.phi.table import BY_ID, RECOGNIZERS

if TYPE_CHECKING:
    from clinigate.phi.canary_search import CanarySearch
    from clinigate.phi.matching.search import Search
    from clinigate.phi.model import Hit

__all__ = ["Seen", "Sight", "Watcher", "named"]


#: Texts that hold nothing and are no longer are known again, so many at a time: tests of one kind
#: say the same over and over.
_SHORT, _KNOWN = 1024, 4096


@dataclass(frozen=True, slots=True)
class Sight:
    """One find: its rule, and where it begins and ends, in bytes of UTF-8."""

    rule: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen in one text.

    Attributes:
        clean: the text with the rule's id in place of each find.
        sights: the finds, by place.
    """

    clean: str
    sights: tuple[Sight, ...] = ()

    @property
    def rules(self) -> Counter[str]:
        """How often each rule has struck, by its id."""
        return Counter(sight.rule for sight in self.sights)


class Watcher:
    """Looks at texts; of values that are nobody's it says nothing."""

    def __init__(
        self,
        *,
        threshold: float = DEFAULT_THRESHOLD,
        patients: Iterable[Patient] = (),
        rows: Sequence[Recognizer] = RECOGNIZERS,
        names: bool = False,
    ) -> None:
        """Prepare to look.

        Args:
            threshold: least score of what counts.
            patients: synthetic ones, whose data counts wherever it stands.
            rows: by which to look.
            names: whether names and places in prose count too.
        """
        self._threshold, self._rows, self._names = threshold, rows, names
        self._canaries = _canary_search(patients)
        #: Of these texts nothing is found, whatever is accepted.
        self._empty: set[bytes] = set()

    def look(self, text: str, *, accepted: Collection[str] = ()) -> Seen:
        """Return what stands in a text, but for the rules in `accepted`."""
        data = text.encode("utf-8", "surrogatepass")
        sights = self.sights(data, accepted=accepted)
        if not sights:
            return Seen(text)
        parts, at = [], 0
        for sight in sights:
            parts += [data[at : sight.start], f"[{sight.rule}]".encode()]
            at = sight.end
        return Seen(b"".join([*parts, data[at:]]).decode("utf-8", "surrogatepass"), sights)

    def sights(self, data: bytes, *, accepted: Collection[str] = ()) -> tuple[Sight, ...]:
        """Return what stands in bytes, but for the rules in `accepted`; none over another."""
        if data in self._empty:
            return ()
        canaries: list[Sight] = []
        if self._canaries is not None and CANARY_RULE not in accepted:
            hits = self._canaries.search(data)
            canaries = [Sight(CANARY_RULE, hit.start, hit.end) for hit in hits]
        found = [
            Sight(hit.rule, hit.start, hit.end)
            for hit in self._found(data)
            if hit.placeholder is None and hit.rule not in accepted
        ]
        if canaries:
            return tuple(_apart(canaries, found))
        if not (found or accepted) and len(data) <= _SHORT:
            if len(self._empty) >= _KNOWN:
                self._empty.clear()
            self._empty.add(data)
        return tuple(found)

    @cached_property
    def _search(self) -> Search:
        return search_for(self._threshold, self._rows)

    def _found(self, data: bytes) -> list[Hit]:
        hits = list(self._search.hits(data))
        if self._names:
            from clinigate.phi.names import find_names

            hits += (hit for hit in find_names(data) if hit.score >= self._threshold)
        return settled(hits) if hits else []


def _canary_search(patients: Iterable[Patient]) -> CanarySearch | None:
    """Return the search for canaries, which is not loaded where there are none."""
    if not (known := tuple(patients)):
        return None
    from clinigate.phi.canary_search import CanarySearch

    return CanarySearch(known)


def _apart(canaries: list[Sight], others: list[Sight]) -> Iterator[Sight]:
    """Yield sights by place; what stands over a canary is the canary."""
    free = [
        other
        for other in others
        if not any(each.start < other.end and other.start < each.end for each in canaries)
    ]
    yield from sorted([*canaries, *free], key=lambda each: each.start)


def named(rules: Counter[str]) -> str:
    """Say what struck how often: `CG-PHI-SSN (letter G) twice`."""
    return ", ".join(f"{_titled(rule)} {_times(n)}" for rule, n in sorted(rules.items()))


def _titled(rule: str) -> str:
    return f"{rule} (letter {BY_ID[rule].letter.name})" if rule in BY_ID else rule


def _times(count: int) -> str:
    return {1: "once", 2: "twice"}.get(count, f"{count} times")
