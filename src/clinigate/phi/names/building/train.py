"""Train the model of names and places.

    python -m clinigate.phi.names.building.train WEIGHTS [--sentences 24000] [--seed 6]

Needs python-crfsuite. The same lists, templates, seed and count give the same file, byte for byte:
nothing is drawn but from the seed, and weights are kept in hundredths.
"""

from __future__ import annotations

import tempfile
import zlib
from pathlib import Path

import click

from clinigate.phi.names.building.sentences import Sentence, sentences, vocabulary
from clinigate.phi.names.features import EDGE, NEAR, Features
from clinigate.phi.names.lexicon import lexicon
from clinigate.phi.names.model import LABELS, rows_of
from clinigate.phi.names.text import words_of

__all__ = ["SENTENCES", "train"]

#: How many sentences the weights in this package were trained on.
SENTENCES = 24_000
SEED = 6

# Of a hundred entries of the lists so many are unknown while training: names that no list has
# must be found too.
_HIDDEN = 35


def train(*, count: int = SENTENCES, seed: int = SEED, iterations: int = 120) -> str:
    """Return the weights as the text that `Model` reads."""
    import pycrfsuite

    words = vocabulary()
    features = Features(lexicon().without(_is_hidden), words)
    trainer = pycrfsuite.Trainer(algorithm="lbfgs", verbose=False)
    trainer.set_params(
        {"c1": 0.12, "c2": 0.004, "max_iterations": iterations, "feature.minfreq": 3}
    )
    for sentence in sentences(seed, count):
        found = words_of(sentence.text)
        trainer.append(features_of([word for word, _, _ in found], features), _labels(sentence))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model.crfsuite")
        trainer.train(str(path))
        tagger = pycrfsuite.Tagger()
        tagger.open(str(path))
        known = tagger.info()
        tagger.close()
    return _as_text(known.state_features, known.transitions, words)


def features_of(words: list[str], features: Features) -> list[list[str]]:
    """Return the names of each word's features, as the model sums them up."""
    reach = NEAR[-1]
    edge = [features.traits(EDGE)] * reach
    known = edge + [features.traits(word) for word in words] + edge
    rows = []
    for at, mark in enumerate(features.phrases(words), reach):
        row = [
            f"{step}|{name}"
            for step in NEAR
            for name in (known[at - step].near if step else known[at].own)
        ]
        groups = [known[at + step].group for step in (-2, -1, 0, 1, 2)]
        row.extend("|".join(names) for names in rows_of(groups))
        if mark:
            row.append(f"ph|{mark}")
        rows.append(row)
    return rows


def _labels(sentence: Sentence) -> list[str]:
    labels = []
    spans = list(sentence.spans)
    for _, start, end in words_of(sentence.text):
        while spans and spans[0][1] <= start:
            spans.pop(0)
        inside = bool(spans) and spans[0][0] < end
        labels.append(f"{'B' if start <= spans[0][0] else 'I'}-{spans[0][2]}" if inside else "O")
    return labels


def _as_text(
    states: dict[tuple[str, str], float], moves: dict[tuple[str, str], float], words: frozenset[str]
) -> str:
    rows: dict[str, list[int]] = {}
    for (name, label), weight in states.items():
        rows.setdefault(name, [0] * len(LABELS))[LABELS.index(label)] = round(weight * 100)
    lines = ["clinigate.names/1", "\t".join(["vocabulary", *sorted(words)])]
    for before in LABELS:
        into = [str(round(moves.get((before, after), 0) * 100)) for after in LABELS]
        lines.append("\t".join([f"move|{before}", *into]))
    for name in sorted(rows):
        if any(rows[name]):
            lines.append("\t".join([name, *map(str, rows[name])]))
    return "\n".join(lines) + "\n"


def _is_hidden(entry: str) -> bool:
    return zlib.crc32(entry.encode()) % 100 < _HIDDEN


@click.command()
@click.argument("weights", type=click.Path(path_type=Path))
@click.option("--sentences", "count", default=SENTENCES, show_default=True)
@click.option("--seed", default=SEED, show_default=True)
def _main(weights: Path, count: int, seed: int) -> None:
    weights.write_text(train(count=count, seed=seed), encoding="utf-8")


if __name__ == "__main__":
    _main()
