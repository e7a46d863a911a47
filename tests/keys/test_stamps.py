"""A stamp proves a time only if an authority that counts saw exactly this envelope."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from asn1crypto import cms, tsp
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import given, settings
from hypothesis import strategies as st
from rfc3161_client import HashAlgorithm, TimestampRequestBuilder

from clinigate.errors import IntegrityError
from clinigate.evidence import stamp_tokens
from clinigate.evidence.bundle import Bundle, open_bundle
from clinigate.evidence.names import STAMP
from clinigate.evidence.proven_time import ProvenTime
from clinigate.evidence.report import Level, LevelStatus
from clinigate.evidence.stamp_tokens import Stamp, parse_stamp, verify_stamp
from clinigate.evidence.stamps import envelope_digest, stamp_request, stamped_time
from clinigate.evidence.trust import TrustedKey, TrustStore
from clinigate.evidence.verify import verify_bundle

DER = Encoding.DER
DATA = b"an envelope"
DIGEST = hashlib.sha256(DATA).digest()


@pytest.fixture(scope="session")
def answer(authority: Any) -> bytes:
    reply: bytes = authority.reply(stamp_request(DIGEST, 2**63 + 5))
    return reply


@pytest.fixture(params=["library", "openssl"])
def reader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both ways in which an answer is read; the second where the extra is not installed."""
    if request.param == "openssl":
        monkeypatch.setitem(sys.modules, "rfc3161_client", None)
    return str(request.param)


# ---- asking --------------------------------------------------------------------------------------


@given(st.binary(min_size=1, max_size=60))
@settings(max_examples=40)
def test_the_request_is_the_one_that_the_library_makes(data: bytes) -> None:
    """Byte for byte, over any digest and nonce."""
    theirs = TimestampRequestBuilder().data(data).hash_algorithm(HashAlgorithm.SHA256).build()
    nonce = theirs.nonce
    assert nonce is not None
    if nonce < 2**64:
        assert stamp_request(hashlib.sha256(data).digest(), nonce) == theirs.as_bytes()


@pytest.mark.parametrize("nonce", [0, 1, 127, 128, 255, 256, 2**63, 2**64 - 1])
def test_any_nonce_comes_back(authority: Any, nonce: int) -> None:
    assert parse_stamp(authority.reply(stamp_request(DIGEST, nonce))).nonce == nonce


@pytest.mark.parametrize(("digest", "nonce"), [(b"short", 1), (DIGEST, -1), (DIGEST, 2**64)])
def test_what_cannot_be_asked_is_refused(digest: bytes, nonce: int) -> None:
    with pytest.raises(ValueError, match="32 bytes and a nonce of 64 bits"):
        stamp_request(digest, nonce)


# ---- reading -------------------------------------------------------------------------------------


