"""Criteria that tests bring along are read back with the run, whatever process added them."""

from __future__ import annotations

from pathlib import Path

import pytest

from clinigate.config.loader import load_config
from clinigate.core.criterion import Criterion, Relation
from clinigate.core.measurement import Kind, Measurement
from clinigate.core.observation import Observation
from clinigate.core.verdict import Status
from clinigate.errors import IntegrityError
from clinigate.pipeline.reading import read_results
from clinigate.pipeline.recording import begin_recording
from clinigate.pipeline.setup import prepare
from clinigate.targets import callable_target

TONE = Criterion("acme.tone", "acme.tone", Relation.AT_LEAST, 0.9)


def recorded(folder: Path, *criteria: Criterion) -> Path:
    """A finished run that measured 290 of 300 and was judged by these criteria as well."""
    setup = prepare(load_config(start=folder))
    recording = begin_recording(setup, producer="test")
    assert recording.run is not None
    recording.describe(setup, callable_target(lambda text: text))
    for criterion in criteria:
        recording.add_criterion(criterion)
    measured = Measurement("acme.tone", Kind.RATE, 290 / 300, 300, events=290)
    recording.observation(Observation("ACME-TONE-001", measured))
    recording.finish()
    return recording.run.directory


def test_an_added_criterion_is_judged(tmp_path: Path) -> None:
    """It stands after the policy's, and its verdict beside theirs."""
    results = read_results(recorded(tmp_path, TONE, TONE))
    assert results.criteria[-1] == TONE
    assert [verdict.status for verdict in results.verdicts][-1] is Status.PASS
    assert len(results.criteria) == len({criterion.id for criterion in results.criteria})


def test_of_two_by_one_name_the_stricter_counts(tmp_path: Path) -> None:
    """Processes that share a run know nothing of each other's tests."""
    strict = Criterion("acme.tone", "acme.tone", Relation.AT_LEAST, 0.99)
    for folder, order in (("one", (TONE, strict)), ("other", (strict, TONE))):
        (tmp_path / folder).mkdir()
        results = read_results(recorded(tmp_path / folder, *order))
        assert results.criteria[-1] == strict
        assert results.verdicts[-1].status is Status.FAIL


def test_one_name_for_two_things_is_refused(tmp_path: Path) -> None:
    """A criterion that judges something else cannot hide behind a known name."""
    other = Criterion("emotion.accuracy", "acme.tone", Relation.AT_LEAST, 0.1)
    with pytest.raises(IntegrityError, match=r"'emotion\.accuracy', and judge different things"):
        read_results(recorded(tmp_path, other))
