"""What a release answered comes back from its evidence as it was, or not at all."""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinigate.clinical import obligations
from clinigate.core.canonical import sha256_hex
from clinigate.core.case import Severity
from clinigate.core.plan import Plan
from clinigate.core.results import Results, Subject
from clinigate.core.statistics.drift import SKETCH_SIZE
from clinigate.errors import IntegrityError
from clinigate.evidence.names import blob_path
from clinigate.modelgate.answers import Answer, Answers, Question
from clinigate.modelgate.memory import observation, pack, remembered

ANSWER = st.builds(
    Answer,
    case=st.text("0123456789abcdef", min_size=12, max_size=12),
    core=st.text(max_size=12),
    severity=st.sampled_from(Severity),
    right=st.sampled_from([True, False, None]),
    score=st.none() | st.floats(0, 1),
    length=st.none() | st.integers(0, 10_000),
)
SKETCH = st.dictionaries(st.integers(0, SKETCH_SIZE - 1), st.integers(1, 9), max_size=5)
ANSWERS = st.builds(
    Answers,
    by=st.dictionaries(
        st.sampled_from(Question), st.lists(ANSWER, max_size=4).map(tuple), max_size=5
    ),
    sketches=st.dictionaries(st.text(max_size=6), SKETCH, max_size=3),
    seconds=st.dictionaries(st.text(max_size=6), st.floats(0, 60), max_size=3),
)


@dataclass
class Files:
    """A bundle's files, as far as they are read here."""

    held: dict[str, bytes]

    def read(self, name: str) -> bytes:
        return self.held[name]


def digest_of(data: bytes) -> str:
    return f"sha256:{sha256_hex(data)}"


def results(*digests: str) -> Results:
    empty = Answers({})
    return Results(
        run="r", subject=Subject("s"), target="t", plan=Plan(), started_at="", finished_at="",
        criteria=(), verdicts=(), observations=tuple(observation(empty, each) for each in digests),
    )  # fmt: skip


def read(data: bytes) -> Any:
    digest = digest_of(data)
    return remembered(Files({blob_path(digest): data}), results(digest))  # type: ignore[arg-type]


@given(ANSWERS, st.integers(0, 9), st.integers(1, 3))
@settings(max_examples=40)
def test_answers_come_back_as_they_were(answers: Answers, seed: int, repeats: int) -> None:
    plan = Plan(seed=seed, repeats=repeats)
    found = read(pack(answers, plan))
    assert found.answers == answers
    assert (found.seed, found.repeats, found.timeout_s) == (seed, repeats, plan.timeout_s)
    assert found.rules == obligations.VERSION
    assert pack(found.answers, plan) == pack(answers, plan)


def test_a_run_without_answers_remembers_nothing() -> None:
    assert remembered(Files({}), results()) is None  # type: ignore[arg-type]


def test_two_different_memories_are_refused() -> None:
    first, second = pack(Answers({}), Plan(seed=1)), pack(Answers({}), Plan(seed=2))
    with pytest.raises(IntegrityError, match="more than one release"):
        remembered(Files({}), results(digest_of(first), digest_of(second)))  # type: ignore[arg-type]


def test_what_was_changed_is_refused() -> None:
    data = pack(Answers({}), Plan(seed=1))
    name = blob_path(digest_of(data))
    with pytest.raises(IntegrityError, match="was changed"):
        remembered(Files({name: data + b"x"}), results(digest_of(data)))  # type: ignore[arg-type]


def test_a_name_that_is_no_digest_is_refused() -> None:
    with pytest.raises(IntegrityError, match="no digest"):
        remembered(Files({}), results("sha256:../../etc"))  # type: ignore[arg-type]


GOOD = json.loads(
    zlib.decompress(
        pack(
            Answers({Question.CARE: (Answer("c", "k", Severity.NONE, True),)}, {"c": {1: 1}}),
            Plan(),
        )
    )
)


def changed(**fields: Any) -> bytes:
    return zlib.compress(json.dumps({**GOOD, **fields}).encode())


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"not deflated",
        zlib.compress(b"[]"),
        zlib.compress(b"{"),
        changed(schema="clinigate.answers/2"),
        changed(answers={"riddles": []}),
        changed(answers={"care": [["c", "k", "none", True]]}),
        changed(answers={"care": [["c", "k", "none", 1, None, None]]}),
        changed(answers={"care": [["c", "k", "none", "yes", None, None]]}),
        changed(answers={"care": [["c", "k", "C9", True, None, None]]}),
        changed(answers={"care": [["c", "k", "none", True, "NaN", None]]}),
        changed(seconds={"c": "Infinity"}),
        changed(sketches={"c": [SKETCH_SIZE, 1]}),
        changed(sketches={"c": [1, 0]}),
        changed(sketches={"c": [1]}),
        changed(seed="x"),
        changed(repeats=None),
        changed(timeout_s="NaN"),
    ],
)
def test_what_are_no_answers_is_refused_by_name(data: bytes) -> None:
    with pytest.raises(IntegrityError, match=r"blobs/sha256/.*: these are no answers"):
        read(data)


def test_the_good_form_of_the_above_is_read() -> None:
    assert read(changed()).answers.by[Question.CARE][0].right is True
