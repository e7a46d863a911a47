"""Measure what is found of names and places in texts in which they are marked.

    python -m clinigate.phi.names.building.evaluate GOLD.jsonl
    python -m clinigate.phi.names.building.evaluate app.log

Of marked texts, a line is `{"text": …, "spans": [{"start": …, "end": …, "label": …}]}` with offsets
in characters. A name counts as found where finds of any kind cover at least 80 % of its characters
that are no blanks; a find is right where it touches a mark of its kind, wrong where it touches no
mark at all. Of any other file the finds a kilobyte are counted.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import click

from clinigate.phi.names.finder import PERSON, find_names

__all__ = ["Tally", "measure"]

NAMES = frozenset({"PERSON", "NAME"})
PLACES = frozenset(
    {"ADDRESS", "GPE", "LOC", "LOCATION", "STREET_ADDRESS", "ZIP_CODE"},
)
#: Of a mark so much has to be covered.
_ENOUGH = 0.8

Span = tuple[int, int, str]


@dataclass(slots=True)
class Tally:
    """What was found of one kind.

    Attributes:
        marked: how many are marked.
        covered: how many of them are found.
        right: finds that touch a mark of this kind.
        wrong: finds that touch no mark.
    """

    marked: int = 0
    covered: int = 0
    right: int = 0
    wrong: int = 0

    @property
    def recall(self) -> float:
        """The share of what is marked that is found; 0 of nothing."""
        return self.covered / self.marked if self.marked else 0.0

    @property
    def precision(self) -> float:
        """The share of finds that are right; 0 of nothing."""
        found = self.right + self.wrong
        return self.right / found if found else 0.0


def measure(texts: Iterable[tuple[str, list[Span]]]) -> dict[str, Tally]:
    """Return the tallies of `names` and `places` over texts with their marks."""
    tallies = {"names": Tally(), "places": Tally()}
    for text, marks in texts:
        finds = _in_letters(text)
        for kind, labels in (("names", NAMES), ("places", PLACES)):
            tally = tallies[kind]
            for start, end, label in marks:
                if label in labels:
                    tally.marked += 1
                    tally.covered += _share(text, start, end, finds) >= _ENOUGH
            for start, end, found in finds:
                if found == kind:
                    touched = {mark[2] for mark in marks if mark[0] < end and start < mark[1]}
                    tally.right += not labels.isdisjoint(touched)
                    tally.wrong += not touched
    return tallies


def _in_letters(text: str) -> list[Span]:
    data = text.encode()
    return [
        (
            len(data[: hit.start].decode()),
            len(data[: hit.end].decode()),
            "names" if hit.rule == PERSON else "places",
        )
        for hit in find_names(data)
    ]


def _share(text: str, start: int, end: int, finds: list[Span]) -> float:
    """Return how much of a mark is covered, blanks left out."""
    places = [at for at in range(start, end) if not text[at].isspace()]
    covered = sum(any(first <= at < last for first, last, _ in finds) for at in places)
    return covered / len(places) if places else 1.0


def _read(path: Path) -> list[tuple[str, list[Span]]]:
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    return [
        (row["text"], [(span["start"], span["end"], span["label"]) for span in row["spans"]])
        for row in rows
    ]


@click.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
def _main(file: Path) -> None:
    find_names(b"Maria Delgado")  # the lists are loaded once, whatever is searched
    lines = _measured(file) if file.suffix == ".jsonl" else _counted(file)
    for line in lines:
        print(line)


def _measured(file: Path) -> Iterator[str]:
    texts = _read(file)
    began = time.process_time()
    tallies = measure(texts)
    spent = time.process_time() - began
    for kind, tally in tallies.items():
        yield f"{kind}: {tally.marked} marked, {tally.recall:.3f} found, P {tally.precision:.3f}"
    yield _speed(sum(len(text.encode()) for text, _ in texts), spent)


def _counted(file: Path) -> Iterator[str]:
    data = file.read_bytes()
    began = time.process_time()
    finds = len(find_names(data))
    spent = time.process_time() - began
    yield f"{finds} finds in {len(data)} bytes, {1000 * finds / max(1, len(data)):.3f} a KB"
    yield _speed(len(data), spent)


def _speed(size: int, seconds: float) -> str:
    return f"{size / max(seconds, 1e-9) / 1e6:.2f} MB/s of processor"


if __name__ == "__main__":
    _main()
