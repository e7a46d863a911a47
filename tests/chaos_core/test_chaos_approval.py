"""Production needs two people who signed exactly this, and nothing replaces either of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from chaos_bench import make_bench
from flag_driver import NAME, FlagDriver
from hypothesis import given
from hypothesis import strategies as st

from clinigate.chaos.approval import (
    ApprovalDocument,
    add_signature,
    read_approval_document,
    who_approved,
    write_request,
)
from clinigate.chaos.drivers.base import Environment
from clinigate.chaos.policy import AllowedEnvironment
from clinigate.chaos.rails import RailRequest, check_rails
from clinigate.chaos.targets import experiment_digest, targets_digest
from clinigate.errors import IntegrityError, PolicyError
from clinigate.evidence.signing import LocalSigner, generate_signer
from clinigate.evidence.times import timestamp
from clinigate.evidence.trust import TrustedKey, TrustStore

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
PEOPLE: dict[str, LocalSigner] = {
    name: generate_signer() for name in ("Ann", "Bob", "Cid", "CI", "Eve")
}
TRUST = TrustStore(
    tuple(
        TrustedKey(PEOPLE[name].public, name, role)
        for name, role in (("Ann", "sre"), ("Bob", "safety"), ("Cid", "sre"), ("CI", "machine"))
    )
)
DOCUMENT = ApprovalDocument(
    experiment="raise-flag",
    experiment_digest="sha256:" + "1" * 64,
    environment="production",
    fingerprint="kube:1",
    targets_digest="sha256:" + "2" * 64,
    requester="Cid",
    reason="the yearly failover test",
    issued=timestamp(NOW - timedelta(hours=1)),
    expires=timestamp(NOW + timedelta(hours=1)),
)


def signed(path: Path, document: ApprovalDocument, *names: str) -> Path:
    write_request(document, path)
    for name in names:
        path.write_bytes(add_signature(document, PEOPLE[name], path.read_bytes()))
    return path


def test_two_people_approve(tmp_path: Path) -> None:
    """Their names come back, for the record."""
    path = signed(tmp_path / "a.json", DOCUMENT, "Ann", "Bob")
    assert who_approved(path, TRUST, DOCUMENT, NOW) == ("Ann", "Bob")


@pytest.mark.parametrize(
    ("names", "why"),
    [
        ((), "UNSIGNED"),
        (("Ann",), "1 of 2"),
        (("Ann", "Eve"), "1 of 2"),
        (("Ann", "CI"), "1 of 2"),
        (("Ann", "Cid"), "cannot approve"),
    ],
)
def test_too_few_or_the_wrong_people(tmp_path: Path, names: tuple[str, ...], why: str) -> None:
    """One, a stranger, a machine, or who asked for it: none of them makes two."""
    path = signed(tmp_path / "a.json", DOCUMENT, *names)
    with pytest.raises((PolicyError, IntegrityError), match=why):
        who_approved(path, TRUST, DOCUMENT, NOW)


def test_one_person_with_two_keys_is_one(tmp_path: Path) -> None:
    """People count, not keys."""
    trust = TrustStore((*TRUST.keys, TrustedKey(PEOPLE["Eve"].public, "ann ", "sre")))
    path = signed(tmp_path / "a.json", DOCUMENT, "Ann", "Eve")
    with pytest.raises(PolicyError, match="one person's"):
        who_approved(path, trust, DOCUMENT, NOW)


@pytest.mark.parametrize(
    "field", ["experiment_digest", "environment", "fingerprint", "targets_digest"]
)
def test_it_is_worth_nothing_for_anything_else(tmp_path: Path, field: str) -> None:
    """Another experiment, place or set of targets needs another approval."""
    path = signed(tmp_path / "a.json", DOCUMENT, "Ann", "Bob")
    with pytest.raises(PolicyError, match="is for another"):
        who_approved(path, TRUST, replace(DOCUMENT, **{field: "other"}), NOW)


@pytest.mark.parametrize("hours", [-2.0, 1.0, 100.0])
def test_it_counts_between_its_times(tmp_path: Path, hours: float) -> None:
    """Neither before it was issued nor when it has expired."""
    path = signed(tmp_path / "a.json", DOCUMENT, "Ann", "Bob")
    with pytest.raises(PolicyError, match="counts from"):
        who_approved(path, TRUST, DOCUMENT, NOW + timedelta(hours=hours))


def test_nobody_signs_twice_and_nobody_signs_what_changed(tmp_path: Path) -> None:
    """A second signature is of another key, over the same words."""
    path = signed(tmp_path / "a.json", DOCUMENT, "Ann")
    with pytest.raises(PolicyError, match="signed it already"):
        add_signature(DOCUMENT, PEOPLE["Ann"], path.read_bytes())
    with pytest.raises(PolicyError, match="something else"):
        add_signature(replace(DOCUMENT, reason="for fun"), PEOPLE["Bob"], path.read_bytes())


def test_it_does_not_live_long() -> None:
    """The system of next week is not the one that was approved of."""
    with pytest.raises(PolicyError, match="72 hours"):
        replace(DOCUMENT, expires=timestamp(NOW + timedelta(days=30)))


@given(data=st.data())
def test_no_changed_byte_passes(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Whatever byte of the file changes: refused, by one of the two errors."""
    path = signed(tmp_path_factory.mktemp("a") / "a.json", DOCUMENT, "Ann", "Bob")
    raw = bytearray(path.read_bytes())
    at = data.draw(st.integers(0, len(raw) - 1))
    raw[at] ^= data.draw(st.integers(1, 255))
    path.write_bytes(raw)
    try:
        names = who_approved(path, TRUST, DOCUMENT, NOW)
    except (PolicyError, IntegrityError):
        return
    # A hint beside a signature (its keyid) is unsigned and counts for nothing.
    assert names == ("Ann", "Bob")
    assert read_approval_document(path)[0] == DOCUMENT


