"""MLflow, for real, in a folder: a release is logged, and the next one is held against it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from clinigate.errors import EvidenceError, IntegrityError, MissingExtraError, UsageError
from clinigate.modelgate.tracking import DIGEST_TAG, Tracker, open_tracker


@pytest.fixture(scope="module")
def tracker(tmp_path_factory: pytest.TempPathFactory) -> Any:
    patch = pytest.MonkeyPatch()
    patch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    folder = tmp_path_factory.mktemp("mlflow")
    yield open_tracker("store", folder)
    patch.undo()


@pytest.fixture(scope="module")
def experiment(tracker: Tracker) -> str:
    made: str = tracker.client.create_experiment("releases")
    return made


@pytest.fixture
def run(tracker: Tracker, experiment: str) -> str:
    made: str = tracker.client.create_run(experiment).info.run_id
    return made


def test_a_release_is_logged_and_read_back_as_a_baseline(
    tracker: Tracker, run: str, in_use: Any
) -> None:
    bundle = in_use.conclusion.bundle
    tracker.log(run, in_use, baseline=None)
    data = tracker.client.get_run(run).data
    assert data.tags["clinigate.verdict"] == "NOT_PASSED"
    assert data.tags["clinigate.bundle"] == bundle.statement_digest
    assert data.tags["clinigate.run"] == in_use.run
    assert "clinigate.baseline" not in data.tags
    assert data.metrics["emotion.accuracy"] == 1.0
    assert 0.9 < data.metrics["emotion.accuracy.bound"] < 1.0
    assert data.metrics["emotion.accuracy.n"] == 63
    with tracker.bundle(run) as path:
        assert path.suffix == ".zip"
        place = path
    assert not place.exists()


def test_a_fetched_baseline_is_held_against(
    tracker: Tracker, run: str, in_use: Any, prepared: Callable[..., Any], tmp_path: Path
) -> None:
    tracker.log(run, in_use, baseline="sha256:" + "0" * 64)
    assert tracker.client.get_run(run).data.tags["clinigate.baseline"] == "sha256:" + "0" * 64
    with tracker.bundle(run) as path:
        release = prepared(tmp_path).against(path, trust=None)
    assert release.baseline.run == in_use.run


def test_a_run_that_carries_no_bundle_or_another_one_is_refused(
    tracker: Tracker, run: str, in_use: Any
) -> None:
    with (
        pytest.raises(UsageError, match=r"carries no bundle .* --record-baseline"),
        tracker.bundle(run),
    ):
        pass
    tracker.log(run, in_use, baseline=None)
    tracker.client.set_tag(run, "clinigate.bundle", "sha256:" + "0" * 64)
    with pytest.raises(IntegrityError, match="is not the one that its tag"), tracker.bundle(run):
        pass


def test_digests_come_from_tags_and_from_the_model_itself(
    tracker: Tracker, run: str, tmp_path: Path
) -> None:
    digest = "sha256:" + "4" * 64
    tracker.client.set_tag(run, f"{DIGEST_TAG}prompt", digest)
    assert tracker.digests(run) == {"prompt": digest}
    weights = tmp_path / "weights.bin"
    weights.write_bytes(b"1234")
    tracker.client.log_artifact(run, str(weights), "model")
    first = tracker.model_digest(run, "model")
    assert first == tracker.model_digest(run, "model")
    weights.write_bytes(b"1235")
    tracker.client.log_artifact(run, str(weights), "model")
    assert tracker.model_digest(run, "model") != first
    with pytest.raises((UsageError, EvidenceError), match=r"MLflow|logged no model"):
        tracker.model_digest(run, "nothing")


def test_a_run_or_a_store_that_is_not_there_is_told_in_one_sentence(
    tracker: Tracker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(EvidenceError, match="'nope' not found"):
        tracker.digests("nope")
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    with pytest.raises(UsageError, match="no MLflow store is named"):
        open_tracker(None, tmp_path)
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "false")
    with pytest.raises(EvidenceError, match="set MLFLOW_ALLOW_FILE_STORE=true"):
        open_tracker("another", tmp_path)


def test_credentials_of_an_address_are_in_no_message(tracker: Tracker, tmp_path: Path) -> None:
    secret = open_tracker("http://user:pa55word@127.0.0.1:9/", tmp_path)
    assert "pa55word" not in secret.place

    def fails() -> None:
        raise tracker.failure("cannot reach http://user:pa55word@127.0.0.1:9/api\nmore")

    with pytest.raises(EvidenceError) as told:
        secret._told(fails)
    assert "pa55word" not in str(told.value)
    assert "more" not in str(told.value)


@pytest.mark.parametrize(
    "address",
    [
        "http://user:pa55@word@127.0.0.1:9/",
        "http://user:pa55/word@127.0.0.1:9/",
        "http://user@team:pa55@127.0.0.1:9/",
        "http://127.0.0.1:9/?access_token=pa55",
        "postgresql://user:pa55@word@127.0.0.1/mlflow",
        "http://user:pa55@[::1",
    ],
)
def test_credentials_that_nobody_encoded_are_in_no_message_either(
    address: str, tracker: Tracker, tmp_path: Path
) -> None:
    try:
        store = open_tracker(address, tmp_path)
    except EvidenceError as error:
        said = str(error)
    else:

        def fails() -> None:
            raise tracker.failure(f"API request to {address}api failed")

        with pytest.raises(EvidenceError) as told:
            store._told(fails)
        said = f"{store.place} {told.value}"
    assert not any(part in said for part in ("pa55", "word", "team"))


def test_a_folder_of_any_name_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    assert open_tracker("a@b", tmp_path).place == (tmp_path / "a@b").as_uri()


def test_a_run_that_another_seals_is_not_logged(tracker: Tracker, run: str, in_use: Any) -> None:
    with pytest.raises(EvidenceError, match="is another's to seal"):
        tracker.log(run, replace(in_use, conclusion=None), baseline=None)


def test_without_mlflow_the_extra_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "mlflow.tracking", None)
    with pytest.raises(MissingExtraError, match=r"clinigate\[mlflow\]"):
        open_tracker("store", tmp_path)
