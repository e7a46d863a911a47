"""Sources, sinks, leaks, and the map of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

__all__ = ["Leak", "LeakMap", "Looked", "Sighting", "SinkKind", "Tracks"]


class SinkKind(StrEnum):
    """Kinds of places where nothing of a patient has any business."""

    LOG = "log"
    ERROR_REPORT = "error report"
    SPAN = "trace span"
    STORE = "store"
    BACKUP = "backup"
    CACHE = "cache"
    METRICS = "metrics"
    DEBUG = "debug address"
    ERROR_PAGE = "error page"
    HEADER = "header of an answer"
    REPLY = "reply to somebody else"
    PROMPT = "prompt to a model provider"
    URL = "address that is called"

    @property
    def rule(self) -> str:
        """The id of the rule that a leak into it breaks."""
        return f"CG-PHI-LEAK-{self.name.replace('_', '-')}"


@dataclass(frozen=True, slots=True)
class Sighting:
    """One find: a value of one source's patient at one place.

    Attributes:
        source: what was planted. field: which value of the patient, as `ssn`.
        form: how it was written there, as `base64`.
        place: the file or address; `FILE!member` for what lies in a file.
        line: in it, from 1. symbol: the field, column or header that holds it.
    """

    source: str
    field: str
    form: str
    kind: SinkKind
    place: str
    line: int | None = None
    symbol: str | None = None


@dataclass(frozen=True, slots=True)
class Looked:
    """One place that was looked at; `trouble` says why it could not be, or not all of it."""

    kind: SinkKind
    place: str
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Leak:
    """All that got from one source to one place.

    Attributes:
        line, symbol: where it was first seen there.
        fields, forms: which values, and how they were written; in order.
        first_seen_s: seconds between the planting and the look that saw it first.
        count: how often it stands there.
    """

    source: str
    kind: SinkKind
    place: str
    line: int | None
    symbol: str | None
    fields: tuple[str, ...]
    forms: tuple[str, ...]
    first_seen_s: float
    count: int

    def __str__(self) -> str:
        where = self.place if self.line is None else f"{self.place}:{self.line}"
        return f"{self.source} -> {self.kind}: {where}"


@dataclass(frozen=True, slots=True)
class LeakMap:
    """What a hunt found.

    Attributes:
        sources: what was planted and taken. unplanted: what was refused, with the reason.
        looked: every place that was looked at, each once.
        leaks: by source, kind and place.
        seed: of the synthetic patients.
    """

    sources: tuple[str, ...]
    unplanted: tuple[tuple[str, str], ...]
    looked: tuple[Looked, ...]
    leaks: tuple[Leak, ...]
    seed: int

    @property
    def kinds(self) -> tuple[SinkKind, ...]:
        """The kinds that were looked at, in the order of `SinkKind`."""
        seen = {each.kind for each in self.looked}
        return tuple(kind for kind in SinkKind if kind in seen)

    @property
    def troubles(self) -> tuple[Looked, ...]:
        """What could not be looked at, or not all of it."""
        return tuple(each for each in self.looked if each.trouble)


_Key = tuple[str, SinkKind, str]


@dataclass(slots=True)
class Tracks:
    """Sightings of several looks, put together."""

    _held: dict[_Key, tuple[float, list[Sighting]]] = field(default_factory=dict)

    def add(self, sightings: Iterable[Sighting], after_s: Mapping[str, float]) -> None:
        """Take the sightings of one look; `after_s` is how long ago each source was planted.

        A place that is looked at again is counted anew; when it was first seen stays.
        """
        fresh: dict[_Key, list[Sighting]] = {}
        for each in sightings:
            fresh.setdefault((each.source, each.kind, each.place), []).append(each)
        for key, found in fresh.items():
            first_s = self._held[key][0] if key in self._held else after_s[key[0]]
            self._held[key] = (first_s, found)

    def leaks(self) -> Iterator[Leak]:
        """Yield the leaks by source, kind and place."""
        order = list(SinkKind)
        for key in sorted(self._held, key=lambda key: (key[0], order.index(key[1]), key[2])):
            first_s, found = self._held[key]
            yield Leak(
                source=key[0],
                kind=key[1],
                place=key[2],
                line=found[0].line,
                symbol=found[0].symbol,
                fields=tuple(dict.fromkeys(each.field for each in found)),
                forms=tuple(dict.fromkeys(each.form for each in found)),
                first_seen_s=first_s,
                count=len(found),
            )
