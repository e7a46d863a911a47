"""What is found of the identifiers in marked texts, label by label, beside presidio's finds.

A line of a set is `{"text": …, "spans": [{"start": …, "end": …, "label": …}]}`, offsets in
characters. A mark is covered where finds of any kind take at least 80 % of its letters, blanks left
out; a find is right where it touches a mark. Presidio comes with its default recognizers on its
NoOp engine and counts from a score of 0.4, as our tier of names does.

    .venv/bin/python benchmarks/phi_recall.py [FILE.jsonl]... [--docs] [--tree FOLDER]

Without files, our own sets in benchmarks/phi_sets: written from templates by somebody who had not
read the rows, which have since grown by what was missed there. `--docs` writes the table into
docs/phi-rows.md; `--tree` counts what is found at 0.8 in every 10,000 lines of sources instead.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from _phi_peers import presidio_spans

from clinigate.phi.finding import search_for, settled
from clinigate.phi.names import find_names

SETS = Path(__file__).parent / "phi_sets"
DOCS = Path(__file__).resolve().parents[1] / "docs" / "phi-rows.md"
BEGIN, END = "<!-- written by benchmarks/phi_recall.py -->", "<!-- end -->"
ENOUGH = 0.8
#: Labels of presidio's own sets that none of the 18 letters knows.
UNASKED = frozenset({"AGE", "NRP", "ORGANIZATION", "PREFIX", "TITLE"})

#: Folders of a tree that are somebody else's, or that are about addresses.
LEFT_OUT = frozenset({"site-packages", "test", "tests"})

Span = tuple[int, int]
Marked = tuple[str, list[tuple[int, int, str]]]


@dataclass(slots=True)
class Score:
    """What was found of one set: marks and covered ones by label, and finds that were right."""

    marks: Counter[str] = field(default_factory=Counter)
    covered: Counter[str] = field(default_factory=Counter)
    right: int = 0
    wrong: int = 0
    empty_flagged: int = 0

    @property
    def cover(self) -> float:
        """The share of all marks that is covered."""
        return self.covered.total() / max(1, self.marks.total())

    @property
    def precision(self) -> float:
        """The share of finds that are right."""
        return self.right / max(1, self.right + self.wrong)


def ours(threshold: float, *, names: bool) -> Callable[[str], list[Span]]:
    """Return our search, with names where they are asked for."""
    search = search_for(threshold)

    def find(text: str) -> list[Span]:
        data = text.encode()
        hits = list(search.hits(data))
        if names:
            hits += [hit for hit in find_names(data) if hit.score >= threshold]
        return [
            (len(data[: hit.start].decode()), len(data[: hit.end].decode()))
            for hit in settled(hits)
        ]

    return find


def score(texts: Sequence[Marked], find: Callable[[str], list[Span]]) -> Score:
    """Hold what is found against the marks."""
    told = Score()
    for text, marks in texts:
        finds = find(text)
        asked = [mark for mark in marks if mark[2] not in UNASKED]
        taken = {at for start, end in finds for at in range(start, end)}
        for start, end, label in asked:
            letters = [at for at in range(start, end) if not text[at].isspace()]
            told.marks[label] += 1
            told.covered[label] += sum(at in taken for at in letters) >= ENOUGH * len(letters)
        for start, end in finds:
            if any(mark[0] < end and start < mark[1] for mark in asked):
                told.right += 1
            elif not any(mark[0] < end and start < mark[1] for mark in marks):
                told.wrong += 1
        told.empty_flagged += bool(finds) and not marks
    return told


def read(path: Path) -> list[Marked]:
    """Read a set."""
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    return [
        (row["text"], [(span["start"], span["end"], span["label"]) for span in row["spans"]])
        for row in rows
    ]


def table(files: Sequence[Path]) -> Iterator[str]:
    """Yield the table, and below it the labels of each set."""
    searches = {
        "ours at 0.4, with names": ours(0.4, names=True),
        "ours at 0.8": ours(0.8, names=False),
        "presidio at 0.4": presidio_spans(0.4),
    }
    yield "| set | search | cover | span precision | texts of nobody flagged |"
    yield "|---|---|---|---|---|"
    labels = []
    for path in files:
        texts = read(path)
        empty = sum(not marks for _, marks in texts)
        told = {name: score(texts, find) for name, find in searches.items()}
        for name, each in told.items():
            yield (
                f"| {path.stem} | {name} | {each.cover:.3f} | {each.precision:.3f} | "
                f"{each.empty_flagged} of {empty} |"
            )
        first, _, last = told.values()
        labels.append(
            f"{path.stem}, cover by label at 0.4, ours / presidio: "
            + ", ".join(
                f"{label} {first.covered[label] / n:.2f} / {last.covered[label] / n:.2f} ({n})"
                for label, n in sorted(first.marks.items())
            )
            + "."
        )
    yield ""
    for line in labels:
        yield line
        yield ""


def noise(folder: Path) -> str:
    """Count finds at 0.8 in the Python sources below a folder, without tests and packages."""
    search = search_for(0.8)
    lines = finds = 0
    for path in sorted(folder.rglob("*.py")):
        if path.is_file() and not LEFT_OUT.intersection(path.relative_to(folder).parts):
            data = path.read_bytes()
            lines += data.count(b"\n")
            finds += len(settled(list(search.hits(data))))
    return f"{finds} finds in {lines:,} lines: {10_000 * finds / max(1, lines):.2f} in 10,000"


def main() -> None:
    """Score sets, or count the noise of a tree."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", type=Path, nargs="*")
    parser.add_argument("--docs", action="store_true")
    parser.add_argument("--tree", type=Path)
    asked = parser.parse_args()
    if asked.tree is not None:
        print(noise(asked.tree))
        return
    text = "\n".join(table(asked.files or sorted(SETS.glob("*.jsonl"))))
    print(text)
    if asked.docs:
        before, _, rest = DOCS.read_text("utf-8").partition(BEGIN)
        DOCS.write_text(f"{before}{BEGIN}\n{text}\n{END}{rest.partition(END)[2]}", "utf-8")


if __name__ == "__main__":
    main()
