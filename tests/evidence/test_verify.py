"""Verification: what was changed is named, what was not looked at is not called OK."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clinigate.core.canonical import canonical_bytes
from clinigate.errors import IntegrityError
from clinigate.evidence.bundle import Bundle, export_zip, open_bundle
from clinigate.evidence.envelope import sign_envelope
from clinigate.evidence.names import PAYLOAD_TYPE
from clinigate.evidence.report import Level, LevelStatus, VerificationReport
from clinigate.evidence.signing import LocalSigner
from clinigate.evidence.spool import RunStatus
from clinigate.evidence.trust import TrustedKey, TrustStore
from clinigate.evidence.verify import verify_bundle

OK, FAILED, NOT_ASSESSED = LevelStatus.OK, LevelStatus.FAILED, LevelStatus.NOT_ASSESSED


@pytest.fixture
def bundle(system: Any) -> Bundle:
    return system.sealed()  # type: ignore[no-any-return]


@pytest.fixture
def trust(ed25519: LocalSigner, trusting: Callable[..., TrustStore]) -> TrustStore:
    return trusting(ed25519)


def statuses(report: VerificationReport) -> list[LevelStatus]:
    return [result.status for result in report.levels]


def test_a_sound_bundle_is_ok_but_for_its_time(
    system: Any, signer: LocalSigner, trusting: Callable[..., TrustStore]
) -> None:
    """With either kind of key, as directory and as zip."""
    system.signer = signer
    bundle = system.sealed()
    zipped = open_bundle(export_zip(bundle, system.root / "b.zip"))
    for each in (bundle, zipped):
        report = verify_bundle(
            each,
            trust=trusting(signer),
            ledger=system.root / "ledger",
            last_checkpoint=(system.root / "ledger" / "checkpoint").read_bytes(),
            known_control=lambda control: control == "164.312(b)",
        )
        assert statuses(report) == [OK, OK, OK, NOT_ASSESSED, OK]
        assert report.overall is OK
        assert report.problems == ()
        assert [key.keyid for key in report.signed_by] == [signer.keyid]
        assert report.run_status is RunStatus.COMPLETE
        assert "self-asserted" in report.level(Level.TIME).sentences[0]
        assert all(result.level.claim for result in report.levels)


def test_without_a_trust_file_nobody_vouches(bundle: Bundle, ed25519: LocalSigner) -> None:
    """Intact, signed by somebody: not OK, and the key id is shown to compare."""
    report = verify_bundle(bundle)
    assert statuses(report) == [OK, NOT_ASSESSED, NOT_ASSESSED, NOT_ASSESSED, OK]
    assert report.overall is NOT_ASSESSED
    assert ed25519.keyid in report.level(Level.SIGNATURE).sentences[0]


def test_an_unsigned_run_says_so_and_is_never_ok(system: Any, trust: TrustStore) -> None:
    system.signer = None
    report = verify_bundle(system.sealed(), trust=trust, ledger=system.root / "ledger")
    assert report.overall is NOT_ASSESSED
    assert not report.signed
    assert "UNSIGNED" in report.level(Level.SIGNATURE).sentences[0]


def test_a_foreign_key_is_refused(
    bundle: Bundle, foreign: LocalSigner, trusting: Callable[..., TrustStore]
) -> None:
    report = verify_bundle(bundle, trust=trusting(foreign))
    assert statuses(report)[1] is FAILED
    assert "statement.dsse.json: 0 of 1 wanted signatures" in report.problems[0]


@pytest.mark.parametrize(
    ("times", "message"),
    [
        ({"not_before": datetime(2027, 1, 1, tzinfo=UTC)}, "not valid before"),
        ({"not_after": datetime(2026, 1, 1, tzinfo=UTC)}, "not valid from"),
        ({"revoked_at": datetime(2027, 1, 1, tzinfo=UTC)}, "was revoked"),
    ],
)
def test_a_key_outside_of_its_time_does_not_count(
    bundle: Bundle, ed25519: LocalSigner, times: dict[str, datetime], message: str
) -> None:
    """A revoked key counts for no time at all, since nobody else proves the time."""
    trust = TrustStore((TrustedKey(ed25519.public, "CI", "machine", **times),))
    report = verify_bundle(bundle, trust=trust)
    assert statuses(report)[1] is FAILED
    assert message in report.problems[0]


def test_a_threshold_needs_as_many_keys(bundle: Bundle, trust: TrustStore) -> None:
    report = verify_bundle(bundle, trust=trust, threshold=2)
    assert "1 of 2 wanted" in report.problems[0]
    with pytest.raises(ValueError, match="threshold"):
        verify_bundle(bundle, trust=trust, threshold=0)


def found_by_name(directory: Path, name: str, trust: TrustStore) -> bool:
    """Whether verification fails, and names the file."""
    try:
        report = verify_bundle(open_bundle(directory), trust=trust)
    except IntegrityError as error:
        return name in str(error)
    return report.overall is FAILED and any(name in problem for problem in report.problems)


def test_a_changed_byte_in_any_of_fifty_files_is_found_by_name(
    system: Any, trust: TrustStore
) -> None:
    """First, last and a byte between of each file; `benchmarks/` goes through all bytes."""
    bundle = system.sealed(blobs=46)
    assert len(bundle.statement.files) >= 50
    for number, name in enumerate(bundle.names):
        path = bundle.path / name
        whole = path.read_bytes()
        for place in {0, len(whole) - 1, (number * 7919) % len(whole)}:
            broken = bytearray(whole)
            broken[place] ^= 1 << (number + place) % 8
            path.write_bytes(broken)
            assert found_by_name(bundle.path, name, trust), f"{name} byte {place}"
        path.write_bytes(whole)
    assert verify_bundle(open_bundle(bundle.path), trust=trust).overall is OK


@given(data=st.data())
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_changed_bit_of_statement_and_proof_is_found(
    data: st.DataObject, bundle: Bundle, trust: TrustStore
) -> None:
    """The two files that no digest covers, their unsigned parts too."""
    name = data.draw(st.sampled_from(["statement.dsse.json", "ledger.tlog-proof"]))
    path = bundle.path / name
    whole = path.read_bytes()
    broken = bytearray(whole)
    broken[data.draw(st.integers(0, len(whole) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    path.write_bytes(broken)
    try:
        assert found_by_name(bundle.path, name, trust)
    finally:
        path.write_bytes(whole)


@pytest.mark.parametrize("extra", ["notes.txt", "spool/late.ndjson", "blobs/sha256/aa/x"])
def test_a_file_that_was_added_is_found(bundle: Bundle, trust: TrustStore, extra: str) -> None:
    (bundle.path / extra).parent.mkdir(exist_ok=True)
    (bundle.path / extra).write_text("{}\n")
    report = verify_bundle(open_bundle(bundle.path), trust=trust)
    assert f"L0: {extra}: was not sealed with the run; it was put there later" in report.problems


@pytest.mark.parametrize("extra", ["records/1.dsse.json", "exports/report.html"])
def test_records_of_people_and_exports_are_outside_of_the_seal(
    bundle: Bundle, trust: TrustStore, extra: str
) -> None:
    (bundle.path / extra).parent.mkdir()
    (bundle.path / extra).write_text("{}")
    assert verify_bundle(open_bundle(bundle.path), trust=trust).overall is OK


@pytest.mark.parametrize("name", ["results.json", "controls.lock.json", "ledger.tlog-proof"])
def test_a_file_that_was_removed_is_found(bundle: Bundle, trust: TrustStore, name: str) -> None:
    (bundle.path / name).unlink()
    report = verify_bundle(open_bundle(bundle.path), trust=trust)
    assert any(f"{name}: missing" in problem for problem in report.problems)


def test_a_signature_that_was_taken_off_is_found(bundle: Bundle, trust: TrustStore) -> None:
    """A signed run cannot pass for one that never was signed, nor the other way."""
    bare = canonical_bytes(sign_envelope(bundle.envelope.payload, PAYLOAD_TYPE, []))
    (bundle.path / "statement.dsse.json").unlink()
    (bundle.path / "statement.json").write_bytes(bare)
    report = verify_bundle(open_bundle(bundle.path), trust=trust)
    assert "they were exchanged" in report.problems[0]


def test_a_statement_that_was_signed_anew_is_not_the_one_that_was_logged(
    bundle: Bundle, reseal: Callable[..., Bundle], ed25519: LocalSigner, trust: TrustStore
) -> None:
    """The key alone does not rewrite the past: the log knows the first statement."""
    report = verify_bundle(reseal(bundle, ed25519, meaning="another"), trust=trust)
    assert statuses(report)[:3] == [OK, OK, FAILED]
    assert report.problems == ("L2: statement.dsse.json: is not the statement that was logged",)


def test_a_proof_of_another_run_is_refused(system: Any, trust: TrustStore) -> None:
    first, second = system.sealed(), system.sealed()
    shutil.copy(first.path / "ledger.tlog-proof", second.path)
    report = verify_bundle(open_bundle(second.path), trust=trust)
    assert report.problems == ("L2: ledger.tlog-proof: speaks of another run or record",)


def test_a_rolled_back_ledger_is_found_by_the_checkpoint_that_an_officer_kept(
    system: Any, trust: TrustStore
) -> None:
    """Records and checkpoint both put back to an older state agree with each other."""
    bundle = system.sealed()
    shutil.copytree(system.root / "ledger", system.root / "old")
    system.sealed()
    kept = (system.root / "ledger" / "checkpoint").read_bytes()
    assert _past(bundle, trust, system.root / "ledger", kept) is OK
    shutil.rmtree(system.root / "ledger")
    (system.root / "old").rename(system.root / "ledger")
    assert verify_bundle(bundle, trust=trust, ledger=system.root / "ledger").overall is OK
    assert _past(bundle, trust, system.root / "ledger", kept) is FAILED


def _past(bundle: Bundle, trust: TrustStore, ledger: Path | None, kept: bytes) -> LevelStatus:
    report = verify_bundle(bundle, trust=trust, ledger=ledger, last_checkpoint=kept)
    return report.level(Level.LEDGER).status


def test_an_earlier_checkpoint_is_compared_only_with_what_is_at_hand(
    system: Any, trust: TrustStore, p256: LocalSigner
) -> None:
    """Without the ledger an older head cannot be compared; a foreign one says nothing."""
    bundle = system.sealed()
    own = (system.root / "ledger" / "checkpoint").read_bytes()
    assert _past(bundle, trust, None, own) is OK
    system.sealed()
    later = (system.root / "ledger" / "checkpoint").read_bytes()
    assert _past(bundle, trust, None, later) is NOT_ASSESSED
    system.signer = p256
    system.sealed()
    foreign = (system.root / "ledger" / "checkpoint").read_bytes()
    assert _past(bundle, trust, system.root / "ledger", foreign) is NOT_ASSESSED
    assert _past(bundle, trust, None, b"no checkpoint") is FAILED


def test_the_ledger_beside_a_bundle_is_checked_too(
    system: Any, bundle: Bundle, trust: TrustStore, tmp_path: Path
) -> None:
    records = system.root / "ledger" / "records.ndjson"
    records.write_bytes(records.read_bytes().replace(b'"pytest"', b'"pytezt"'))
    report = verify_bundle(bundle, trust=trust, ledger=system.root / "ledger")
    assert "records.ndjson" in report.problems[0]
    report = verify_bundle(bundle, trust=trust, ledger=tmp_path / "no-ledger")
    assert "cut off" in report.problems[0]


def test_a_signed_run_needs_a_signed_log(system: Any, ed25519: LocalSigner) -> None:
    """Somebody with a key of his own could log whatever he likes."""
    run = system.record()
    run.finish()
    signer, system.signer = system.signer, None
    bundle = system.seal(run, signer=signer)
    trust = TrustStore((TrustedKey(ed25519.public, "CI", "machine"),))
    report = verify_bundle(bundle, trust=trust)
    assert report.problems == (
        "L2: ledger.tlog-proof: the run is signed, and the log's head is not",
    )
