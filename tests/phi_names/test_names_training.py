"""The weights are made again byte for byte, and are read as they were trained."""

from __future__ import annotations

import itertools
import subprocess
import sys
from importlib.resources import files

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinigate.errors import IntegrityError
from clinigate.phi.names.building.sentences import sentences, vocabulary
from clinigate.phi.names.building.train import features_of, train
from clinigate.phi.names.lexicon import lexicon
from clinigate.phi.names.model import LABELS, Model, model
from clinigate.phi.names.text import words_of

WORDS = ["Maria", "Delgado", ",", "12", "Oak", "Street", "\n", "in", "Paris", "Mr", ".", "quorvast"]


@pytest.fixture(scope="module")
def tiny() -> str:
    return train(count=80, seed=3, iterations=8)


def test_a_training_is_repeated_byte_for_byte_by_another_process(tiny: str) -> None:
    code = (
        "import sys; from clinigate.phi.names.building.train import train; "
        "sys.stdout.buffer.write(train(count=80, seed=3, iterations=8).encode())"
    )
    again = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, env={"PYTHONHASHSEED": "7"}
    )
    assert again.stdout.decode() == tiny


def test_another_seed_gives_other_sentences_and_the_same_seed_the_same() -> None:
    first, again, other = (list(sentences(seed, 40)) for seed in (1, 1, 2))
    assert first == again != other


def test_spans_of_sentences_stand_where_they_are_said_to_stand() -> None:
    made = list(sentences(5, 400))
    assert {label for sentence in made for _, _, label in sentence.spans} == {"N", "L"}
    for sentence in made:
        at = 0
        for start, end, _ in sentence.spans:
            assert at <= start < end <= len(sentence.text)
            assert sentence.text[start:end].strip()
            at = end


def test_slots_are_all_filled() -> None:
    assert not [each.text for each in sentences(6, 400) if "{person}" in each.text]


def test_the_weights_of_the_package_are_small_and_know_its_vocabulary() -> None:
    weights = files("clinigate.phi.names").joinpath("data", "weights.txt").read_bytes()
    assert len(weights) < 1_000_000
    assert model().features.vocabulary == vocabulary()


@pytest.mark.parametrize("text", ["", "clinigate.names/2\n", "\x00"])
def test_other_weights_are_refused(text: str) -> None:
    with pytest.raises(IntegrityError, match=r"clinigate\.names/1"):
        Model(text, lexicon())


@given(st.lists(st.sampled_from(WORDS), min_size=1, max_size=4))
@settings(max_examples=30, deadline=None)
def test_the_path_is_the_best_of_all_by_the_features_as_they_were_trained(words: list[str]) -> None:
    text = files("clinigate.phi.names").joinpath("data", "weights.txt").read_text("utf-8")
    rows = {name: [int(n) for n in numbers] for name, *numbers in _rows(text)}
    sums = [
        [sum(rows[name][label] for name in names if name in rows) for label in range(len(LABELS))]
        for names in features_of(words, model().features)
    ]

    def weight(path: tuple[int, ...]) -> int:
        moves = sum(rows[f"move|{LABELS[a]}"][b] for a, b in itertools.pairwise(path))
        return moves + sum(row[label] for row, label in zip(sums, path, strict=True))

    paths = [path for path in itertools.product(range(5), repeat=len(words)) if _is_valid(path)]
    assert weight(tuple(model().labels(words))) == max(map(weight, paths))


def _rows(text: str) -> list[list[str]]:
    return [line.split("\t") for line in text.splitlines()[2:]]


def _is_valid(path: tuple[int, ...]) -> bool:
    """Whether inside labels go on from their own kind, but for the first, which has no move."""
    return all(
        not LABELS[b].startswith("I") or LABELS[a].endswith(LABELS[b][1:])
        for a, b in itertools.pairwise(path)
    )


def test_words_keep_names_together_and_take_ends_off() -> None:
    assert [word for word, _, _ in words_of("Anne-Marie O'Neil's 12.5\nx_y")] == [
        *("Anne", "-", "Marie", "O'Neil", "'", "s", "12", ".", "5", "\n", "x", "_", "y")
    ]
