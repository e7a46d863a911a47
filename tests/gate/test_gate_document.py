"""What a deployment reads says that the gate opened only when it did."""

from __future__ import annotations

import pytest

from clinigate.core.canonical import parse_json
from clinigate.core.verdict import Status
from clinigate.gate.decision import decide
from clinigate.gate.document import decision_bytes, simple_verification_result, write_decision


@pytest.fixture
def decided(world):
    def made(statuses, *records):
        return decide(
            world.policy(),
            [world.bundle(statuses)],
            records=records,
            now=world.NOW,
            base_criteria=world.BASE,
        )

    return made


def properties(decision):
    return simple_verification_result(decision)["predicate"]["properties"]


def test_an_open_gate_is_one_property(world, decided):
    result = simple_verification_result(decided({}))
    assert properties(decided({}))[0] == "CLINIGATE_GATE_PRODUCTION"
    assert "CLINIGATE_emotion.accuracy" in properties(decided({}))
    assert result["subject"] == [
        {"name": "image", "digest": {"sha256": "11" * 32}},
        {"name": "statement", "digest": {"sha256": "22" * 32}},
    ]


def test_a_shut_gate_lacks_it(decided):
    names = properties(decided({"emotion.accuracy": Status.FAIL}))
    assert "CLINIGATE_GATE_PRODUCTION" not in names
    assert "CLINIGATE_emotion.accuracy" not in names
    assert "CLINIGATE_latency.p99" in names


def test_what_was_waived_did_not_pass(world, decided):
    decision = decided({"latency.p99": Status.FAIL}, world.waiver("latency.p99"))
    assert properties(decision)[0] == "CLINIGATE_GATE_PRODUCTION"
    assert "CLINIGATE_latency.p99" not in properties(decision)


def test_both_files_are_written(decided, tmp_path):
    decision = decided({})
    whole, small = write_decision(decision, tmp_path)
    assert (whole.name, small.name) == ("decision.json", "svr.json")
    assert whole.read_bytes() == decision_bytes(decision)
    assert parse_json(small.read_bytes()) == simple_verification_result(decision)
