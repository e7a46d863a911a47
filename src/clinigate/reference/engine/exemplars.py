"""The authored utterances of the published packs, as an engine is fitted to them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from clinigate.core.case import Label, Split
from clinigate.reference.engine.reading import Topic
from clinigate.scenarios import EMOTIONS, Archetype, Pack, builtin_packs, load_builtin

__all__ = ["Exemplar", "exemplars_of", "published"]


@dataclass(frozen=True, slots=True)
class Exemplar:
    """One authored utterance and what its author says about it.

    Attributes:
        crisis: whether it discloses a crisis; None where the author leaves it open.
        emotion: the emotion that a reader cannot doubt; None where the author names none.
    """

    text: str
    topic: Topic
    crisis: bool | None
    emotion: str | None


def published() -> list[Pack]:
    """Load every pack that ships with Clinigate."""
    return [load_builtin(name) for name in builtin_packs()]


def exemplars_of(packs: list[Pack], split: Split | None = None) -> list[Exemplar]:
    """Return every user turn of the cores of `packs`, of one split or of both.

    What a core says in the words of other groups (`Pack.wordings`) is as much its own.
    """
    return [exemplar for pack in packs for exemplar in _of_pack(pack, split)]


def _of_pack(pack: Pack, split: Split | None) -> Iterator[Exemplar]:
    reworded: dict[str, list[str]] = {}
    for wording in pack.wordings:
        for one in wording.rewordings:
            reworded.setdefault(one.core, []).extend(one.texts[1:])  # the first is the core's own
    for archetype, core in pack.cores(split):
        yield from _from_turns(archetype, [t.text for t in core.turns if t.role == "user"])
        for text in reworded.get(archetype.core_id(core), ()):
            yield from _from_turns(archetype, [text])


def _from_turns(archetype: Archetype, said: list[str]) -> Iterator[Exemplar]:
    emotion = archetype.label if archetype.label in EMOTIONS else None
    crisis = None if archetype.label == Label.AMBIGUOUS else archetype.label == Label.CRISIS
    topic = Topic(
        archetype.id, archetype.family, archetype.severity, frozenset(archetype.obligations)
    )
    # The label is about the last turn; what came before it discloses nothing by itself.
    for text in said[:-1]:
        yield Exemplar(text, topic, crisis=False if crisis is False else None, emotion=None)
    yield Exemplar(said[-1], topic, crisis, emotion)
