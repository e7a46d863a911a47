"""Earlier runs are read back as far as ledger and statement vouch for them, and none is lost."""

from __future__ import annotations

import shutil
from hashlib import sha256
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clinigate.evidence.runs import RunStore
from clinigate.pipeline.past import past_runs

GOOD = {"crisis.false_negative_rate": 2}


def test_runs_come_oldest_first_and_the_asking_one_is_not_among_them(system: Any) -> None:
    """What began before a run is returned in its order, with what it found."""
    first, second, third = (system.sealed(GOOD) for _ in range(3))
    found = past_runs(system.root, before=third.run, system="demo")
    assert [each.run for each in found] == [first.run, second.run]
    assert all(each.results is not None and each.signed and not each.why_not for each in found)
    assert found[0].results is not None
    assert found[0].results.verdicts == first.results().verdicts
    assert found[0].findings == (("crisis.false_negative_rate", 2),)


def test_only_the_latest_are_read_and_all_on_request(system: Any) -> None:
    """`at_most` keeps the newest; no `before` means up to now."""
    runs = [system.sealed(GOOD).run for _ in range(3)]
    found = past_runs(system.root, before=None, system="demo", at_most=2)
    assert [each.run for each in found] == runs[1:]


def test_runs_of_another_system_are_left_out(system: Any) -> None:
    """A system is compared with itself alone; None takes every system."""
    other = system.sealed(GOOD, name="other").run
    last = system.sealed(GOOD).run
    assert past_runs(system.root, before=last, system="demo") == ()
    assert [each.run for each in past_runs(system.root, before=last, system=None)] == [other]


def test_a_run_that_never_finished_is_a_row(system: Any) -> None:
    """Re-running until green stays visible: the abandoned run says so."""
    abandoned = system.begin().id
    (found,) = past_runs(system.root, before=None, system="demo")
    assert (found.run, found.status, found.results) == (abandoned, "INCOMPLETE", None)
    assert found.why_not == "it never finished"


def test_a_run_that_finished_and_was_never_sealed_is_a_row(system: Any) -> None:
    """No seal, no results: what lies in the spool may still change."""
    run = system.begin()
    run.finish()
    (found,) = past_runs(system.root, before=None, system="demo")
    assert (found.status, found.why_not) == ("COMPLETE", "it was never sealed")


def test_a_damaged_run_is_a_row_that_names_the_file(system: Any) -> None:
    """Edited results are not compared with."""
    bundle = system.sealed(GOOD)
    path = bundle.path / "results.json"
    path.write_bytes(path.read_bytes().replace(b"demo", b"dome", 1))
    (found,) = past_runs(system.root, before=None, system="demo")
    assert found.results is None
    assert "results.json" in found.why_not


def test_a_statement_that_was_never_logged_is_not_believed(system: Any) -> None:
    """Whoever re-states a run without the ledger is found out."""
    bundle, other = system.sealed(GOOD), system.sealed(GOOD)
    name = bundle.statement_name
    (bundle.path / name).write_bytes((other.path / name).read_bytes())
    found = past_runs(system.root, before=other.run, system="demo")
    assert "speaks of run" in found[0].why_not
    (bundle.path / name).write_bytes(bundle.envelope_bytes + b"\n")
    found = past_runs(system.root, before=other.run, system="demo")
    assert found[0].results is None
    assert found[0].why_not


def test_a_run_whose_evidence_is_gone_is_a_row(system: Any) -> None:
    """The ledger remembers what the disk does not."""
    bundle = system.sealed(GOOD)
    shutil.rmtree(bundle.path)
    (found,) = past_runs(system.root, before=None, system="demo")
    assert "not on this disk" in found.why_not


def test_a_pruned_run_says_so(system: Any) -> None:
    """What retention removed is told apart from what is lost."""
    bundle = system.sealed(GOOD)
    from clinigate.evidence.runs import RunStore

    RunStore(system.root).ledger(clock=system.clock, signer=system.signer).append(
        "run-pruned", run=bundle.run, body={}
    )
    (found,) = past_runs(system.root, before=None, system="demo")
    assert "pruned" in found.why_not


def _log_import(system: Any, bundle: Any, **changes: Any) -> None:
    envelope = sha256(bundle.envelope_bytes).hexdigest()
    body = {"status": "COMPLETE", "statement": "0" * 64, "envelope": envelope,
            "sealedAt": bundle.statement.sealed_at, "subject": {"name": "demo"}}  # fmt: skip
    store = RunStore(system.root)
    store.ledger(clock=system.clock).append(
        "bundle-imported", run=bundle.run, body={**body, **changes}
    )


def test_a_run_from_elsewhere_stands_where_it_was_sealed(system: Any, tmp_path: Path) -> None:
    """A bundle of last year that is taken in today is not the last run."""
    elsewhere = type(system)(tmp_path / "elsewhere", system.signer)
    old = elsewhere.sealed(GOOD)
    for _ in range(40):
        system.clock()
    first = system.sealed(GOOD).run
    shutil.copytree(old.path, system.root / "runs" / old.run)
    _log_import(system, old)
    found = past_runs(system.root, before=None, system="demo")
    assert [each.run for each in found] == [old.run, first]
    assert all(each.results is not None for each in found)
    system.root.joinpath("runs", old.run, "statement.dsse.json").write_bytes(
        old.envelope_bytes.replace(b'"keyid":"', b'"keyid":"0')
    )
    (damaged, _) = past_runs(system.root, before=None, system="demo")
    assert "is not what the ledger says" in damaged.why_not


def test_a_pruned_run_that_was_brought_back_counts_again(system: Any) -> None:
    bundle = system.sealed(GOOD)
    RunStore(system.root).ledger(clock=system.clock).append("run-pruned", run=bundle.run, body={})
    (gone,) = past_runs(system.root, before=None, system="demo")
    assert "pruned" in gone.why_not
    _log_import(system, bundle)
    (back,) = past_runs(system.root, before=None, system="demo")
    assert back.why_not == ""


def test_a_damaged_ledger_leaves_what_lies_on_the_disk(system: Any) -> None:
    """A report of a run can be made although its ledger is broken; `verify` says that it is."""
    first, last = system.sealed(GOOD), system.sealed(GOOD)
    path = system.root / "ledger" / "records.ndjson"
    path.write_bytes(path.read_bytes().replace(b"demo", b"dome", 1))
    found = past_runs(system.root, before=last.run, system="demo")
    assert [each.run for each in found] == [first.run]
    assert found[0].results is not None


def test_no_evidence_is_no_run(tmp_path: Any) -> None:
    """An empty folder has no past."""
    assert past_runs(tmp_path, before=None, system="demo") == ()


@settings(max_examples=18, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.sampled_from(["results.json", "statement.dsse.json", "environment.json"]),
    garbage=st.sampled_from([b"", b"{}", b"[]", b"null", b"\xff\x00", b'{"payload":"e30="}']),
)
def test_no_damage_of_one_run_breaks_the_others(system: Any, name: str, garbage: bytes) -> None:
    """Whatever lies in place of a file: the run is a row, the run beside it is read."""
    first, second = system.sealed(GOOD), system.sealed(GOOD)
    (first.path / name).write_bytes(garbage)
    found = {each.run: each for each in past_runs(system.root, before=None, system="demo")}
    assert found[second.run].results is not None
    damaged = found[first.run]
    # What only describes the machine is `verify`'s business: nothing compared rests on it.
    assert (damaged.results is None) == (name != "environment.json")
    assert bool(damaged.why_not) == (damaged.results is None)
