"""Test result and SVR: only what passed is passed, and a key's word is verified by others too."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinigate.core.verdict import Status
from clinigate.errors import IntegrityError
from clinigate.evidence.envelope import parse_envelope, verify_envelope
from clinigate.evidence.signing import generate_signer
from clinigate.gate.decision import Decision
from clinigate.gate.document import simple_verification_result
from clinigate.gate.entries import Effect, Outcome
from clinigate.pipeline.exports import Form, Material, exported
from clinigate.reports.attestations import as_test_result

STATEMENTS = [Form.TEST_RESULT, Form.SVR]


def predicate_of(data: bytes) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(data)["predicate"]
    return made


def test_what_did_not_pass_is_failed_and_our_word_stands_beside(
    material: Callable[..., Material],
) -> None:
    predicate = predicate_of(exported(Form.TEST_RESULT, material()).data)
    assert predicate["result"] == "FAILED"
    assert "audit.rows" in predicate["passedTests"]
    assert {"audit.lost", "access.broken"} <= set(predicate["failedTests"])
    assert "access.gap" not in predicate["passedTests"]
    told = {each["name"]: each["status"] for each in predicate[VERDICTS]}
    assert (told["access.broken"], told["access.gap"]) == ("ERROR", "NOT_ASSESSED")


VERDICTS = "https://clinigate.dev/test-result/verdicts"


def test_it_speaks_of_the_system_and_of_the_evidence(material: Callable[..., Material]) -> None:
    given_material = material()
    bundle = given_material.examined.bundle
    for form in STATEMENTS:
        statement = json.loads(exported(form, given_material).data)
        subjects = {each["name"]: each["digest"]["sha256"] for each in statement["subject"]}
        assert subjects == {
            "image": "ab" * 32,
            "statement": bundle.statement_digest.removeprefix("sha256:"),
        }
    configured = json.loads(exported(Form.TEST_RESULT, given_material).data)["predicate"]
    named = {each["name"]: each["digest"]["sha256"] for each in configured["configuration"]}
    assert named["environment.json"] == bundle.statement.files["environment.json"]
    assert "policy small" in named


def test_the_svr_names_its_policy_and_what_passed_alone(
    material: Callable[..., Material],
) -> None:
    statement = json.loads(exported(Form.SVR, material()).data)
    assert statement["predicateType"] == "https://in-toto.io/attestation/svr/v0.2"
    predicate = statement["predicate"]
    assert set(predicate) == {"verifier", "timeCreated", "properties"}
    (policy,) = predicate["verifier"]["policies"]
    assert policy["name"] == "small"
    assert "CLINIGATE_audit.rows" in predicate["properties"]
    assert not [each for each in predicate["properties"] if "lost" in each or "_GATE_" in each]


@pytest.mark.parametrize("form", STATEMENTS)
def test_a_signed_one_verifies_by_its_key_and_by_no_other(
    material: Callable[..., Material], form: Form
) -> None:
    signer, foreign = generate_signer(), generate_signer()
    made = exported(form, replace(material(), signer=signer))
    assert made.notes == ()
    payload, by = verify_envelope(made.data, {signer.keyid: signer.public})
    assert by == {signer.keyid}
    assert payload + b"\n" == exported(form, material()).data
    with pytest.raises(IntegrityError):
        verify_envelope(made.data, {foreign.keyid: foreign.public})
    changed = made.data.replace(b'payload":"ey', b'payload":"eX')
    with pytest.raises(IntegrityError):
        verify_envelope(changed, {signer.keyid: signer.public})


@pytest.mark.parametrize("form", STATEMENTS)
def test_securesystemslib_verifies_it(material: Callable[..., Material], form: Form) -> None:
    """The library that in-toto's own tools verify envelopes by."""
    from securesystemslib.dsse import Envelope
    from securesystemslib.signer import SSlibKey

    signer = generate_signer()
    data = exported(form, replace(material(), signer=signer)).data
    key = SSlibKey(signer.keyid, "ed25519", "ed25519", {"public": signer.public.spki[-32:].hex()})
    verified = Envelope.from_dict(json.loads(data)).verify([key], 1)
    assert set(verified) == {signer.keyid}
    assert parse_envelope(data).payload_type == "application/vnd.in-toto+json"


@pytest.mark.parametrize("form", STATEMENTS)
def test_an_unsigned_one_says_so(material: Callable[..., Material], form: Form) -> None:
    (note,) = exported(form, material()).notes
    assert note.startswith("UNSIGNED")


def decided(decision: Decision, told: list[tuple[Status, Effect]], outcome: Outcome) -> Decision:
    """The same decision with other entries."""
    entries = [
        replace(
            decision.criteria[0],
            criterion=replace(decision.criteria[0].criterion, id=f"a.{number}"),
            verdict=replace(decision.criteria[0].verdict, status=status),
            effect=effect,
        )
        for number, (status, effect) in enumerate(told)
    ]
    return replace(decision, criteria=tuple(entries), outcome=outcome)


@given(
    told=st.lists(st.tuples(st.sampled_from(Status), st.sampled_from(Effect)), max_size=6),
    outcome=st.sampled_from(Outcome),
)
def test_only_an_open_gate_and_nothing_but_passes_is_passed(
    material: Callable[..., Material],
    told: list[tuple[Status, Effect]],
    outcome: Outcome,
) -> None:
    """Every criterion stands in exactly one list, and nothing but PASS in the first."""
    decision = decided(material().decision, told, outcome)
    predicate = as_test_result(material().results, decision)["predicate"]
    passed, warned, failed = (
        predicate[name] for name in ("passedTests", "warnedTests", "failedTests")
    )
    assert sorted([*passed, *warned, *failed]) == sorted(e.criterion.id for e in decision.criteria)
    statuses = {e.criterion.id: e.verdict.status for e in decision.criteria}
    assert all(statuses[each] is Status.PASS for each in passed)
    assert not [each for each in warned if statuses[each] in (Status.FAIL, Status.ERROR)]
    if predicate["result"] == "PASSED":
        assert outcome is Outcome.OPENED
        assert told
        assert {status for status, _ in told} == {Status.PASS}
    if not told or outcome is not Outcome.OPENED:
        assert predicate["result"] == "FAILED"


def test_no_criterion_can_be_named_like_an_open_gate(material: Callable[..., Material]) -> None:
    """A deployment reads one property; whoever writes the policy names criteria as he likes."""
    decision = material().decision
    passed = next(each for each in decision.criteria if each.verdict.status is Status.PASS)
    named = replace(passed, criterion=replace(passed.criterion, id="gate_PRODUCTION"))
    statement = simple_verification_result(replace(decision, criteria=(named, passed)))
    assert statement["predicate"]["properties"] == [f"CLINIGATE_{passed.criterion.id}"]
