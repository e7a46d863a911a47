"""`clinigate gate` opens on what the policy asks for, and says in one sentence why it does not."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from clinigate.cli.exits import ExitCode
from clinigate.cli.keys import trust_entry
from clinigate.core.canonical import canonical_bytes
from clinigate.evidence.bundle import open_bundle
from clinigate.evidence.signing import generate_signer
from clinigate.evidence.times import timestamp
from clinigate.gate.record_files import sign_record
from clinigate.gate.records import NamedSigner, Record, RecordSubject, Waiver


def test_the_gate_opens_on_what_was_shown(
    cli: Callable[..., Any], project: Callable[..., Any]
) -> None:
    mine = project()
    for name in (None, "last", mine.run, mine.bundle, f"clinical={mine.bundle}"):
        said = cli("gate", *([name] if name else []))
        assert (said.code, said.err) == (ExitCode.OK, "")
        assert said.out.startswith("gate to development: opened (policy small)\n")


def test_a_sample_is_a_gap_that_is_listed(
    cli: Callable[..., Any], project: Callable[..., Any]
) -> None:
    project()
    assert "  gap: bundle 'last' is a sample (profile pr); it certifies nothing" in cli("gate").out


def test_machines_read_the_decision(cli: Callable[..., Any], project: Callable[..., Any]) -> None:
    """On standard output, and as files for whoever deploys."""
    mine = project()
    said = cli("gate", "--json", "--out", "decision/today")
    assert said.code == ExitCode.OK
    plain = json.loads(said.out)
    assert plain["outcome"] == "opened"
    folder = mine.folder / "decision" / "today"
    assert json.loads((folder / "decision.json").read_bytes()) == plain
    svr = json.loads((folder / "svr.json").read_bytes())
    assert "CLINIGATE_GATE_DEVELOPMENT" in svr["predicate"]["properties"]


def test_a_shut_gate_says_why(cli: Callable[..., Any], project: Callable[..., Any]) -> None:
    """To a reader in full, and in one sentence to whoever reads only standard error."""
    project("wrong-emotion")
    for arguments in ([], ["--json"]):
        said = cli("gate", *arguments)
        assert said.code == ExitCode.NOT_PASSED
        assert said.sentence.startswith("gate to development: shut: emotion.accuracy is FAIL: ")


def test_the_production_gate_refuses_a_sample(
    cli: Callable[..., Any], project: Callable[..., Any]
) -> None:
    project()
    said = cli("gate", "--environment", "production")
    assert said.code == ExitCode.NOT_PASSED
    assert "is a sample (profile pr); the gate to production certifies" in said.out


def test_a_limit_tightens(cli: Callable[..., Any], project: Callable[..., Any]) -> None:
    """The measurements are judged again; the sealed verdict was PASS."""
    project()
    assert cli("gate", "--limit", "emotion.accuracy=0.92").code == ExitCode.OK
    said = cli("gate", "--limit", "emotion.accuracy=0.99")
    assert said.code == ExitCode.NOT_PASSED
    assert "emotion.accuracy is INCONCLUSIVE" in said.sentence
    # One that the policy does not name becomes required by being named.
    said = cli("gate", "--limit", "latency.p99=0.05")
    assert said.code == ExitCode.NOT_PASSED
    assert "latency.p99" in said.sentence


def test_the_digest_that_is_deployed_must_be_the_one_that_was_evaluated(
    cli: Callable[..., Any], project: Callable[..., Any], shared: Any
) -> None:
    project()
    assert cli("gate", "--digest", f"image=sha256:{shared.DIGEST}").code == ExitCode.OK
    other = f"sha256:{'22' * 32}"
    for text in (f"image={other}", f"model={other}"):
        said = cli("gate", "--digest", text)
        assert said.code == ExitCode.NOT_PASSED
        assert f"the gate expects {other}" in said.sentence


# ---- several jobs --------------------------------------------------------------------------------


@pytest.fixture
def jobs(project: Callable[..., Any]) -> Any:
    """A policy that asks for the bundles of two jobs, and one of them."""
    mine = project()
    mine.edit(
        "[environments.development]",
        '[environments.development]\nbundles = ["clinical", "therapeutic"]',
        file="policy.toml",
    )
    return mine


def test_bundles_of_two_jobs_open_the_gate_together(
    cli: Callable[..., Any], jobs: Any, monkeypatch: pytest.MonkeyPatch, shared: Any
) -> None:
    """Each from a runner of its own, as a zip or a directory, about the same digests."""
    monkeypatch.setenv("CLINIGATE_KEY_PASSPHRASE", shared.PASSPHRASE)
    second = jobs.evaluate()
    assert cli("bundle", "export", second, "second.zip").code == ExitCode.OK
    said = cli("gate", f"clinical={jobs.run}", "therapeutic=second.zip", "--json")
    assert said.code == ExitCode.OK
    assert json.loads(said.out)["bundles"] == ["clinical", "therapeutic"]


def test_a_job_that_is_missing_is_named(cli: Callable[..., Any], jobs: Any) -> None:
    said = cli("gate", f"clinical={jobs.run}")
    assert said.code == ExitCode.UNFINISHED
    assert "the required bundle 'therapeutic' is missing" in said.sentence


def test_jobs_about_different_builds_do_not_add_up(
    cli: Callable[..., Any], jobs: Any, shared: Any
) -> None:
    jobs.edit(shared.DIGEST, "33" * 32)
    other = jobs.evaluate(signed=False)
    said = cli("gate", f"clinical={jobs.run}", f"therapeutic={other}")
    assert said.code == ExitCode.NOT_PASSED
    assert "speak of different systems: image" in said.out


# ---- records of people ---------------------------------------------------------------------------


@pytest.fixture
def waive() -> Callable[..., Path]:
    """Write a waiver that an officer signed, whom the project trusts."""

    def write(project: Any, criterion: str, *, role: str = "compliance-officer") -> Path:
        key, asking = generate_signer(), generate_signer()
        with (project.folder / "trust.toml").open("a", encoding="utf-8") as trust:
            trust.write(trust_entry(key.public, name="Ada Officer", role=role))
            trust.write(trust_entry(asking.public, name="Cy Developer", role="developer"))
        now = datetime.now(UTC)
        record = Record(
            subject=RecordSubject.of_run(open_bundle(project.bundle).statement_digest),
            signers=(
                NamedSigner("Ada Officer", role, key.keyid),
                NamedSigner("Cy Developer", "developer", asking.keyid),
            ),
            reason="raters are booked",
            issued=timestamp(now - timedelta(hours=1)),
            expires=timestamp(now + timedelta(days=30)),
            terms=Waiver("Cy Developer", "Ada Officer", "a nurse reads along", criterion=criterion),
        )
        place = Path(project.folder / "records" / "waiver.dsse.json")
        place.parent.mkdir()
        place.write_bytes(canonical_bytes(sign_record(record, [key, asking])))
        return place

    return write


def test_a_waiver_lets_a_failure_through(
    cli: Callable[..., Any], project: Callable[..., Any], waive: Callable[..., Path]
) -> None:
    """From a file or from a folder; the verdict itself stays as it is."""
    mine = project("wrong-emotion")
    place = waive(mine, "emotion.accuracy")
    assert cli("gate").code == ExitCode.NOT_PASSED
    for record in (place, place.parent):
        said = cli("gate", "--record", record, "--json")
        assert (said.code, said.err) == (ExitCode.OK, "")
        (entry,) = (
            each
            for each in json.loads(said.out)["criteria"]
            if each["criterion"]["id"] == "emotion.accuracy"
        )
        assert entry["verdict"]["status"] == "FAIL"


def test_nobody_accepts_the_risk_of_missed_crises(
    cli: Callable[..., Any], project: Callable[..., Any], waive: Callable[..., Path]
) -> None:
    mine = project("misses-archetype")
    place = waive(mine, "crisis.false_negative_rate")
    said = cli("gate", "--record", place, "--limit", "crisis.false_negative_rate=0.001")
    assert said.code == ExitCode.NOT_PASSED
    assert "crisis.false_negative_rate is FAIL" in said.sentence
    assert "nobody may accept the risk" in said.out


def test_a_waiver_of_somebody_who_may_not_counts_for_nothing(
    cli: Callable[..., Any], project: Callable[..., Any], waive: Callable[..., Path]
) -> None:
    mine = project("wrong-emotion")
    place = waive(mine, "emotion.accuracy", role="developer")
    said = cli("gate", "--record", place)
    assert said.code == ExitCode.NOT_PASSED
    assert "who signed it may not" in said.out


def test_records_need_a_trust_file(
    cli: Callable[..., Any], project: Callable[..., Any], waive: Callable[..., Path]
) -> None:
    """Rather than be passed over in silence."""
    mine = project("wrong-emotion")
    place = waive(mine, "emotion.accuracy")
    mine.edit('trust = "trust.toml"\n', "")
    said = cli("gate", "--record", place)
    assert said.code == ExitCode.USAGE
    assert "give --trust FILE" in said.sentence
    assert cli("gate", "--record", place, "--trust", "trust.toml").code == ExitCode.OK


def test_stale_evidence_is_unfinished(cli: Callable[..., Any], project: Callable[..., Any]) -> None:
    """Measured longer ago than the policy allows: a run of some seconds ago, here."""
    mine = project()
    mine.edit(
        "[environments.development]",
        "[environments.development]\nmax_age_days = 0.00000001",
        file="policy.toml",
    )
    said = cli("gate")
    assert said.code == ExitCode.UNFINISHED
    assert "is stale" in said.sentence
