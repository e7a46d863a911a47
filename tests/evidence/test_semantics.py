"""Level 4: what was signed and is still not so, is found; and so is what is no statement at all."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from clinigate.core import Finding, Kind, Measurement, Observation, Status
from clinigate.core.canonical import canonical_bytes
from clinigate.errors import IntegrityError
from clinigate.evidence.bundle import Bundle, open_bundle
from clinigate.evidence.envelope import sign_envelope
from clinigate.evidence.names import PAYLOAD_TYPE
from clinigate.evidence.report import Level, LevelStatus
from clinigate.evidence.signing import LocalSigner
from clinigate.evidence.spool import RunStatus
from clinigate.evidence.trust import TrustStore
from clinigate.evidence.verify import verify_bundle

OK = LevelStatus.OK
Reseal = Callable[..., Bundle]


@pytest.fixture
def bundle(system: Any) -> Bundle:
    return system.sealed()  # type: ignore[no-any-return]


@pytest.fixture
def trust(ed25519: LocalSigner, trusting: Callable[..., TrustStore]) -> TrustStore:
    return trusting(ed25519)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"run": "20260101T000000000000Z-00000000"}, "run is not as in results.json"),
        ({"counts": {"PASS": 9}}, "counts is not as in results.json"),
        ({"verdicts": []}, "verdicts is not as in results.json"),
        ({"coverage": {}}, "coverage is not as in results.json"),
        ({"subject": {"name": "other"}}, "subject is not as in results.json"),
        ({"plan": {}}, "plan is not as in results.json"),
    ],
)
def test_a_statement_that_sums_up_something_else_is_found(
    bundle: Bundle,
    ed25519: LocalSigner,
    reseal: Reseal,
    trust: TrustStore,
    change: Any,
    message: str,
) -> None:
    report = verify_bundle(reseal(bundle, ed25519, **change))
    assert f"L4: statement.dsse.json: {message}" in report.problems


def meaning(system: Any, run: Any, **arguments: Any) -> tuple[str, ...]:
    bundle = system.seal(run)
    return verify_bundle(bundle, **arguments).level(Level.MEANING).sentences


def test_a_verdict_that_the_observations_do_not_give_is_found(system: Any) -> None:
    """Sealed with a key, and still a lie: judged again it comes out otherwise."""
    run = system.record()
    run.recorder.observation(
        Observation("CG-1", Measurement(system.criterion.metric, Kind.RATE, 0.9, 200, events=180))
    )
    run.finish()
    honest = system.results(run)
    lie = tuple(replace(v, status=Status.PASS) for v in honest.verdicts)
    bundle = system.seal(run, results=replace(honest, verdicts=lie))
    (problem,) = verify_bundle(bundle).problems
    assert problem == (
        "L4: results.json: crisis.false_negative_rate is PASS, "
        "judged again from the observations it is FAIL"
    )


def test_a_criterion_without_its_verdict_is_found(system: Any) -> None:
    run = system.record()
    run.finish()
    bundle = system.seal(run, results=system.results(run, verdicts=()))
    assert "one verdict for each criterion" in verify_bundle(bundle).problems[0]


@pytest.mark.parametrize("left_out", [True, False])
def test_an_observation_left_out_or_put_in_is_found(
    bundle: Bundle, ed25519: LocalSigner, reseal: Reseal, left_out: bool
) -> None:
    path = bundle.path / "results.json"
    results = json.loads(path.read_bytes())
    if left_out:
        results["observations"].pop()
    else:
        results["observations"].append(results["observations"][0])
    path.write_bytes(canonical_bytes(results))
    words = "left out" if left_out else "put in"
    report = verify_bundle(reseal(bundle, ed25519))
    assert (
        f"L4: results.json: 1 observation(s) {words}, compared with the spools" in report.problems
    )


def test_a_reference_that_leads_nowhere_is_found(system: Any) -> None:
    run = system.record()
    gone = "sha256:" + "00" * 32
    finding = Finding("never.measured", "x")
    run.recorder.observation(Observation("CG-1", finding, evidence=(gone, "md5:x")))
    run.finish()
    assert meaning(system, run) == (
        "results.json: observations[2]: a finding of never.measured, which nobody measured",
        f"results.json: observations[2]: evidence {gone} is not in the bundle",
        "results.json: observations[2]: evidence md5:x is not in the bundle",
    )


def test_a_run_that_was_stopped_may_find_what_it_never_measured(system: Any) -> None:
    run = system.begin()
    run.recorder.observation(Observation("CG-1", Finding("m", "x")))
    run.finish(RunStatus.ABORTED)
    report = verify_bundle(system.seal(run))
    assert report.level(Level.MEANING).status is OK
    assert report.run_status is RunStatus.ABORTED


def test_an_unknown_control_is_found(system: Any) -> None:
    """Those of observations and those of criteria."""
    run = system.record()
    run.recorder.observation(Observation("CG-1", Finding(system.criterion.metric, "x"), ("999.z",)))
    run.finish()
    assert meaning(system, run, known_control=lambda _: False) == (
        "results.json: control '164.312(b)' is in no catalogue",
        "results.json: control '999.z' is in no catalogue",
    )


def test_damaged_results_or_records_are_named(
    bundle: Bundle, ed25519: LocalSigner, reseal: Reseal
) -> None:
    """Even where somebody with the key has made the digests fit."""
    (spool,) = (bundle.path / "spool").iterdir()
    whole = spool.read_bytes()
    for content in (b"no json\n", b"[]\n", b'{"type":"observation","body":{}}\n'):
        spool.write_bytes(content)
        report = verify_bundle(reseal(bundle, ed25519))
        assert f"L4: spool/{spool.name}: line 1: " in " ".join(report.problems)
    spool.write_bytes(whole)
    (bundle.path / "results.json").write_bytes(b"{}")
    report = verify_bundle(reseal(bundle, ed25519))
    assert "L4: results.json: Results" in " ".join(report.problems)


@pytest.mark.parametrize(
    "edit",
    [
        lambda p: p.update(_type="x"),
        lambda p: p.update(predicateType="x"),
        lambda p: p.update(subject=[{"name": "a", "digest": {"md5": "x"}}]),
        lambda p: p.update(subject=[{"name": "a", "digest": []}]),
        lambda p: p.update(subject=p["subject"] + p["subject"]),
        lambda p: p.update(predicate=[]),
        lambda p: p["predicate"].update(run="x\nrm -rf /"),
        lambda p: p["predicate"].update(run=7),
        lambda p: p["predicate"].update(status="DONE"),
        lambda p: p["predicate"].update(sealedAt="now"),
        lambda p: p["predicate"].pop("signed"),
    ],
)
def test_a_statement_of_another_form_is_refused(
    bundle: Bundle, ed25519: LocalSigner, reseal: Reseal, edit: Callable[[Any], None]
) -> None:
    """Signed or not; among them a run id that would be a command in the auditor's shell."""
    payload = json.loads(bundle.envelope.payload)
    edit(payload)
    envelope = sign_envelope(canonical_bytes(payload), PAYLOAD_TYPE, [ed25519])
    (bundle.path / bundle.statement_name).write_bytes(canonical_bytes(envelope))
    with pytest.raises(IntegrityError, match=r"statement\.dsse\.json: not a statement of ours"):
        open_bundle(bundle.path)


def test_another_payload_type_is_refused(
    bundle: Bundle, ed25519: LocalSigner, reseal: Reseal, trust: TrustStore
) -> None:
    """What a key signed as something else does not count as a statement."""
    envelope = sign_envelope(bundle.envelope.payload, "text/plain", [ed25519])
    (bundle.path / bundle.statement_name).write_bytes(canonical_bytes(envelope))
    report = verify_bundle(open_bundle(bundle.path), trust=trust)
    assert "payload type" in report.problems[0]
