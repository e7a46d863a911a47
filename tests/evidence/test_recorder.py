"""Recording: whatever was acknowledged is on disk, redacted, whoever dies and whenever."""

from __future__ import annotations

import os
import re
import resource
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from clinigate.core import Finding, Kind, Measurement, Observation, Plan, from_plain
from clinigate.core.results import Subject
from clinigate.errors import EvidenceError, UsageError
from clinigate.evidence.ledger import read_ledger
from clinigate.evidence.names import blob_path
from clinigate.evidence.recorder import Recorder
from clinigate.evidence.redaction import Redactor
from clinigate.evidence.runs import Run, RunStore, begin_run, join_run
from clinigate.evidence.signing import LocalSigner
from clinigate.evidence.spool import (
    RunStatus,
    Spool,
    read_spool,
)
from clinigate.evidence.times import Clock

SUBJECT = Subject("demo", "1.0", {"image": "sha256:" + "ab" * 32})
SEEN = Observation("CG-1", Finding("m", "expected help, got silence", case_id="c1"))


@pytest.fixture
def run(tmp_path: Path, clock: Clock, ed25519: LocalSigner) -> Run:
    return begin_run(
        tmp_path / ".clinigate",
        producer="pytest",
        subject=SUBJECT,
        plan=Plan(seed=7),
        clock=clock,
        signer=ed25519,
        environ={},
    )


def only_spool(run_directory: Path) -> Spool:
    (path,) = (run_directory / "spool").iterdir()
    return read_spool(path)


def test_a_run_is_started_in_ledger_and_spool_before_anything_else(run: Run) -> None:
    store = RunStore(run.directory.parents[1])
    ledger = read_ledger(store.ledger_directory)
    assert ledger.chain.records[-1].type == "run-started"
    assert ledger.chain.records[-1].body["subject"]["name"] == "demo"
    (first,) = only_spool(run.directory).records
    assert first.type == "start"
    assert first.body["plan"]["seed"] == 7
    assert first.body["run"] == run.id
    assert store.runs() == [run.id]
    assert store.directory(run.id) == run.directory


def test_what_is_recorded_comes_back_in_order(run: Run) -> None:
    """Nouns go in and come out the same; `start` is first, `finish` last and counts them."""
    measured = Observation("CG-1", Measurement("m", Kind.RATE, 0.5, 10, events=5))
    run.recorder.observation(measured)
    run.recorder.verdict({"criterion": "c", "status": "FAIL"})
    run.recorder.note("throttled", {"case": "c9"})
    run.recorder.observation(SEEN)
    run.finish()
    spool = only_spool(run.directory)
    assert [r.type for r in spool.records] == [
        *("start", "observation", "verdict", "note", "observation", "finish")
    ]
    assert from_plain(Observation, spool.records[1].body) == measured
    assert from_plain(Observation, spool.records[4].body) == SEEN
    assert spool.records[-1].body == {"status": "COMPLETE", "records": 5, "redactions": []}
    assert spool.status is RunStatus.COMPLETE


def test_nothing_identifying_reaches_the_disk(run: Run) -> None:
    """Neither in records, nor in blobs; the same value has the same token in all of them."""
    secret = "jane.doe@example.org"
    about = Finding("m", f"the log held {secret}", excerpt=f"mail {secret}, SSN 123-45-6789")
    run.recorder.observation(Observation("CG-1", about))
    digest = run.recorder.blob(f"to: {secret}".encode(), "text/plain")
    run.finish()
    files = [p for p in run.directory.rglob("*") if p.is_file()]
    text = b"\n".join(p.read_bytes() for p in files).decode()
    assert secret not in text
    assert "123-45-6789" not in text
    (token,) = set(re.findall(r"mail (\[PHI:\w+\])", text))
    assert (run.directory / blob_path(digest)).read_text() == f"to: {token}"
    found = only_spool(run.directory).records[-1].body["redactions"]
    assert found == [{"rule": "email", "count": 3}, {"rule": "ssn", "count": 1}]


def test_the_redaction_key_is_nowhere_on_disk(run: Run) -> None:
    key = run.environ()["CLINIGATE_REDACTION_KEY"]
    run.finish()
    for path in run.directory.parents[1].rglob("*"):
        if path.is_file():
            assert key not in path.read_text()
            assert bytes.fromhex(key) not in path.read_bytes()