def test_both_readers_say_the_same(
    answer: bytes, authority: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_library = verify_stamp(answer, DIGEST, authority.roots)
    monkeypatch.setitem(sys.modules, "rfc3161_client", None)
    by_openssl = verify_stamp(answer, DIGEST, authority.roots)
    assert replace(by_openssl, by=by_library.by) == by_library
    assert by_openssl.by == "/CN=A time-stamping authority of tests"
    assert by_library.accuracy == timedelta(seconds=1)
    assert abs(by_library.time - datetime.now(UTC)) < timedelta(hours=1)


def test_fractions_of_a_second_and_their_accuracy_are_read(
    authority_in: Callable[..., Any], tmp_path: Path, reader: str
) -> None:
    other = authority_in(tmp_path, accuracy="secs:2, millisecs:17, microsecs:300")
    conf = other.home / "tsa.cnf"
    conf.write_text(conf.read_text() + "clock_precision_digits = 6\n")
    stamp = verify_stamp(other.reply(stamp_request(DIGEST, 1)), DIGEST, other.roots)
    assert stamp.accuracy == timedelta(seconds=2, milliseconds=17, microseconds=300)
    assert stamp.latest == stamp.time + stamp.accuracy


def test_certificates_in_another_order_than_der_wants_are_read_by_openssl(
    authority_in: Callable[..., Any], tmp_path: Path
) -> None:
    """The library refuses such an answer; several authorities of the world send such."""
    whole = authority_in(tmp_path, sent_along="root.crt")
    data = whole.reply(stamp_request(DIGEST, 9))
    from rfc3161_client import decode_timestamp_response

    with pytest.raises(ValueError, match="InvalidSetOrdering"):
        decode_timestamp_response(data)
    assert verify_stamp(data, DIGEST, whole.roots).nonce == 9


def sorted_as_der_wants(answer: bytes, *more: x509.Certificate) -> bytes:
    """The same answer with its unsigned list of certificates in order, and longer by some."""
    response = tsp.TimeStampResp.load(answer)
    listed = response["time_stamp_token"]["content"]["certificates"]
    ders = sorted({each.dump() for each in listed} | {each.public_bytes(DER) for each in more})
    response["time_stamp_token"]["content"]["certificates"] = cms.CertificateSet(
        [cms.CertificateChoices.load(der) for der in ders]
    )
    return bytes(response.dump(force=True))


def test_an_authority_between_is_followed_to_the_root(
    authority_in: Callable[..., Any], tmp_path: Path
) -> None:
    """What it sends along is enough to reach the root that is given, whoever reads it."""
    other = authority_in(tmp_path, between="M", sent_along="middle.crt")
    data = other.reply(stamp_request(DIGEST, 1))
    assert stamp_tokens._decoded(data) is None
    by_openssl = verify_stamp(data, DIGEST, other.roots)
    in_order = sorted_as_der_wants(data)
    assert stamp_tokens._decoded(in_order) is not None
    assert verify_stamp(in_order, DIGEST, other.roots).time == by_openssl.time


def test_an_authority_with_an_rsa_key_is_believed(
    authority_in: Callable[..., Any], tmp_path: Path, reader: str
) -> None:
    """As most authorities of the world have."""
    other = authority_in(tmp_path, is_rsa=True)
    assert verify_stamp(other.reply(stamp_request(DIGEST, 1)), DIGEST, other.roots).nonce == 1


def test_nobody_is_lent_anothers_name(answer: bytes, authority: Any, certificate: Any) -> None:
    """The list of certificates is not signed: one more of the same number changes no name."""
    true = x509.load_pem_x509_certificate((authority.home / "tsa.crt").read_bytes())
    root = x509.load_pem_x509_certificate(authority.roots.read_bytes())
    key = ec.generate_private_key(ec.SECP256R1())
    twin, _ = certificate("Another", issuer=(root, key), serial=true.serial_number)
    forged = sorted_as_der_wants(answer, twin)
    assert len(forged) > len(answer)
    with pytest.raises(IntegrityError, match="carries 2 certificates of its signer, wanted one"):
        verify_stamp(forged, DIGEST, authority.roots)


def test_without_any_reader_it_says_what_to_install(
    answer: bytes, authority: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "rfc3161_client", None)
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(IntegrityError, match=r"pip install 'clinigate\[tsa\]'"):
        verify_stamp(answer, DIGEST, authority.roots)


def outcome(read: Callable[[], Stamp]) -> Stamp | str:
    try:
        return read()
    except IntegrityError as error:
        return str(error)


@given(st.data())
@settings(max_examples=80, deadline=None)
def test_no_edit_of_an_answer_changes_what_it_says(
    answer: bytes, authority: Any, data: st.DataObject
) -> None:
    """One byte changed, cut or doubled anywhere: refused, or the same time over the same bytes.

    What stands around the signed token, the words of the status, is not covered by it.
    """
    true = verify_stamp(answer, DIGEST, authority.roots)
    at = data.draw(st.integers(0, len(answer) - 1))
    mask = data.draw(st.integers(1, 255))
    edits = (
        answer[:at] + bytes((answer[at] ^ mask,)) + answer[at + 1 :],
        answer[:at],
        answer[:at] + answer[at : at + 1] + answer[at:],
    )
    for edited in edits:
        found = outcome(lambda edited=edited: verify_stamp(edited, DIGEST, authority.roots))
        if isinstance(found, Stamp):
            assert (found.time, found.digest, found.nonce) == (true.time, DIGEST, true.nonce)


def test_no_bit_of_an_answer_makes_a_reader_stumble(answer: bytes, authority: Any) -> None:
    """Versions, types and lengths that no library knows are refused as any other damage."""
    true = verify_stamp(answer, DIGEST, authority.roots)
    for at in range(0, len(answer), 3):
        edited = answer[:at] + bytes((answer[at] ^ 8,)) + answer[at + 1 :]
        found = outcome(lambda edited=edited: verify_stamp(edited, DIGEST, authority.roots))
        assert isinstance(found, str) or found.time == true.time


def test_every_edit_of_the_signed_part_is_refused_by_both_readers(
    answer: bytes, authority: Any, reader: str
) -> None:
    """The digest, and the time, wherever they stand."""
    year = answer.index(b"\x18\x0f20", answer.index(DIGEST)) + 2  # a GeneralizedTime of 15 letters
    for at in (answer.index(DIGEST), answer.index(DIGEST) + 31, year + 3, year + 9):
        edited = answer[:at] + bytes((answer[at] ^ 1,)) + answer[at + 1 :]
        assert isinstance(outcome(lambda e=edited: verify_stamp(e, DIGEST, authority.roots)), str)


@given(st.binary(max_size=300))
@settings(max_examples=40, deadline=None)
def test_rubbish_is_refused_in_one_sentence(data: bytes) -> None:
    with pytest.raises(IntegrityError):
        parse_stamp(data)


def test_words_around_the_token_cannot_imitate_its_lines(
    answer: bytes, authority: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The status text is not signed, and openssl prints it as it is."""
    monkeypatch.setitem(sys.modules, "rfc3161_client", None)
    true = parse_stamp(answer)
    words = b"x\nTime stamp: Jan  1 00:00:00 2001 GMT\nNonce: 0x01\nStatus: Granted."
    text = b"\x0c" + bytes((len(words),)) + words
    status = b"\x02\x01\x00" + b"\x30" + bytes((len(text),)) + text
    assert answer[:2] == b"\x30\x82"
    assert answer[4:9] == b"\x30\x03\x02\x01\x00"
    body = b"\x30" + bytes((len(status),)) + status + answer[9:]
    forged = b"\x30\x82" + len(body).to_bytes(2, "big") + body
    assert verify_stamp(forged, DIGEST, authority.roots) == true


# ---- believing -----------------------------------------------------------------------------------


def test_another_digest_is_not_proven(answer: bytes, authority: Any, reader: str) -> None:
    with pytest.raises(IntegrityError, match="over other bytes"):
        verify_stamp(answer, hashlib.sha256(b"another").digest(), authority.roots)


@pytest.mark.parametrize("days", [(-30, -1), (1, 30)], ids=["expired", "not yet valid"])
def test_a_certificate_that_is_not_valid_then_proves_nothing(
    authority_in: Callable[..., Any], tmp_path: Path, reader: str, days: tuple[int, int]
) -> None:
    other = authority_in(tmp_path, days=days)
    with pytest.raises(IntegrityError, match="no certificate that was given vouches for it"):
        verify_stamp(other.reply(stamp_request(DIGEST, 1)), DIGEST, other.roots)


def test_a_certificate_for_something_else_proves_nothing(
    authority_in: Callable[..., Any], tmp_path: Path
) -> None:
    """Openssl's own authority does not even answer with one."""
    wrong = authority_in(tmp_path, purpose=ExtendedKeyUsageOID.CODE_SIGNING)
    with pytest.raises(subprocess.CalledProcessError):
        wrong.reply(stamp_request(DIGEST, 1))


def test_a_foreign_root_proves_nothing(
    answer: bytes, authority_in: Callable[..., Any], tmp_path: Path, reader: str
) -> None:
    foreign = authority_in(tmp_path)
    with pytest.raises(IntegrityError, match="no certificate that was given vouches for it"):
        verify_stamp(answer, DIGEST, foreign.roots)


def test_a_certificate_counts_at_the_time_of_the_stamp(
    authority_in: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That of this authority expired yesterday; had it stamped before, its word would stand."""
    old = authority_in(tmp_path, days=(-30, -1))
    monkeypatch.setitem(sys.modules, "rfc3161_client", None)
    data = old.reply(stamp_request(DIGEST, 1))
    stamp = parse_stamp(data)
    before = replace(stamp, time=stamp.time - timedelta(days=2))
    stamp_tokens._openssl_verify(data, before, old.roots)
    with pytest.raises(IntegrityError, match="no certificate"):
        stamp_tokens._openssl_verify(data, stamp, old.roots)


# ---- in a bundle ---------------------------------------------------------------------------------


@pytest.fixture
def stamped(project: Any, machine: Any, authority: Any) -> Bundle:
    bundle: Bundle = project.sealed(machine)
    return put(bundle, authority.reply(stamp_request(envelope_digest(bundle), 1)))


def put(bundle: Bundle, data: bytes) -> Bundle:
    (bundle.path / STAMP).write_bytes(data)
    return open_bundle(bundle.path)


def test_a_stamp_in_a_bundle_proves_its_time(stamped: Bundle, authority: Any) -> None:
    found = stamped_time(stamped, authority.roots)
    assert isinstance(found, ProvenTime)
    assert found.moment.tzinfo is UTC
    assert found.sentence.startswith(f"{STAMP}: CN=A time-stamping authority of tests saw this")


def reasons(tmp_path: Path) -> Iterator[tuple[Path | None, str]]:
    empty = tmp_path / "empty.pem"
    empty.write_text("no certificate\n")
    yield None, "name a PEM file with --tsa-roots"
    yield empty, "holds no certificate in PEM"
    yield tmp_path / "none.pem", "cannot be read"


def test_a_stamp_that_proves_nothing_is_told_and_breaks_nothing(
    stamped: Bundle, machine: Any, authority: Any, tmp_path: Path
) -> None:
    """No roots, roots that are none, another envelope's stamp, rubbish; and no stamp at all."""
    trust = TrustStore((TrustedKey(machine.public, "CI", "machine"),))
    for roots, why in reasons(tmp_path):
        found = stamped_time(stamped, roots)
        assert isinstance(found, str)
        assert found.startswith(f"{STAMP}: time not proven: ")
        assert why in found
    for data, why in (
        (authority.reply(stamp_request(DIGEST, 1)), "it is over other bytes"),
        (b"rubbish", "it is no answer of a time-stamping authority"),
    ):
        report = verify_bundle(put(stamped, data), trust=trust, stamp_roots=authority.roots)
        time = report.level(Level.TIME)
        assert time.status is LevelStatus.NOT_ASSESSED
        assert f"{STAMP}: time not proven: {why}" in time.sentences[1]
        assert report.overall is LevelStatus.OK
    (stamped.path / STAMP).unlink()
    assert stamped_time(open_bundle(stamped.path), authority.roots) is None


def test_a_stolen_key_counts_for_what_was_stamped_before_it_was_stolen(
    stamped: Bundle, machine: Any, authority: Any
) -> None:
    """Revoked later than the stamp: counts. Revoked before it, or without a stamp: does not."""

    def verdict(bundle: Bundle, revoked: timedelta) -> LevelStatus:
        at = datetime.now(UTC) + revoked
        key = TrustedKey(machine.public, "CI", "machine", revoked_at=at)
        trust = TrustStore((key,))
        report = verify_bundle(bundle, trust=trust, stamp_roots=authority.roots)
        return report.level(Level.SIGNATURE).status

    assert verdict(stamped, timedelta(hours=1)) is LevelStatus.OK
    assert verdict(stamped, timedelta(hours=-1)) is LevelStatus.FAILED
    (stamped.path / STAMP).unlink()
    assert verdict(open_bundle(stamped.path), timedelta(hours=1)) is LevelStatus.FAILED


def test_a_clock_that_was_ahead_is_told(project: Any, machine: Any, authority: Any) -> None:
    bundle = project.sealed(machine)
    late = bundle.statement.sealed_at.replace("20", "29", 1)
    put(bundle, authority.reply(stamp_request(envelope_digest(bundle), 1)))
    stamped = open_bundle(bundle.path)
    ahead = replace(stamped, statement=replace(stamped.statement, sealed_at=late))
    found = stamped_time(ahead, authority.roots)
    assert isinstance(found, ProvenTime)
    assert "the sealer's clock was ahead, it says 29" in found.sentence


def test_a_clock_that_may_be_off_by_ages_is_no_crash() -> None:
    """Anybody can write such a token: it is read before its signature is looked at."""
    told = "Accuracy: 0x7FFFFFFFFFFFFFFF seconds, unspecified millis, unspecified micros\n"
    with pytest.raises(IntegrityError, match="it is damaged"):
        stamp_tokens._told_accuracy(told)
    last = datetime.max.replace(tzinfo=UTC)
    stamp = Stamp(last, timedelta(days=1), DIGEST, None, "A")
    assert stamp.latest == last


def test_a_file_too_large_for_a_stamp_is_none(stamped: Bundle, authority: Any) -> None:
    found = stamped_time(put(stamped, b"\0" * (stamp_tokens.LARGEST + 1)), authority.roots)
    assert isinstance(found, str)
    assert "it is no answer of a time-stamping authority" in found
