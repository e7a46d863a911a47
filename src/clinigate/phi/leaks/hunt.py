"""The hunt: plant, look, let the service do its upkeep, wait, and look again."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace

from clinigate.errors import ConfigError, MissingExtraError, TargetError
from clinigate.phi.canary_search import CanarySearch
from clinigate.phi.leaks.answers import in_answer
from clinigate.phi.leaks.model import LeakMap, Looked, Sighting, SinkKind, Tracks
from clinigate.phi.leaks.reading import Eyes
from clinigate.phi.leaks.sinks import FileSink, Sink, State
from clinigate.phi.leaks.sources import Planting
from clinigate.targets.service import Service

__all__ = ["Hunt", "hunt"]

_PAUSE_S = 0.05


@dataclass(frozen=True, slots=True)
class Hunt:
    """What a hunt needs.

    Attributes:
        service: where it plants. plantings: what.
        files, others: where it looks.
        seed: of the patients, for the record.
        patience_s: how long files may lag behind an answer.
        upkeep: lets the service rotate and back up; None where nothing does.
    """

    service: Service
    plantings: tuple[Planting, ...]
    files: tuple[FileSink, ...]
    others: tuple[Sink, ...]
    seed: int
    patience_s: float = 2.0
    upkeep: Callable[[], None] | None = None


@dataclass(slots=True)
class _Book:
    """What is known until now; nothing of a patient gets into it, in names and places neither."""

    eyes: Eyes
    tracks: Tracks = field(default_factory=Tracks)
    _shown: dict[str, str] = field(default_factory=dict)
    planted_at: dict[str, float] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    looked: dict[tuple[str, str], Looked] = field(default_factory=dict)

    def take(self, seen: Iterable[Sighting | Looked], now: float) -> None:
        """Take what one look saw."""
        sightings = []
        for each in seen:
            place = self.without(each.place)
            if isinstance(each, Looked):
                self._note(replace(each, place=place, trouble=self.without(each.trouble)))
            else:
                symbol = None if each.symbol is None else self.without(each.symbol)
                sightings.append(replace(each, place=place, symbol=symbol))
        after = {source: max(0.0, now - at) for source, at in self.planted_at.items()}
        self.tracks.add(sightings, after)

    def _note(self, looked: Looked) -> None:
        """Note what was looked at; of one place, or two that are called alike, each trouble stays.

        A later look begins anew: what troubled the first one may be over.
        """
        before = self.looked.get((looked.kind, looked.place), looked).trouble
        troubles = dict.fromkeys(each for each in (before, looked.trouble) if each)
        self.looked[looked.kind, looked.place] = replace(looked, trouble="; ".join(troubles))

    def without(self, text: str) -> str:
        """Return a text without anything of a patient; most come again and again."""
        if text not in self._shown:
            self._shown[text] = self.eyes.without(text)
        return self._shown[text]


def hunt(
    plan: Hunt,
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
    on_step: Callable[[str], None] = lambda _step: None,
) -> LeakMap:
    """Plant and hunt; what cannot be looked at becomes part of the map.

    Args:
        plan: where to plant and to look.
        clock: seconds that only grow.
        sleep: waits for so many of them.
        on_step: told what comes next.

    Raises:
        ConfigError: a configured file is not there, before anything is planted.
    """
    eyes = Eyes(
        CanarySearch(each.patient for each in plan.plantings),
        {each.patient.id: each.source for each in plan.plantings},
    )
    book = _Book(eyes)
    # 1. How everything is before; what was there already cannot be ours.
    for sink in plan.files:
        sink.begin()
    # 2. Plant; the answers are looked at as they come.
    on_step(f"planting by {len(plan.plantings)} ways")
    for planting in plan.plantings:
        book.planted_at[planting.source] = clock()
        book.take(_plant(plan.service, planting, book), clock())
    # 3. Look at once, for when it was first seen; what there is to look at shows in the end alone.
    on_step("looking")
    answers = dict(book.looked)
    _look(plan, book, clock)
    book.looked = answers
    # 4. Logs are rotated, caches saved, backups made.
    if plan.upkeep is not None:
        on_step("letting the service do its upkeep")
    book.take(_kept_up(plan), clock())
    _settle(plan, clock, sleep)
    # 5. Look again.
    on_step("looking again")
    _look(plan, book, clock)
    return _mapped(plan, book)


def _kept_up(plan: Hunt) -> Iterator[Looked]:
    """Have the upkeep done; where it fails, what was found until then still counts."""
    try:
        if plan.upkeep is not None:
            plan.upkeep()
    except TargetError as error:
        yield Looked(SinkKind.BACKUP, "what the upkeep makes", str(error))


def _plant(service: Service, planting: Planting, book: _Book) -> Iterator[Sighting | Looked]:
    refused = ""
    for request in planting.requests:
        try:
            answer = service.send_as(request) if planting.anyone else service.send(request)
        except TargetError as error:
            # What was asked for is named in it, and that may be a patient.
            book.refused[planting.source] = book.without(str(error))
            return
        if not answer.served:
            refused = refused or f"answers {answer.status}"
        place = f"answer to {planting.source}"
        yield from in_answer(book.eyes, answer, place, source=planting.source)
    if refused and planting.taken:
        book.refused[planting.source] = refused


def _look(plan: Hunt, book: _Book, clock: Callable[[], float]) -> None:
    for sink in (*plan.files, *plan.others):
        book.take(_guarded(sink, book.eyes), clock())


def _guarded(sink: Sink, eyes: Eyes) -> Iterator[Sighting | Looked]:
    """Yield what a sink shows; one that breaks off is one that was not looked at."""
    try:
        yield from sink.look(eyes)
    except (TargetError, MissingExtraError, ConfigError) as error:
        yield Looked(sink.kind, f"all of {sink.kind}", str(error))
    except OSError as problem:
        yield Looked(sink.kind, f"all of {sink.kind}", f"cannot be read ({problem.strerror})")


def _settle(plan: Hunt, clock: Callable[[], float], sleep: Callable[[float], None]) -> None:
    """Wait until the files rest, for at most the patience that is configured."""
    until = clock() + plan.patience_s
    rest = max(_PAUSE_S, plan.patience_s / 4)
    last = _states(plan)
    while clock() < until:
        sleep(min(rest, plan.patience_s))
        now = _states(plan)
        if now and now == last and all(sink.changed() for sink in plan.files):
            return
        last = now


def _states(plan: Hunt) -> list[State]:
    """How the files are; nothing where one is just being moved, which who looks next will tell."""
    try:
        return [sink.state() for sink in plan.files]
    except (ConfigError, OSError):
        return []


def _mapped(plan: Hunt, book: _Book) -> LeakMap:
    return LeakMap(
        sources=tuple(each.source for each in plan.plantings if each.source not in book.refused),
        unplanted=tuple(book.refused.items()),
        looked=tuple(book.looked.values()),
        leaks=tuple(book.tracks.leaks()),
        seed=plan.seed,
    )
