"""The decision as files: the whole of it, and the small one that deploy admission reads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from clinigate.core.canonical import canonical_bytes
from clinigate.core.verdict import Status
from clinigate.evidence.envelope import Signer, sign_envelope
from clinigate.evidence.files import write_atomic
from clinigate.evidence.names import PAYLOAD_TYPE
from clinigate.gate.decision import Decision
from clinigate.gate.entries import Effect

__all__ = [
    "DECISION_NAME",
    "SVR_NAME",
    "decision_bytes",
    "digest_set",
    "envelope_bytes",
    "in_toto",
    "simple_verification_result",
    "subjects_of",
    "write_decision",
]

DECISION_NAME = "decision.json"
SVR_NAME = "svr.json"

_STATEMENT = "https://in-toto.io/Statement/v1"
_SVR = "https://in-toto.io/attestation/svr/v0.2"
_GATE = "CLINIGATE_GATE_"
_VERIFIER = "https://clinigate.dev/gate/v1"


def decision_bytes(decision: Decision) -> bytes:
    """Return the whole decision as canonical JSON."""
    return canonical_bytes(decision.to_plain())


def simple_verification_result(decision: Decision) -> dict[str, Any]:
    """Return the decision as an in-toto Simple Verification Result v0.2, unsigned.

    A deployment needs one property: `CLINIGATE_GATE_PRODUCTION` stands in it only when the gate to
    production opened. Criteria and clauses are named when they passed, never when they were waived.
    The subjects are the system's digests and the evidence's statements; without any of them it
    speaks of nothing, which admission must refuse.
    """
    passed = [
        f"CLINIGATE_{entry.criterion.id}"
        for entry in decision.criteria
        if entry.effect is Effect.SATISFIED and entry.verdict.status is Status.PASS
    ]
    passed += [
        f"CLINIGATE_{clause.control.id}"
        for clause in decision.controls
        if clause.effect is Effect.SATISFIED
    ]
    # Nothing that somebody may name as he likes stands for a gate.
    passed = [each for each in passed if not each.upper().startswith(_GATE)]
    gate = [f"{_GATE}{decision.environment.upper()}"] if decision.opens else []
    return in_toto(
        _SVR,
        subjects_of(decision),
        {
            "verifier": {
                "id": _VERIFIER,
                "policies": [
                    {"name": decision.policy, "digest": digest_set(decision.policy_digest)}
                ],
            },
            "timeCreated": decision.evaluated_at,
            "properties": gate + passed,
        },
    )


def in_toto(
    predicate_type: str, subjects: list[dict[str, Any]], predicate: dict[str, Any]
) -> dict[str, Any]:
    """Return an in-toto Statement v1."""
    return {
        "_type": _STATEMENT,
        "subject": subjects,
        "predicateType": predicate_type,
        "predicate": predicate,
    }


def envelope_bytes(statement: dict[str, Any], signer: Signer) -> bytes:
    """Return a statement in a DSSE envelope that one key signed, as canonical JSON."""
    return canonical_bytes(sign_envelope(canonical_bytes(statement), PAYLOAD_TYPE, [signer]))


def write_decision(decision: Decision, directory: Path) -> tuple[Path, Path]:
    """Write `decision.json` and `svr.json` into a directory, and return their paths.

    Raises:
        EvidenceError: the disk refuses.
    """
    whole, small = directory / DECISION_NAME, directory / SVR_NAME
    write_atomic(whole, decision_bytes(decision))
    write_atomic(small, canonical_bytes(simple_verification_result(decision)))
    return whole, small


def subjects_of(decision: Decision) -> list[dict[str, Any]]:
    """Return what a statement about a decision speaks of: the system, and the evidence of it."""
    subject = decision.subject
    named = dict(sorted(subject.digests.items())) if subject is not None else {}
    parts = [{"name": part, "digest": digest_set(digest)} for part, digest in named.items()]
    return parts + [
        {"name": "statement", "digest": digest_set(digest)} for digest in decision.statements
    ]


def digest_set(digest: str) -> dict[str, str]:
    """Return `sha256:…` as in-toto writes a digest."""
    algorithm, _, value = digest.partition(":")
    return {algorithm: value}
