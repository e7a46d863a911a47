"""Envelopes: ours verify elsewhere, theirs verify here, and a changed bit verifies nowhere."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from securesystemslib.dsse import Envelope as TheirEnvelope
from securesystemslib.signer._crypto_signer import CryptoSigner
from securesystemslib.signer._key import SSlibKey

from clinigate.core.canonical import canonical_bytes
from clinigate.errors import IntegrityError
from clinigate.evidence.envelope import (
    Envelope,
    pae,
    parse_envelope,
    sign_envelope,
    verify_envelope,
)
from clinigate.evidence.signing import Algorithm, LocalSigner, PublicKey, generate_signer

TYPE = "application/vnd.in-toto+json"
KEYS = {algorithm: generate_signer(algorithm) for algorithm in Algorithm}


def trusted(*signers: LocalSigner) -> dict[str, PublicKey]:
    return {signer.keyid: signer.public for signer in signers}


def test_the_signed_bytes_are_those_of_the_specification() -> None:
    """The example of the DSSE protocol document."""
    expected = b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    assert pae("http://example.com/HelloWorld", b"hello world") == expected


@given(payload=st.binary(max_size=200), kind=st.text(max_size=20), data=st.data())
@settings(max_examples=50)
def test_whatever_is_signed_verifies_and_comes_back(
    payload: bytes, kind: str, data: st.DataObject
) -> None:
    """Sign, write, read, verify gives the same bytes, for both kinds of key."""
    signer = KEYS[data.draw(st.sampled_from(Algorithm))]
    written = canonical_bytes(sign_envelope(payload, kind, [signer]))
    assert verify_envelope(written, trusted(signer)) == (payload, frozenset({signer.keyid}))


def test_securesystemslib_verifies_ours(signer: LocalSigner) -> None:
    envelope = TheirEnvelope.from_dict(sign_envelope(b'{"a":1}', TYPE, [signer]))
    keytype, scheme = (
        ("ed25519", "ed25519")
        if signer.public.algorithm is Algorithm.ED25519
        else ("ecdsa", "ecdsa-sha2-nistp256")
    )
    public = (
        signer.public_key[-32:].hex() if keytype == "ed25519" else signer.public.pem.decode("ascii")
    )
    key = SSlibKey(signer.keyid, keytype, scheme, {"public": public})
    assert list(envelope.verify([key], 1)) == [signer.keyid]


@pytest.mark.parametrize("make", [CryptoSigner.generate_ed25519, CryptoSigner.generate_ecdsa])
def test_ours_verifies_securesystemslib(make: Any) -> None:
    """Their key ids differ from ours, and are only hints."""
    theirs = make()
    envelope = TheirEnvelope(b"payload", TYPE, {})
    envelope.sign(theirs)
    public = PublicKey.from_spki(_spki(theirs))
    payload, keyids = verify_envelope(envelope.to_dict(), {"any hint": public})
    assert (payload, keyids) == (b"payload", frozenset({public.keyid}))


def _spki(signer: CryptoSigner) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return signer._private_key.public_key().public_bytes(
        Encoding.DER, PublicFormat.SubjectPublicKeyInfo
    )


@pytest.mark.parametrize("algorithm", Algorithm)
def test_every_changed_bit_of_an_envelope_is_refused_or_a_mere_hint(algorithm: Algorithm) -> None:
    """Each bit of the file: only the unsigned `keyid` may change without breaking the signature."""
    signer = KEYS[algorithm]
    data = canonical_bytes(sign_envelope(b"PASS", "t", [signer]))
    start = data.index(b'"keyid":"') + len(b'"keyid":"')
    hint = range(start, start + 64)
    for position in range(len(data)):
        for bit in range(8):
            flipped = bytearray(data)
            flipped[position] ^= 1 << bit
            try:
                verify_envelope(bytes(flipped), trusted(signer))
            except IntegrityError:
                continue
            assert position in hint, f"byte {position} bit {bit} changed unseen"


def test_a_threshold_counts_keys_and_not_signatures_or_names(
    ed25519: LocalSigner, p256: LocalSigner
) -> None:
    """One key that signs twice, or that is trusted under two names, is still one."""
    twice = sign_envelope(b"x", TYPE, [ed25519, ed25519])
    two_names = {"a": ed25519.public, "b": ed25519.public}
    with pytest.raises(IntegrityError, match="1 of 2 wanted"):
        verify_envelope(twice, two_names, 2)
    both = sign_envelope(b"x", TYPE, [ed25519, p256])
    assert verify_envelope(both, trusted(ed25519, p256), 2)[1] == {ed25519.keyid, p256.keyid}


def test_an_unsigned_envelope_is_called_so(ed25519: LocalSigner) -> None:
    with pytest.raises(IntegrityError, match="UNSIGNED"):
        verify_envelope(sign_envelope(b"x", TYPE, []), trusted(ed25519))


def test_a_foreign_key_does_not_count(ed25519: LocalSigner, foreign: LocalSigner) -> None:
    with pytest.raises(IntegrityError, match="0 of 1 wanted"):
        verify_envelope(sign_envelope(b"x", TYPE, [foreign]), trusted(ed25519))


def test_a_threshold_of_nothing_is_refused(ed25519: LocalSigner) -> None:
    with pytest.raises(ValueError, match="at least one"):
        verify_envelope(sign_envelope(b"x", TYPE, [ed25519]), trusted(ed25519), 0)


@pytest.mark.parametrize(
    "bad",
    [
        b"",
        b"no json",
        b"[]",
        b'{"payload":"eA=="}',
        b'{"payload":"eA==","payload":"eA==","payloadType":"t","signatures":[]}',
        b'{"payload": "eA==","payloadType":"t","signatures":[]}',
        b'{"payload":"eB==","payloadType":"t","signatures":[]}',
        b'{"payload":7,"payloadType":"t","signatures":[]}',
        b'{"payload":"eA==","payloadType":7,"signatures":[]}',
        b'{"payload":"eA==","payloadType":"t","signatures":{}}',
        b'{"payload":"eA==","payloadType":"t","signatures":[{}]}',
        b'{"payload":"eA==","payloadType":"t","signatures":[{"keyid":7,"sig":""}]}',
        b'{"payload":"eA==","payloadType":"t","signatures":[],"x":1}',
    ],
)
def test_what_is_no_envelope_is_refused(bad: bytes) -> None:
    """Among them a repeated key, foreign white space and a second spelling of base64."""
    with pytest.raises(IntegrityError):
        parse_envelope(bad)


@given(st.binary(max_size=60))
def test_any_bytes_give_an_envelope_or_an_integrity_error(data: bytes) -> None:
    with contextlib.suppress(IntegrityError):
        assert isinstance(parse_envelope(data), Envelope)
