"""What somebody tries who has a key of the trust file, and not the one that the claim needs."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from clinigate.core.canonical import canonical_bytes
from clinigate.errors import IntegrityError
from clinigate.evidence.bundle import open_bundle
from clinigate.evidence.chain import Chain
from clinigate.evidence.report import Level, LevelStatus, VerificationReport
from clinigate.evidence.signing import LocalSigner, generate_signer
from clinigate.evidence.times import parse_timestamp
from clinigate.evidence.trust import TrustedKey, TrustStore
from clinigate.evidence.verify import verify_bundle
from clinigate.evidence.witnessing import Witness, witness_log
from clinigate.pipeline.examine import evidence_facts, examine
from clinigate.pipeline.publish import report_of

LATER = datetime(2027, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "text", ["0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59.999999-01:00", "0001-01-01"]
)
def test_a_time_beyond_all_calendars_is_no_time(text: str) -> None:
    """Who reads such a time from a ledger or a record gets a sentence, and no crash."""
    with pytest.raises(ValueError, match=r".+"):
        parse_timestamp(text)


@pytest.mark.parametrize("claim", [Level.SIGNATURE, Level.LEDGER])
def test_a_witness_states_no_run(system: Any, claim: Level) -> None:
    """A witness vouches for heads of the log and for nothing else."""
    bundle = system.sealed()
    trust = TrustStore((TrustedKey(system.signer.public, "Wil", "witness"),))
    report = verify_bundle(bundle, trust=trust)
    assert report.level(claim).status is LevelStatus.FAILED
    assert "witness" in " ".join(report.level(Level.SIGNATURE).sentences)
    assert report.signed_by == ()


@dataclass
class Log:
    """A sealed run that a witness looked at later."""

    system: Any
    witness: LocalSigner
    state: Path

    def trust(self, **ends: Any) -> TrustStore:
        own = TrustedKey(self.witness.public, "Wil", "witness")
        machine = TrustedKey(self.system.signer.public, "CI", "machine")
        return TrustStore((replace(machine, **ends), own))

    def looked_at(self, moment: datetime) -> None:
        who = Witness("example.org/w", self.witness, self.state, self.trust())
        witness_log(self.system.root, who, clock=lambda: moment)

    def verify(self, **ends: Any) -> VerificationReport:
        (run,) = (self.system.root / "runs").iterdir()
        return verify_bundle(open_bundle(run), trust=self.trust(**ends))


@pytest.fixture
def log(system: Any, tmp_path: Path) -> Log:
    system.sealed()
    return Log(system, generate_signer(), tmp_path / "state")


def test_a_late_look_of_a_witness_takes_nothing_away(log: Log) -> None:
    """A key that was replaced after the seal vouches for it as it did before the proof came."""
    ended = LATER - timedelta(days=1)
    assert log.verify(not_after=ended).signed_by
    log.looked_at(LATER)
    report = log.verify(not_after=ended)
    assert report.level(Level.TIME).status is LevelStatus.OK
    assert report.level(Level.SIGNATURE).status is LevelStatus.OK
    assert [each.refused for each in report.standings] == [None]


@pytest.mark.parametrize(("days", "counts"), [(-1, False), (0, False), (1, True)])
def test_a_revoked_key_counts_by_a_proof_of_an_earlier_time_alone(
    log: Log, days: int, counts: bool
) -> None:
    log.looked_at(LATER)
    report = log.verify(revoked_at=LATER + timedelta(days=days))
    assert bool(report.signed_by) is counts
    assert [each.refused is None for each in report.standings] == [counts]


@pytest.mark.parametrize("told", [5, "x", [1], {"size": "x", "root": 5}, {"size": True}, None])
def test_a_statement_with_a_senseless_log_is_told_of_and_crashes_nothing(
    system: Any, reseal: Any, told: Any
) -> None:
    bundle = reseal(system.sealed(), system.signer, ledger=told)
    trust = TrustStore((TrustedKey(system.signer.public, "CI", "machine"),))
    examined = examine(bundle.path, trust=trust)
    assert examined.report.level(Level.LEDGER).status is LevelStatus.FAILED
    facts = evidence_facts(examined, shown_as="run")
    assert (facts.ledger_size, facts.ledger_root) == (None, None)


@pytest.mark.parametrize("run", ["..", "../../elsewhere", "/tmp/x", "a/b", "", "a\x1b[2J", ".x"])
def test_no_record_of_a_log_leads_out_of_the_runs(run: str) -> None:
    """A witness, a portal and an export look for a run where the log says that it is."""
    chain = Chain("records.ndjson")
    first = chain.next_line("2026-01-01T00:00:00.000000Z", "ledger-created", None, {"origin": "o"})
    chain.extend(first + b"\n")
    line = chain.next_line("2026-01-01T00:00:01.000000Z", "run-started", run, {})
    with pytest.raises(IntegrityError, match="line 2: not a ledger record: run is no name"):
        chain.extend(line + b"\n")


def test_what_cannot_be_read_back_is_not_written(system: Any) -> None:
    system.sealed()
    before = (system.root / "ledger" / "records.ndjson").read_bytes()
    with pytest.raises(IntegrityError, match="run is no name"):
        system.ledger.append("run-started", run="../x", body={})
    assert (system.root / "ledger" / "records.ndjson").read_bytes() == before


@pytest.mark.parametrize(
    "lie",
    [
        {"limit": 0.9},
        {"value": 0.0001},
        {"bound": 0.0001},
        {"n": 100_000},
        {"relation": "<="},
        {"confidence": 0.999},
    ],
)
def test_a_number_beside_a_true_verdict_is_judged_again_too(system: Any, lie: Any) -> None:
    """A report shows them; the word of the verdict alone is not all that is read."""
    run = system.record()
    run.finish()
    results = system.results(run)
    told = tuple(replace(verdict, **lie) for verdict in results.verdicts)
    bundle = system.seal(run, results=replace(results, verdicts=told))
    (problem,) = verify_bundle(bundle).level(Level.MEANING).sentences
    (field,) = lie
    assert f"{system.criterion.id}: {field} is" in problem


@pytest.mark.parametrize("field", ["subject", "ledger", "plan", "producers"])
@pytest.mark.parametrize("told", [None, 5, [], {}])
def test_a_report_of_a_senseless_statement_crashes_nothing(
    system: Any, reseal: Any, field: str, told: Any
) -> None:
    bundle = reseal(system.sealed(), system.signer, **{field: told})
    trust = TrustStore((TrustedKey(system.signer.public, "CI", "machine"),))
    examined = examine(bundle.path, trust=trust)
    assert examined.report.problems or field == "producers"
    assert evidence_facts(examined, shown_as="run").bundle == "run"


@pytest.mark.parametrize(
    ("name", "path", "told"),
    [
        ("environment.json", (), 5),
        ("environment.json", ("git",), {"commit": "ab", "dirty": []}),
        ("results.json", ("verdicts", 0, "relation"), "x"),
    ],
)
def test_a_report_of_senseless_files_crashes_nothing(
    system: Any, reseal: Any, name: str, path: tuple[Any, ...], told: Any
) -> None:
    """The machine's key signed them; a report is made, or refused in a sentence."""
    bundle = system.sealed()
    plain = found = json.loads((bundle.path / name).read_bytes())
    for step in path[:-1]:
        found = found[step]
    if path:
        found[path[-1]] = told
    (bundle.path / name).write_bytes(canonical_bytes(plain if path else told))
    bundle = reseal(bundle, system.signer)
    trust = TrustStore((TrustedKey(system.signer.public, "CI", "machine"),))
    examined = examine(bundle.path, trust=trust)
    with suppress(IntegrityError):
        report_of(examined, None)
    assert name == "environment.json" or examined.report.problems
