"""A scan by a cluster's workers is the scan of one process; what a worker loses is said."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from clinigate.errors import UsageError
from clinigate.phi.canaries import make_patients
from clinigate.phi.runtime import spread as spread_module
from clinigate.phi.runtime.spread import scan_tree_on
from clinigate.phi.scanning import ScanOptions, scan
from clinigate.phi.tokens import Tokens

PATIENTS = make_patients(7, 1)


class Worker:
    """One worker, in this process: whatever passes is pickled either way."""

    def __init__(self, broken: int = -1) -> None:
        self.broken = broken
        self.tasks = 0

    def map(self, function: Any, items: Any, *, pure: bool) -> list[Any]:
        assert repr(function) == "clinigate phi scan"
        return [self._future(pickle.dumps((function, item))) for item in items]

    def _future(self, task: bytes) -> Any:
        worker, number = self, self.tasks
        self.tasks += 1

        class Future:
            def result(self) -> Any:
                if number == worker.broken:
                    raise OSError("what killed it may hold anything")
                function, item = pickle.loads(task)
                return pickle.loads(pickle.dumps(function(item)))

        return Future()


@pytest.fixture
def folder(tmp_path: Path, ssn: str) -> Path:
    """Files of which some hold something, one cannot be opened."""
    for number in range(5):
        (tmp_path / f"{number}.txt").write_text(f"ssn {ssn}\n" if number % 2 else "fine\n")
    (tmp_path / "canary.bin").write_bytes(b"\0" + PATIENTS[0].values["mrn"].encode())
    (tmp_path / "closed.7z").write_bytes(b"7z\xbc\xaf\x27\x1c and more")
    return tmp_path


@pytest.fixture
def options(folder: Path) -> ScanOptions:
    return ScanOptions(
        base=folder,
        paths=(".",),
        tokens=Tokens(b"0123456789abcdef", lasting=True),
        today=date(2026, 1, 1),
        patients=PATIENTS,
    )


def test_it_is_the_scan_of_one_process(folder: Path, options: ScanOptions) -> None:
    alone = scan(options)
    worker = Worker()
    spread = scan_tree_on(worker, [folder], options=options, batch=2)
    assert worker.tasks > 1
    assert replace(spread, tokens=alone.tokens) == alone
    assert dict(spread.tokens) == dict(alone.tokens)
    assert spread.canaries is not None
    assert spread.canaries.findings


def test_what_a_worker_loses_is_not_looked_at(folder: Path, options: ScanOptions) -> None:
    done = scan_tree_on(Worker(broken=0), [folder], options=options, batch=2)
    lost = [each for each in done.identifiers.excluded if "ended with OSError" in each.reason]
    assert len(lost) == 2
    assert not done.counts.complete
    assert "hold anything" not in repr(done)


def test_no_files_and_no_path(tmp_path: Path) -> None:
    assert scan_tree_on(Worker(), [tmp_path]).counts.files == 0
    with pytest.raises(UsageError, match="no such file"):
        scan_tree_on(Worker(), [tmp_path / "missing"])


@pytest.fixture
def cluster() -> Iterator[Any]:
    """A real cluster on this machine: two workers."""
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=False, dashboard_address=None,
            protocol="inproc://",
        ) as local,
        distributed.Client(local) as client,
    ):  # fmt: skip
        yield client


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
def test_on_a_real_cluster(cluster: Any, folder: Path, options: ScanOptions) -> None:
    done = scan_tree_on(cluster, [folder], options=options, batch=2)
    assert {each.flaw.place.uri for each in done.counted} >= {"1.txt", "3.txt", "canary.bin"}
    assert done.counts.files == scan(options).counts.files
    assert spread_module.__doc__ is not None