def test_processes_of_one_run_share_tokens_and_strangers_do_not(run: Run, clock: Clock) -> None:
    with join_run(run.environ(), producer="pytest-gw0", clock=clock) as worker:
        worker.note("n", {"mail": "a@b.org"})
    stranger = join_run({"CLINIGATE_RUN": str(run.directory)}, producer="by-hand", clock=clock)
    stranger.note("n", {"mail": "a@b.org"})
    run.recorder.note("n", {"mail": "a@b.org"})
    spools = {p.name.rpartition("-")[0]: read_spool(p) for p in (run.directory / "spool").iterdir()}
    mails = {name: spool.records[1].body["about"]["mail"] for name, spool in spools.items()}
    assert mails["pytest"] == mails["pytest-gw0"] != mails["by-hand"]
    assert spools["by-hand"].records[0].body["tokens"] == "own"


def test_a_blob_is_stored_once_under_its_digest(run: Run) -> None:
    first = run.recorder.blob(b"reply", "text/plain")
    assert run.recorder.blob(b"reply", "text/plain") == first
    binary = run.recorder.blob(b"\x89PNG\xff", "image/png")
    run.finish()
    stored = [p for p in (run.directory / "blobs").rglob("*") if p.is_file()]
    assert sorted(p.name for p in stored) == sorted(d.partition(":")[2] for d in (first, binary))
    blobs = [r.body for r in only_spool(run.directory).records if r.type == "blob"]
    assert [(b["media_type"], b["size"], b["redacted"]) for b in blobs] == [
        ("text/plain", 5, True),
        ("text/plain", 5, True),
        ("image/png", 5, False),
    ]


def test_a_recorder_that_finished_takes_nothing_more(run: Run) -> None:
    run.finish()
    with pytest.raises(EvidenceError, match="has finished"):
        run.recorder.observation(SEEN)


