"""Records keep the bytes that were signed, old ones too, and lie where they can be found."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinigate.core.canonical import canonical_bytes
from clinigate.errors import EvidenceError, PolicyError
from clinigate.evidence.bundle import export_zip
from clinigate.evidence.signing import generate_signer
from clinigate.evidence.times import timestamp
from clinigate.evidence.trust import TrustedKey, TrustStore
from clinigate.gate.record_files import sign_record
from clinigate.gate.record_terms import folded
from clinigate.gate.records import (
    Meaning,
    NamedSigner,
    Record,
    RecordSubject,
    SignOff,
    Waiver,
    decode_record,
    encode_record,
)
from clinigate.pipeline.people import FOLDER, add_record, people_beside

AT = datetime(2026, 6, 1, 12, tzinfo=UTC)
DIGEST = "sha256:" + "22" * 32
ADA = NamedSigner("Ada Officer", "compliance-officer", "44" * 32)
zones = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
words = st.text("abc é-1", min_size=1, max_size=12).filter(str.strip)


def sign_off(signer: NamedSigner = ADA, digest: str = DIGEST, **changes: Any) -> Record:
    terms = SignOff(signer.name, timestamp(AT), Meaning.REVIEW, **changes)
    return Record(RecordSubject.of_run(digest), (signer,), "read", timestamp(AT), terms)


def test_what_older_versions_signed_is_read_byte_for_byte() -> None:
    """A record without owner, zone or components is the bytes that it was before those existed."""
    payload = encode_record(sign_off())
    assert sorted(json.loads(payload)["terms"]) == ["meaning", "printed_name", "signed_at"]
    assert decode_record(payload) == sign_off()
    waiver = Waiver("Cy", ADA.name, "watched", criterion="a.b")
    record = Record(
        RecordSubject.of_run(DIGEST), (ADA,), "why", timestamp(AT), waiver,
        timestamp(AT + timedelta(days=9)),
    )  # fmt: skip
    terms = json.loads(encode_record(record))["terms"]
    assert "owner" not in terms
    assert terms["control"] is None, "a field that was always there stays"


@pytest.mark.parametrize(
    "reason",
    [
        "agreed with jane.doe@example.org",
        "seen in MRN 4471234",  # phi-ok: made up
        "password=hunter2hunter2",
    ],
)
def test_a_reason_that_names_a_patient_is_not_filed(tmp_path: Path, reason: str) -> None:
    """It would travel with the evidence, and a signed text cannot be redacted later."""
    key = generate_signer()
    ada = NamedSigner("Ada Officer", "compliance-officer", key.keyid)
    record = Record(
        RecordSubject.of_run(DIGEST), (ada,), reason, timestamp(AT),
        SignOff(ada.name, timestamp(AT), Meaning.REVIEW),
    )  # fmt: skip
    trust = TrustStore((TrustedKey(key.public, ada.name, ada.role),))
    envelope = sign_record(record, [key])
    with pytest.raises(EvidenceError, match=r"sign-off was not filed: its reason holds") as caught:
        add_record(envelope, trust, root=None, folder=tmp_path / FOLDER, run=None)
    assert reason not in str(caught.value)
    assert not (tmp_path / FOLDER).exists()


@given(zone=zones, components=st.lists(words, max_size=3).map(tuple))
def test_a_sign_off_reads_back_with_zone_and_components(
    zone: timezone, components: tuple[str, ...]
) -> None:
    local = AT.astimezone(zone).isoformat(timespec="microseconds")
    record = sign_off(signed_local=local, components=components)
    assert decode_record(encode_record(record)) == record


@pytest.mark.parametrize(
    "local",
    ["2026-06-01T12:00:00.000000", "2026-06-01T14:00:00.000000+01:00", "noon", "",
     "2026-06-01T12:00:00Z", "2026-06-01 12:00:00.000000+00:00"],
)  # fmt: skip
def test_another_time_than_the_one_signed_is_refused(local: str) -> None:
    with pytest.raises(PolicyError, match="signed_local"):
        sign_off(signed_local=local)


@given(name=words)
def test_how_a_name_is_written_makes_no_second_person(name: str) -> None:
    turned = " ".join(reversed(name.upper().split()))
    assert folded(turned) == folded(name)
    assert folded(folded(name)) == folded(name)


def test_different_people_stay_different() -> None:
    names = ["Ada Officer", "Ida Officer", "Ada Officers", "Ada B. Officer", "王伟", "李娜"]
    assert len({folded(name) for name in names}) == len(names)


def test_a_record_is_found_in_a_directory_a_zip_and_the_evidence_root(ward: Any) -> None:
    bundle = ward.sealed()
    ada = ward.trust.keys[1]
    signer = NamedSigner(ada.name, ada.role, ada.keyid)
    record = sign_off(signer, bundle.statement_digest)
    envelope = sign_record(record, [ward.keys["ada"]])
    for folder, run in ((bundle.path / FOLDER, bundle.run), (ward.root / FOLDER, None)):
        add_record(envelope, ward.trust, root=ward.root, folder=folder, run=run)
    found = people_beside([bundle.path], ward.trust)
    assert [(each.run, each.broken) for each in found.found] == [
        (bundle.run, False), (None, False),
    ]  # fmt: skip
    assert len(found.records) == 1, "one record in two places is one"
    from clinigate.evidence.bundle import open_bundle

    packed = export_zip(open_bundle(bundle.path), ward.folder / "b.zip")
    assert len(people_beside([packed], ward.trust).records) == 1


def test_filing_a_record_again_announces_it_once(ward: Any) -> None:
    """Killed between file and ledger, filing again brings what was missing, and no more."""
    from clinigate.evidence.ledger import read_ledger

    bundle = ward.sealed()
    ada = ward.trust.keys[1]
    record = sign_off(NamedSigner(ada.name, ada.role, ada.keyid), bundle.statement_digest)
    envelope = sign_record(record, [ward.keys["ada"]])
    where = {"folder": bundle.path / FOLDER, "run": bundle.run}
    add_record(envelope, ward.trust, root=None, **where)
    assert people_beside([bundle.path], ward.trust).untold == ()
    for _ in range(2):
        add_record(envelope, ward.trust, root=ward.root, **where)
    kinds = [each.type for each in read_ledger(ward.root / "ledger").chain.records]
    assert kinds.count("record-added") == 1


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe", b'{"payload":1}', b"x" * 2**21])
def test_what_is_no_record_stops_nothing_and_is_named(ward: Any, content: bytes) -> None:
    bundle = ward.sealed()
    (bundle.path / FOLDER).mkdir()
    (bundle.path / FOLDER / "waiver.dsse.json").write_bytes(content)
    found = people_beside([bundle.path], ward.trust)
    assert found.records == ()
    assert found.found[0].broken
    assert found.untold[0].startswith("records/waiver.dsse.json: ")


def test_a_link_among_the_standing_records_is_not_followed(ward: Any, tmp_path: Path) -> None:
    bundle = ward.sealed()
    (ward.root / FOLDER).mkdir()
    outside = tmp_path / "outside.dsse.json"
    outside.write_bytes(canonical_bytes({}))
    (ward.root / FOLDER / "w.dsse.json").symlink_to(outside)
    assert people_beside([bundle.path], ward.trust).found == ()


@pytest.fixture(scope="module")
def filed(tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """A folder with one signed record in it, and the keys by which it counts."""
    keys = [generate_signer(), generate_signer()]
    trust = TrustStore(
        (TrustedKey(keys[0].public, "Ada", "qa"), TrustedKey(keys[1].public, "Cy", "developer"))
    )
    signers = tuple(NamedSigner(each.name, each.role, each.keyid) for each in trust.keys)
    waiver = Waiver("Cy", "Ada", "watched", criterion="a.b", owner="Dr. Ward")
    ends = timestamp(AT + timedelta(days=9))
    record = Record(RecordSubject.of_run(DIGEST), signers, "why", timestamp(AT), waiver, ends)
    root = tmp_path_factory.mktemp("root")
    envelope = sign_record(record, keys)
    path = add_record(envelope, trust, root=None, folder=root / FOLDER, run=None)
    return SimpleNamespace(root=root, path=path, trust=trust, data=path.read_bytes())


@given(data=st.data())
def test_any_edit_of_any_byte_is_found_and_named(filed: Any, data: st.DataObject) -> None:
    """Flipped, left out, put in or cut: the record no longer counts, and its file is named."""
    place = data.draw(st.integers(0, len(filed.data) - 1))
    other = data.draw(st.integers(0, 255).filter(lambda byte: byte != filed.data[place]))
    how = data.draw(st.sampled_from(["flip", "drop", "add", "cut"]))
    before, after = filed.data[:place], filed.data[place + 1 :]
    edited = {
        "flip": before + bytes([other]) + after,
        "drop": before + after,
        "add": before + bytes([other]) + filed.data[place:],
        "cut": before,
    }[how]
    filed.path.write_bytes(edited)
    (found,) = people_beside([], filed.trust, root=filed.root).found
    filed.path.write_bytes(filed.data)
    assert found.verified is None
    assert found.broken
    assert found.place == f"{FOLDER}/{filed.path.name}"
    assert len(people_beside([], filed.trust, root=filed.root).records) == 1
