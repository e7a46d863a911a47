"""Sealing: only what is whole, scanned and finished is called complete, and it is sealed once."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from clinigate.core import Finding, Gap, Observation, Status, judge_all
from clinigate.core.results import Results
from clinigate.errors import EvidenceError, IncompleteRunError, IntegrityError, UsageError
from clinigate.evidence.inspection import allow_unscanned
from clinigate.evidence.ledger import read_ledger
from clinigate.evidence.names import blob_path
from clinigate.evidence.recorded import read_run
from clinigate.evidence.runs import RunStore, begin_run, join_run
from clinigate.evidence.signing import LocalSigner
from clinigate.evidence.spool import RunStatus
from clinigate.evidence.trust import TrustStore
from clinigate.evidence.verify import verify_bundle


def test_a_sealed_run_holds_all_that_it_needs(system: Any) -> None:
    bundle = system.sealed()
    names = [name for name in bundle.names if not name.startswith(("blobs/", "spool/"))]
    assert names == [
        "controls.lock.json",
        "environment.json",
        "ledger.tlog-proof",
        "results.json",
        "statement.dsse.json",
    ]
    predicate = bundle.statement.predicate
    assert bundle.status is RunStatus.COMPLETE
    assert bundle.signed
    assert predicate["counts"] == {
        "PASS": 1, "FAIL": 0, "INCONCLUSIVE": 0, "ERROR": 0, "NOT_ASSESSED": 0
    }  # fmt: skip
    assert predicate["coverage"] == {
        "164.312(b)": {"verdicts": {"PASS": 1}, "observations": {"measurement": 1}}
    }
    assert bundle.statement.system == {"image": "sha256:" + "ab" * 32}
    assert predicate["startedAt"] < predicate["finishedAt"] < predicate["sealedAt"]
    assert isinstance(bundle.results(), Results)
    assert not list(bundle.path.rglob(".*"))


def test_a_statement_is_plain_json_whose_integers_stay(system: Any) -> None:
    payload = json.loads(system.sealed().envelope.payload)
    assert payload["_type"] == "https://in-toto.io/Statement/v1"
    assert payload["predicateType"] == "https://clinigate.dev/evidence/v1"
    size = payload["predicate"]["ledger"]["size"]
    assert isinstance(size, int)
    assert {s["name"] for s in payload["subject"]} >= {"results.json", "system:image"}


def test_runs_are_chained_and_logged(system: Any) -> None:
    """Each statement names the run before it, sealed or abandoned."""
    abandoned = system.begin()
    abandoned.recorder.close()
    bundle = system.sealed()
    assert bundle.statement.predicate["previousRun"] == abandoned.id
    assert [h.status for h in RunStore(system.root).history()] == [
        RunStatus.INCOMPLETE,
        RunStatus.COMPLETE,
    ]
    sealed = RunStore(system.root).history()[-1]
    assert sealed.statement == bundle.statement_digest.partition(":")[2]
    assert sealed.sealed_at is not None


def test_an_unfinished_run_is_never_called_complete(system: Any) -> None:
    """Refused; or sealed as what it is, which no gate opens on."""
    run = system.record()
    run.recorder.close()
    with pytest.raises(IncompleteRunError, match=r"is INCOMPLETE: pytest-\d+\.ndjson never"):
        system.seal(run)
    assert not (run.directory / "statement.dsse.json").exists()
    bundle = system.seal(run, allow_incomplete=True)
    assert bundle.status is RunStatus.INCOMPLETE
    assert RunStore(system.root).history()[-1].status is RunStatus.INCOMPLETE


def test_one_part_that_never_finished_makes_the_run_incomplete(system: Any) -> None:
    """The worker is dead; its tests are lost, whatever the others say."""
    run = system.record()
    worker = join_run(run.environ(), producer="pytest-gw0", clock=system.clock)
    worker.note("n", {"a": 1})
    worker.close()
    run.finish()
    with pytest.raises(IncompleteRunError, match="pytest-gw0"):
        system.seal(run)


def test_an_aborted_run_is_sealed_as_aborted(system: Any) -> None:
    """Stopped on purpose, as by a critical safety failure: evidence is kept."""
    run = system.record()
    run.finish(RunStatus.ABORTED)
    assert system.seal(run).status is RunStatus.ABORTED


def test_observations_of_all_processes_are_merged_into_the_results(system: Any) -> None:
    run = system.record()
    with join_run(run.environ(), producer="chaos", clock=system.clock) as other:
        other.observation(Observation("CG-2", Gap("chaos.recovery", "no cluster")))
    run.finish()
    bundle = system.seal(run)
    assert [o.check for o in bundle.results().observations] == ["CG-1", "CG-1", "CG-2"]
    assert len(bundle.statement.predicate["producers"]) == 2


def test_nothing_can_be_left_out_on_the_way_to_the_seal(system: Any) -> None:
    """Whatever a caller passes as observations: those that were recorded are sealed."""
    run = system.record()
    run.finish()
    bundle = system.seal(run, results=system.results(run, observations=()))
    assert len(bundle.results().observations) == 2


def test_a_run_is_sealed_once(system: Any) -> None:
    run = system.record()
    run.finish()
    results = system.seal(run)
    before = {p: p.read_bytes() for p in run.directory.rglob("*") if p.is_file()}
    with pytest.raises(EvidenceError, match="sealed already"):
        system.seal(run)
    assert {p: p.read_bytes() for p in run.directory.rglob("*") if p.is_file()} == before
    assert results.run == run.id


@pytest.mark.parametrize("logged", [True, False])
def test_an_interrupted_seal_is_completed_and_logged_once(
    system: Any, logged: bool, trusting: Callable[..., TrustStore]
) -> None:
    """Killed after the statement, before or after the ledger: sealing again adds what is missing
    and changes nothing that is there.
    """
    run = system.record()
    run.finish()
    before = system.root / "before"
    shutil.copytree(system.root / "ledger", before)
    statement = system.seal(run).envelope_bytes
    (run.directory / "ledger.tlog-proof").unlink()
    if not logged:
        shutil.rmtree(system.root / "ledger")
        before.rename(system.root / "ledger")
    bundle = system.seal(run)
    assert bundle.envelope_bytes == statement
    records = read_ledger(system.root / "ledger").chain.records
    assert [r.type for r in records].count("run-sealed") == 1
    report = verify_bundle(bundle, trust=trusting(system.signer))
    assert report.overall == "ok", report.problems


def test_a_process_that_still_writes_stops_the_seal(system: Any) -> None:
    run = system.record()
    worker = join_run(run.environ(), producer="load", clock=system.clock)
    run.recorder.finish()
    with pytest.raises(EvidenceError, match="still writes"):
        system.seal(run, allow_incomplete=True)
    worker.finish()
    assert system.seal(run).status is RunStatus.COMPLETE


def test_a_forked_child_that_lives_on_does_not_stop_the_seal(system: Any) -> None:
    """A server that was started by fork during the run holds nothing of it."""
    run = system.record()
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(writer)
        os.read(reader, 1)
        os._exit(0)
    os.close(reader)
    run.finish()
    bundle = system.seal(run)
    os.close(writer)
    os.waitpid(child, 0)
    assert bundle.status is RunStatus.COMPLETE


def test_leftovers_of_a_killed_writer_are_not_sealed(system: Any) -> None:
    run = system.record()
    run.finish()
    blobs = next((run.directory / "blobs").rglob("*"))
    (blobs / ".x.12-0123abcd.tmp").write_bytes(b"half")
    bundle = system.seal(run)
    assert not [name for name in bundle.names if name.endswith(".tmp")]


@pytest.mark.parametrize("media_type", ["image/png", "text/plain"])
def test_an_identifier_among_bytes_that_are_no_text_fails_the_seal(
    system: Any, media_type: str
) -> None:
    run = system.record()
    digest = run.recorder.blob(b"\xff jane.doe@example.org", media_type)
    run.finish()
    with pytest.raises(EvidenceError, match=f"{blob_path(digest)}: text: email") as caught:
        system.seal(run)
    assert "jane" not in str(caught.value)


def test_what_nobody_can_look_into_is_sealed_only_where_its_kind_is_allowed(system: Any) -> None:
    """The note that allows it is sealed too, and the statement names the file."""
    run = system.record()
    digest = run.recorder.blob(b"\x00\xff\x01\x80", "image/x-scan; v=1")
    run.finish()
    with pytest.raises(EvidenceError, match=f"{blob_path(digest)}: .* .image/x-scan.*unscanned"):
        system.seal(run)
    run = system.record()
    allow_unscanned(run.recorder, ["image/x-scan"], "drawn by the test itself")
    digest = run.recorder.blob(b"\x00\xff\x01\x80", "image/x-scan; v=1")
    run.finish()
    bundle = system.seal(run)
    assert bundle.statement.predicate["unscanned"] == [blob_path(digest)]


def test_only_who_leads_a_run_allows_what_nobody_looked_into(system: Any) -> None:
    run = system.record()
    worker = join_run(run.environ(), producer="worker", clock=system.clock)
    allow_unscanned(worker, ["image/x-scan"], "says the worker")
    worker.blob(b"\x00\xff\x01\x80", "image/x-scan")
    worker.finish()
    run.finish()
    with pytest.raises(EvidenceError, match="nobody can look for identifiers"):
        system.seal(run)


@pytest.mark.parametrize("name", ["notes.txt", "extra.json", "spool/x-1.ndjson.txt"])
def test_an_identifier_put_past_the_recorder_fails_the_seal(system: Any, name: str) -> None:
    """The scanner names file, place and kind, never the identifier; it sees through escapes."""
    run = system.record()
    run.finish()
    mail = "jane.doe\\u0040example.org" if name.endswith(".json") else "jane.doe@example.org"
    text = f'{{"a":["{mail}"]}}' if name.endswith(".json") else f"mail {mail}"
    (run.directory / name).write_text(text)
    with pytest.raises(EvidenceError, match=f"not sealed.*{name}: .*: email") as caught:
        system.seal(run)
    assert "jane" not in str(caught.value)
    assert not (run.directory / "statement.dsse.json").exists()


def test_an_identifier_in_the_results_fails_the_seal(system: Any) -> None:
    run = system.record()
    run.finish()
    with pytest.raises(EvidenceError, match=r"results\.json: target: ssn"):
        system.seal(run, results=system.results(run, target="SSN 123-45-6789"))
    assert system.seal(run).signed


def test_an_edited_spool_is_refused_by_line(system: Any) -> None:
    run = system.record()
    run.finish()
    (path,) = (run.directory / "spool").iterdir()
    lines = path.read_bytes().split(b"\n")
    lines[1] = b"{}"
    path.write_bytes(b"\n".join(lines))
    with pytest.raises(IntegrityError, match=r"spool/.*: line 2: not a record"):
        system.seal(run, results={})


@pytest.mark.parametrize("content", [b"changed", None])
def test_raw_evidence_that_was_changed_or_lost_is_refused(
    system: Any, content: bytes | None
) -> None:
    run = system.record()
    digest = run.recorder.blob(b"reply", "text/plain")
    run.finish()
    path = run.directory / blob_path(digest)
    path.unlink() if content is None else path.write_bytes(content)
    with pytest.raises(IntegrityError, match=blob_path(digest)):
        system.seal(run)


def test_a_file_that_passes_for_raw_evidence_is_refused(system: Any) -> None:
    run = system.record()
    run.finish()
    name = "blobs/sha256/00/" + "00" * 32
    (run.directory / name).parent.mkdir(parents=True)
    (run.directory / name).write_text("put there")
    with pytest.raises(IntegrityError, match=name):
        system.seal(run)


def test_raw_evidence_whose_record_was_lost_in_a_crash_is_kept(system: Any) -> None:
    """The blob comes before its record: a kill between the two leaves the blob."""
    run = system.record()
    digest = run.recorder.blob(b"reply", "text/plain")
    run.recorder.close()
    (path,) = (run.directory / "spool").iterdir()
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))
    bundle = system.seal(run, allow_incomplete=True)
    assert blob_path(digest) in bundle.statement.files


def test_results_of_another_run_are_refused(system: Any) -> None:
    run, other = system.record(), system.record()
    run.finish()
    other.finish()
    with pytest.raises(EvidenceError, match=f"the results are those of run {other.id}"):
        system.seal(run, results=system.results(other))


def test_results_of_another_form_are_refused_by_field(system: Any) -> None:
    run = system.record()
    run.finish()
    with pytest.raises(EvidenceError, match="Results"):
        system.seal(run, results={"verdicts": []})


def test_a_run_is_sealed_with_the_ledger_that_it_began_in(system: Any, tmp_path: Path) -> None:
    run = system.record()
    run.finish()
    with pytest.raises(IntegrityError, match="was never started here"):
        system.seal(run, ledger=RunStore(tmp_path / "other").ledger(clock=system.clock))


def test_a_run_that_died_before_its_first_record_cannot_be_sealed(system: Any) -> None:
    run = system.begin()
    run.recorder.close()
    (path,) = (run.directory / "spool").iterdir()
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(IncompleteRunError, match="nothing to seal"):
        system.seal(run, results={}, allow_incomplete=True)


def test_what_is_no_run_cannot_be_sealed(system: Any, tmp_path: Path) -> None:
    run = system.record()
    run.directory = tmp_path / "none"
    with pytest.raises(EvidenceError, match="none: cannot be sealed"):
        system.seal(run, results={})
    with pytest.raises(EvidenceError, match="no run here"):
        read_run(tmp_path / "none")


def test_without_a_key_a_run_is_unsigned_and_says_so(system: Any) -> None:
    """In the name of its file, in its statement, in the ledger."""
    system.signer = None
    bundle = system.sealed()
    assert bundle.statement_name == "statement.json"
    assert not bundle.signed
    assert bundle.statement.signed is False
    assert read_ledger(system.root / "ledger").chain.records[-1].body["signed"] is False


def test_a_run_begins_only_with_a_system_and_a_plan(tmp_path: Path, ed25519: LocalSigner) -> None:
    with pytest.raises(UsageError, match=r"cannot begin: Subject\.name"):
        begin_run(tmp_path, producer="p", subject={}, plan={}, environ={})
    assert list(tmp_path.iterdir()) == []


def test_verdicts_that_producers_recorded_can_be_read_back(system: Any) -> None:
    run = system.record()
    (verdict,) = judge_all((system.criterion,), read_run(run.directory).observations())
    run.recorder.verdict(verdict)
    run.recorder.note("n", {})
    run.finish()
    recorded = read_run(run.directory)
    assert recorded.verdicts() == (verdict,)
    assert verdict.status is Status.PASS
    assert recorded.plain("note") == [{"topic": "n", "about": {}}]


def test_a_recorded_line_that_is_no_observation_is_named(system: Any) -> None:
    run = system.record()
    run.recorder.observation({"check": "CG-9"})
    run.finish()
    with pytest.raises(IntegrityError, match=r"spool/.*: line 6: Observation\.about"):
        read_run(run.directory).observations()


def test_a_finding_alone_is_evidence_of_an_interrupted_run(system: Any) -> None:
    """Fail-fast stops before anything is measured; what was found is sealed all the same."""
    run = system.begin()
    run.recorder.observation(Observation("CG-1", Finding("m", "expected help")))
    run.finish(RunStatus.ABORTED)
    bundle = system.seal(run, results=system.results(run, interrupted="critical safety failure"))
    assert bundle.results().interrupted == "critical safety failure"
