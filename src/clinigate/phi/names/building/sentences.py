"""Sentences of our own with their names and places marked, from a seed."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from clinigate.phi.names.building.fillers import LABEL_OF, Fillers
from clinigate.phi.names.text import fold, words_of

__all__ = ["Sentence", "sentences", "vocabulary"]

_SLOT = re.compile(r"\{([A-Za-z]+)([,>-]?)\}")
# How addresses go over lines in a quotation, a list, a field.
_BETWEEN = {",": ", ", ">": "\n> ", "-": "\n- "}


@dataclass(frozen=True, slots=True)
class Sentence:
    """A text and what is marked in it: (start, end, `N` or `L`), by place."""

    text: str
    spans: tuple[tuple[int, int, str], ...]


def sentences(seed: int, count: int) -> Iterator[Sentence]:
    """Yield sentences: most with names or places, some in small letters, a third with neither."""
    source = random.Random(seed)  # noqa: S311 - a seed makes them again, nothing is secret
    fillers = Fillers(source)
    kinds = [_lines("sentences")] * 11 + [_lines("nothing")] * 8 + [_lines("lowered")] * 2
    for _ in range(count):
        templates = kinds[source.randrange(len(kinds))]
        sentence = _filled(templates[source.randrange(len(templates))], fillers)
        if templates is kinds[-1]:
            sentence = Sentence(sentence.text.lower(), sentence.spans)
        elif source.randrange(3) == 0:
            # Two that follow each other, as in a note.
            other = _filled(templates[source.randrange(len(templates))], fillers)
            sentence = _joined(sentence, other, "\n" if source.randrange(2) else " ")
        yield sentence


def vocabulary(most: int = 4000) -> frozenset[str]:
    """Return the folded words that stand in the templates beside the slots."""
    words: list[str] = []
    for name in ("sentences", "nothing", "lowered"):
        for line in _lines(name):
            bare = _SLOT.sub(" ", line)
            words.extend(fold(word) for word, _, _ in words_of(bare) if word[0].isalpha())
    return frozenset(sorted(set(words))[:most])


def _filled(template: str, fillers: Fillers) -> Sentence:
    parts: list[str] = []
    spans: list[tuple[int, int, str]] = []
    length = at = 0
    for slot in _SLOT.finditer(template):
        if not _is_slot(slot.group(1)):
            continue
        name, between = slot.groups()
        filled = fillers.fill(name)
        if between:
            filled = re.sub(r",? *\n *", _BETWEEN[between], filled)
        before = template[at : slot.start()]
        length += len(before)
        if label := LABEL_OF.get(name.lower()):
            start = length + (len(filled) - len(re.sub(r"^Dr\.? ", "", filled)))
            spans.append((start, length + len(filled), label))
        parts += [before, filled]
        length += len(filled)
        at = slot.end()
    text = "".join([*parts, template[at:]])
    return Sentence(text, tuple(_as_one(text, spans)))


def _as_one(text: str, spans: list[tuple[int, int, str]]) -> Iterator[tuple[int, int, str]]:
    """Yield spans, a given and a family name beside each other as one."""
    before: tuple[int, int, str] | None = None
    for start, end, label in spans:
        if before and before[2] == label == "N" and text[before[1] : start] in {" ", "^", " ^"}:
            start = before[0]
        elif before:
            yield before
        before = (start, end, label)
    if before:
        yield before


def _joined(first: Sentence, second: Sentence, between: str) -> Sentence:
    by = len(first.text) + len(between)
    moved = tuple((start + by, end + by, label) for start, end, label in second.spans)
    return Sentence(first.text + between + second.text, first.spans + moved)


@cache
def _lines(name: str) -> tuple[str, ...]:
    text = files(__package__).joinpath(f"{name}.txt").read_text(encoding="utf-8")
    return tuple(line.replace("\\n", "\n") for line in text.splitlines())


@cache
def _is_slot(name: str) -> bool:
    return name.lower() in _fillable()


@cache
def _fillable() -> frozenset[str]:
    return frozenset(Fillers(random.Random(0))._of)  # noqa: S311