class Production(FlagDriver):
    def environment(self) -> Environment:
        return Environment("production", "kube:1", production=True)


@pytest.mark.parametrize(
    ("approved", "scheduled", "refusing"),
    [(True, False, None), (False, False, "production"), (True, True, "production")],
)
def test_the_rail_of_production(
    tmp_path: Path, approved: bool, scheduled: bool, refusing: str | None
) -> None:
    """Open with an approval of these very targets; never for a scheduled run."""
    bench = make_bench(tmp_path)
    safety = replace(bench.experiment.safety, environments=("production",))
    bench = bench.with_experiment(safety=safety)
    allowed = AllowedEnvironment("production", NAME, bench.options, "kube:1", production=True)
    bench = bench.with_policy(environments={"production": allowed}, approvers=TRUST)
    driver = Production(bench.options)
    victims = driver.resolve({"app": "api"})[:1]
    document = replace(
        DOCUMENT,
        experiment_digest=experiment_digest(bench.experiment),
        targets_digest=targets_digest(victims),
    )
    path = signed(tmp_path / "a.json", document, "Ann", "Bob")
    report = check_rails(
        RailRequest(
            experiment=bench.experiment,
            policy=bench.policy,
            environment="production",
            driver_name=NAME,
            driver=driver,
            now=NOW,
            take_flight=lambda: None,
            scheduled=scheduled,
            approval=path if approved else None,
        )
    )
    assert (report.refusal and report.refusal.rail) == refusing
    (bench.things / "api" / "api-1").unlink()  # another thing is the first one now
    if refusing is None:
        later = check_rails(
            RailRequest(bench.experiment, bench.policy, "production", NAME, driver, NOW,
                        lambda: None, approval=path)
        )  # fmt: skip
        assert later.refusal is not None
        assert later.refusal.rail == "approval"
