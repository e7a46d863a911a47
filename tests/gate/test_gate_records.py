"""A record counts exactly as it was signed, by whom, and for as long as it says."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinigate.core.canonical import canonical_bytes, parse_json
from clinigate.core.results import Subject
from clinigate.errors import IntegrityError, PolicyError
from clinigate.evidence.signing import LocalSigner, generate_signer
from clinigate.evidence.times import timestamp
from clinigate.evidence.trust import TrustedKey, TrustStore
from clinigate.gate.record_files import PAYLOAD_TYPE, open_record, read_record, sign_record
from clinigate.gate.records import (
    Approval,
    Attestation,
    Decision,
    Meaning,
    NamedSigner,
    Record,
    RecordKind,
    RecordSubject,
    SignOff,
    SubjectKind,
    Waiver,
    decode_record,
    encode_record,
)

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
RUN = RecordSubject.of_run("sha256:" + "ab" * 32)
DOCUMENT = "sha256:" + "cd" * 32

OFFICER_KEY, OTHER_KEY, STRANGER_KEY = (generate_signer() for _ in range(3))


def named(key: LocalSigner, name: str, role: str = "compliance-officer") -> NamedSigner:
    return NamedSigner(name, role, key.keyid)


OFFICER = named(OFFICER_KEY, "Ada Officer")
OTHER = named(OTHER_KEY, "Ben Other", "clinical-safety-officer")
TRUST = TrustStore(
    (
        TrustedKey(OFFICER_KEY.public, OFFICER.name, OFFICER.role),
        TrustedKey(OTHER_KEY.public, OTHER.name, OTHER.role),
    )
)

WAIVER = Waiver(
    requester="Cy Developer",
    approver=OFFICER.name,
    compensating_measure="a nurse reads every conversation",
    criterion="therapy.empathy",
)


def record(terms=WAIVER, **changes) -> Record:
    given = {
        "subject": RUN,
        "signers": (OFFICER,),
        "reason": "the raters are booked for next month",
        "issued": timestamp(NOW),
        "expires": timestamp(NOW + timedelta(days=90)),
        "terms": terms,
    }
    return Record(**{**given, **changes})


SIGN_OFF = SignOff(OFFICER.name, timestamp(NOW), Meaning.REVIEW)
EACH_KIND = {
    RecordKind.WAIVER: record(),
    RecordKind.APPROVAL: record(Approval("production"), signers=(OFFICER, OTHER), expires=None),
    RecordKind.ATTESTATION: record(
        Attestation("164.308(a)(2)", DOCUMENT, timestamp(NOW + timedelta(days=365))), expires=None
    ),
    RecordKind.DECISION: record(
        Decision(
            "164.312(a)(2)(iv)",
            DOCUMENT,
            timestamp(NOW + timedelta(days=365)),
            "the disks are encrypted by their maker",
        ),
        expires=None,
    ),
    RecordKind.SIGN_OFF: record(SIGN_OFF, expires=None),
}
KEYS = {OFFICER.keyid: OFFICER_KEY, OTHER.keyid: OTHER_KEY}


def signed(one: Record) -> dict:
    return sign_record(one, [KEYS[signer.keyid] for signer in one.signers])


@pytest.mark.parametrize("kind", list(RecordKind))
def test_each_kind_comes_back_as_it_was_signed(kind):
    one = EACH_KIND[kind]
    assert one.kind is kind
    opened = open_record(signed(one), TRUST)
    assert opened.record == one
    assert opened.digest.startswith("sha256:")


texts = st.text(st.characters(categories=("L", "N", "P", "Zs")), min_size=1, max_size=30).filter(
    lambda text: text.strip() and text.isprintable()
)
moments = st.integers(0, 3_000_000_000_000_000).map(
    lambda micros: datetime(2000, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros)
)


@st.composite
def records(draw):
    issued = draw(moments)
    later = timestamp(issued + timedelta(seconds=draw(st.integers(1, 180 * 86400))))
    signers, expires = (NamedSigner(draw(texts), draw(texts), OFFICER.keyid),), later
    terms = draw(
        st.one_of(
            st.builds(
                Waiver,
                requester=st.just("Cy Developer " + draw(texts)),
                approver=st.just(signers[0].name),
                compensating_measure=texts,
                criterion=texts,
            ).filter(lambda waiver: waiver.requester != waiver.approver),
            st.builds(Approval, texts),
            st.builds(Attestation, texts, st.just(DOCUMENT), st.just(later)),
            st.builds(
                SignOff,
                st.just(signers[0].name),
                st.just(timestamp(issued)),
                st.sampled_from(Meaning),
            ),
        )
    )
    if not isinstance(terms, Waiver):
        expires = draw(st.sampled_from([None, later]))
    return record(
        terms, signers=signers, issued=timestamp(issued), expires=expires, reason=draw(texts)
    )


@given(records())
def test_encoding_round_trips(one):
    assert decode_record(encode_record(one)) == one


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists, max_leaves=4))
def test_whatever_stands_in_a_field_is_refused_in_one_way(value):
    """Any wrong value in any field is a PolicyError, never another exception."""
    plain = parse_json(encode_record(record()))
    for field in plain:
        if plain[field] == value:
            continue
        changed = canonical_bytes({**plain, field: value})
        with suppress(PolicyError):
            assert encode_record(decode_record(changed)) == changed


@settings(max_examples=300)
@given(st.data())
def test_no_flipped_bit_goes_unnoticed(data):
    """A single flipped bit in the file is refused, unless it sits in the unsigned key hint."""
    raw = canonical_bytes(signed(EACH_KIND[data.draw(st.sampled_from(list(RecordKind)))]))
    position, bit = data.draw(st.integers(0, len(raw) - 1)), data.draw(st.integers(0, 7))
    flipped = bytearray(raw)
    flipped[position] ^= 1 << bit
    try:
        opened = open_record(bytes(flipped), TRUST)
    except (IntegrityError, PolicyError):
        return
    assert opened == open_record(raw, TRUST)


def test_a_foreign_key_is_refused():
    forged = record(signers=(named(STRANGER_KEY, "Ada Officer"),))
    with pytest.raises(IntegrityError, match="foreign"):
        open_record(sign_record(forged, [STRANGER_KEY]), TRUST)


def test_one_person_cannot_sign_as_another():
    """The other's key is trusted, and yet it signs only in the other's own name and role."""
    for forger in (named(OTHER_KEY, OFFICER.name), named(OTHER_KEY, OTHER.name)):
        terms = replace(WAIVER, approver=forger.name)
        forged = record(terms, signers=(forger,))
        with pytest.raises(IntegrityError, match="knows the key as 'Ben Other'"):
            open_record(sign_record(forged, [OTHER_KEY]), TRUST)


def test_each_named_signer_must_have_signed():
    both = record(signers=(OFFICER, OTHER))
    envelope = signed(both)
    envelope["signatures"].pop()
    with pytest.raises(IntegrityError, match="it names the keys"):
        open_record(envelope, TRUST)
    with pytest.raises(PolicyError, match="must be the same"):
        sign_record(both, [OFFICER_KEY])


def test_an_unsigned_record_is_refused():
    envelope = signed(record())
    envelope["signatures"] = []
    with pytest.raises(IntegrityError, match="UNSIGNED"):
        open_record(envelope, TRUST)


def test_an_envelope_of_something_else_is_no_record():
    envelope = signed(record())
    envelope["payloadType"] = "application/vnd.in-toto+json"
    with pytest.raises(PolicyError, match="payload type"):
        open_record(envelope, TRUST)
    assert PAYLOAD_TYPE not in envelope["payloadType"]


def test_a_revoked_key_signs_nothing():
    revoked = TrustStore((replace(TRUST.keys[0], revoked_at=NOW + timedelta(days=1)),))
    with pytest.raises(IntegrityError, match="revoked"):
        open_record(signed(record()), revoked)


def test_a_file_is_read_and_named(tmp_path):
    path = tmp_path / "waiver.dsse.json"
    path.write_bytes(canonical_bytes(signed(record())))
    assert read_record(path, TRUST).record == record()
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(IntegrityError, match=r"waiver\.dsse\.json: "):
        read_record(path, TRUST)
    path.write_bytes(b" " * (1024 * 1024 + 1))
    with pytest.raises(PolicyError, match="no record"):
        read_record(path, TRUST)
    with pytest.raises(PolicyError, match="cannot be read"):
        read_record(tmp_path / "nothing.json", TRUST)


@pytest.mark.parametrize(
    ("after", "said"),
    [
        (timedelta(seconds=-1), "counts from"),
        (timedelta(0), None),
        (timedelta(days=90, seconds=-1), None),
        (timedelta(days=90), "expired"),
    ],
)
def test_when_a_record_counts(after, said):
    why_not = record().why_not_now(NOW + after)
    assert why_not is None if said is None else said in why_not


def test_an_attestation_goes_stale():
    one = EACH_KIND[RecordKind.ATTESTATION]
    assert one.why_not_now(NOW + timedelta(days=364)) is None
    assert "stale" in one.why_not_now(NOW + timedelta(days=365))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"expires": None}, "expires is missing"),
        ({"expires": timestamp(NOW + timedelta(days=180, seconds=1))}, "more than 180 days"),
        ({"expires": timestamp(NOW)}, "is not after issued"),
        ({"expires": "2026-12-31"}, "expires: got '2026-12-31'"),
        ({"issued": "yesterday"}, "issued: got"),
        ({"reason": "  "}, "reason: wanted a printable text"),
        ({"reason": "a\x1b[2Jb"}, "reason: wanted a printable text"),
        ({"signers": ()}, "nobody signs it"),
        ({"signers": (OFFICER, replace(OFFICER, name="Zoe"))}, "one key"),
        ({"signers": (OFFICER, replace(OTHER, name="ada  OFFICER"))}, "twice"),
        ({"signers": (OTHER,)}, "not among the signers"),
        ({"subject": RecordSubject(SubjectKind.SYSTEM, DOCUMENT)}, "not the whole system"),
    ],
)
def test_a_malformed_waiver_is_refused(changes, message):
    with pytest.raises(PolicyError, match=message):
        record(**changes)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: replace(WAIVER, requester="Ada Officer"), "other than who asked"),
        (lambda: replace(WAIVER, requester="ADA  officer"), "other than who asked"),
        (lambda: replace(WAIVER, requester="Ａda Officer"), "other than who asked"),
        (lambda: replace(WAIVER, criterion=None), "exactly one"),
        (lambda: replace(WAIVER, control="164.312(b)"), "exactly one"),
        (lambda: replace(WAIVER, compensating_measure=""), "compensating_measure"),
        (lambda: Attestation("164.308(a)(2)", "abc", timestamp(NOW)), "document"),
        (lambda: Attestation("164.308(a)(2)", DOCUMENT, "soon"), "fresh_until"),
        (lambda: Approval(" "), "environment"),
        (lambda: RecordSubject.of_run("sha256:12"), "subject.digest"),
        (lambda: NamedSigner("Ada", "officer", "12"), "signer keyid"),
        (lambda: record(replace(SIGN_OFF, printed_name="Zoe"), expires=None), "one signer"),
        (lambda: record(SIGN_OFF, issued=timestamp(NOW + timedelta(days=1))), "same moment"),
    ],
)
def test_malformed_terms_are_refused(make, message):
    with pytest.raises(PolicyError, match=message):
        make()


def test_an_unknown_kind_or_field_is_refused():
    plain = parse_json(encode_record(record()))
    for changes, message in [
        ({"kind": "indulgence"}, "wanted one of waiver, approval, attestation, decision, sign-off"),
        ({"kind": "approval"}, "wanted one of environment"),
        ({"schema": "clinigate.record/9"}, "schema"),
        ({"note": "more"}, "note"),
        ({"terms": {**plain["terms"], "_type": "Approval"}}, "canonical"),
    ]:
        with pytest.raises(PolicyError, match=message):
            decode_record(canonical_bytes({**plain, **changes}))
    with pytest.raises(PolicyError, match="canonical"):
        decode_record(encode_record(record()) + b" ")
    with pytest.raises(PolicyError, match="not JSON"):
        decode_record(b"\xff")


def test_subjects_tell_builds_apart():
    """A waiver for one build says nothing of the next; an attestation of the system outlives it."""
    old = Subject("ward-assistant", "1.0", {"image": DOCUMENT})
    new = replace(old, version="1.1")
    assert RecordSubject.of_build(old) != RecordSubject.of_build(new)
    assert RecordSubject.of_system(old) == RecordSubject.of_system(new)
    assert RecordSubject.of_system(old) != RecordSubject.of_system(replace(old, name="other"))