def test_an_exception_makes_the_part_aborted(run: Run, clock: Clock) -> None:
    with (
        pytest.raises(ZeroDivisionError),
        join_run(run.environ(), producer="w", clock=clock) as worker,
    ):
        worker.note("n", {"a": 1 // 0})
    (path,) = (run.directory / "spool").glob("w-*")
    assert read_spool(path).status is RunStatus.ABORTED


def test_a_part_cannot_finish_as_incomplete(run: Run) -> None:
    with pytest.raises(UsageError, match="never INCOMPLETE"):
        run.finish(RunStatus.INCOMPLETE)


def test_a_forked_process_must_join_by_itself(run: Run) -> None:
    """Two processes on one spool would interleave; the child is told so."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            run.recorder.observation(SEEN)
        except EvidenceError as error:
            os.write(writer, str(error).encode())
        os._exit(0)
    os.close(writer)
    os.waitpid(child, 0)
    assert b"joins the run by itself" in os.read(reader, 500)
    os.close(reader)


def test_threads_share_a_recorder(run: Run) -> None:
    def work() -> None:
        for number in range(50):
            run.recorder.note("n", {"number": number})

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    run.finish()
    assert len(only_spool(run.directory).records) == 202


def test_a_record_that_is_no_json_is_refused_and_nothing_is_torn(run: Run) -> None:
    with pytest.raises((TypeError, ValueError)):
        run.recorder.note("n", {"value": float("nan")})
    run.finish()
    assert only_spool(run.directory).status is RunStatus.COMPLETE


@pytest.mark.parametrize("taken", [0, 9])
def test_a_full_disk_is_told_and_leaves_no_half_record(run: Run, taken: int) -> None:
    (path,) = (run.directory / "spool").iterdir()
    before = path.read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + taken, limits[1]))
    try:
        with pytest.raises(EvidenceError, match="spool"):
            run.recorder.observation(SEEN)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert path.read_bytes() == before
    run.recorder.observation(SEEN)
    assert len(only_spool(run.directory).records) == 2


CHILD = """
import sys
from pathlib import Path
from clinigate.evidence.runs import begin_run
run = begin_run(Path(sys.argv[1]), producer="child", subject={"name": "demo"}, plan={})
number = 0
while True:
    digest = run.recorder.blob(f"reply {number}".encode(), "text/plain")
    run.recorder.note("acknowledged", {"number": number, "digest": digest})
    sys.stdout.write(f"{number}\\n")
    sys.stdout.flush()
    number += 1
"""


@pytest.mark.parametrize("acknowledged", [1, 40, 173])
def test_kill_9_loses_no_acknowledged_record(tmp_path: Path, acknowledged: int) -> None:
    """A real process, killed while it writes on: all that it was told is written is there, and the
    run is INCOMPLETE, in the spool and in the ledger.
    """
    root = tmp_path / ".clinigate"
    with subprocess.Popen(
        [sys.executable, "-c", CHILD, str(root)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        for number in range(acknowledged):
            assert process.stdout.readline() == f"{number}\n"
        process.send_signal(signal.SIGKILL)
        told = acknowledged + len(process.stdout.read().splitlines())
    (history,) = RunStore(root).history()
    assert history.status is RunStatus.INCOMPLETE
    directory = RunStore(root).directory(history.run)
    spool = only_spool(directory)
    assert spool.status is RunStatus.INCOMPLETE
    notes = [r.body["about"] for r in spool.records if r.type == "note"]
    assert [note["number"] for note in notes][:told] == list(range(told))
    for note in notes:
        stored = (directory / blob_path(note["digest"])).read_text()
        assert stored == f"reply {note['number']}"


def test_history_shows_every_run_however_it_ended(
    tmp_path: Path, clock: Clock, ed25519: LocalSigner
) -> None:
    """Abandoned and aborted runs stay: that is what stops running again until green."""
    statuses = []
    for status in (RunStatus.COMPLETE, None, RunStatus.ABORTED):
        run = begin_run(
            tmp_path,
            producer="p",
            subject=SUBJECT,
            plan=Plan(),
            clock=clock,
            signer=ed25519,
            environ={},
        )
        if status is None:
            run.recorder.close()
        else:
            run.finish(status)
        statuses.append((run.id, status or RunStatus.INCOMPLETE))
    store = RunStore(tmp_path)
    assert [(h.run, h.status) for h in store.history()] == statuses
    assert store.runs() == [run for run, _ in statuses]


@pytest.mark.parametrize("producer", ["", "Pytest", "../x", "a" * 41, "-a", "a/b"])
def test_a_producer_that_is_no_file_name_is_refused(run: Run, producer: str) -> None:
    with pytest.raises(UsageError, match="producer is"):
        join_run(run.environ(), producer=producer)


def test_joining_nothing_is_refused(tmp_path: Path, run: Run) -> None:
    with pytest.raises(EvidenceError, match="CLINIGATE_RUN is not set"):
        join_run({}, producer="w")
    with pytest.raises(EvidenceError, match="no run here to join"):
        join_run({"CLINIGATE_RUN": str(tmp_path / "none")}, producer="w")
    (run.directory / "statement.json").write_text("{}")
    with pytest.raises(EvidenceError, match="is sealed"):
        join_run(run.environ(), producer="w")


@pytest.mark.parametrize("name", ["..", "x", "20260821T100000000000Z-00000000"])
def test_an_unknown_run_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(EvidenceError, match="no run"):
        RunStore(tmp_path).directory(name)
    assert RunStore(tmp_path).runs() == []


def test_a_process_id_that_comes_again_gets_a_spool_of_its_own(run: Run, clock: Clock) -> None:
    for _ in range(3):
        Recorder(run.directory, "w", redactor=Redactor(bytes(16)), clock=clock, start={}).finish()
    names = sorted(p.name for p in (run.directory / "spool").glob("w-*"))
    assert names == [f"w-{os.getpid()}{suffix}.ndjson" for suffix in ("-2", "-3", "")]


def test_a_clock_without_a_zone_is_refused(tmp_path: Path) -> None:
    from datetime import datetime

    def naive() -> datetime:
        return datetime(2026, 8, 21)  # noqa: DTZ001 - the case under test

    with pytest.raises(ValueError, match="without a zone"):
        begin_run(tmp_path, producer="p", subject=SUBJECT, plan=Plan(), clock=naive, environ={})


def test_recording_loads_no_cryptography() -> None:
    """A run without a key, and the pytest plugin, start without it."""
    code = (
        "import sys; import clinigate.evidence.runs, clinigate.evidence.seal; "
        "sys.exit('cryptography' in sys.modules or 'numpy' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
