"""Bundles that leave and come in: whole, verified, logged, or not at all."""

from __future__ import annotations

import json
import os
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from clinigate.errors import EvidenceError, IntegrityError, UsageError
from clinigate.evidence import packing, sources
from clinigate.evidence.bundle import export_zip, open_bundle
from clinigate.evidence.report import Level, LevelStatus
from clinigate.evidence.verify import verify_bundle
from clinigate.pipeline.transfer import limits_of


def _types(site: Any) -> list[str]:
    from clinigate.evidence.ledger import read_ledger

    return [record.type for record in read_ledger(site.root / "ledger").chain.records]


def test_a_bundle_goes_to_another_place_and_verifies_there(
    site: Any, archive_site: Any, tmp_path: Path
) -> None:
    """With the ledger of that place beside it, which says where it came from."""
    bundle = site.sealed()
    archive_site.sealed()
    packed = tmp_path / "b.zip"
    assert site.export(bundle, packed) == str(packed)
    done = archive_site.take_in(packed, trust=site.trust)
    assert (done.run, done.new, done.signed_by) == (bundle.run, True, ("CI",))
    report = verify_bundle(
        open_bundle(done.place), trust=site.trust, ledger=archive_site.root / "ledger"
    )
    assert report.overall is LevelStatus.OK, report.problems
    assert "brought from log" in " ".join(report.level(Level.LEDGER).sentences)
    assert _types(archive_site)[-1] == "bundle-imported"
    assert _types(site)[-1] == "bundle-exported"
    assert (done.place.stat().st_mode & 0o777) == 0o700


def test_taking_in_again_changes_nothing(site: Any, archive_site: Any, tmp_path: Path) -> None:
    packed = export_zip(site.sealed(), tmp_path / "b.zip")
    assert archive_site.take_in(packed, trust=site.trust).new
    before = _types(archive_site)
    assert not archive_site.take_in(packed, trust=site.trust).new
    assert _types(archive_site) == before


def test_a_bundle_without_the_word_in_the_ledger_does_not_verify(
    site: Any, archive_site: Any
) -> None:
    """Copying a directory among the runs by hand is no import."""
    bundle = site.sealed()
    archive_site.sealed()
    place = archive_site.root / "runs" / bundle.run
    shutil.copytree(bundle.path, place)
    report = verify_bundle(
        open_bundle(place), trust=site.trust, ledger=archive_site.root / "ledger"
    )
    assert report.level(Level.LEDGER).status is LevelStatus.FAILED
    assert archive_site.take_in(bundle.path, trust=site.trust).new
    report = verify_bundle(
        open_bundle(place), trust=site.trust, ledger=archive_site.root / "ledger"
    )
    assert report.overall is LevelStatus.OK


def test_reports_stay_behind_and_records_come_along(
    site: Any, archive_site: Any, tmp_path: Path
) -> None:
    bundle = site.sealed()
    for name in ("exports/report.html", "records/sign-off-0123456789ab.dsse.json"):
        (bundle.path / name).parent.mkdir(exist_ok=True)
        (bundle.path / name).write_bytes(b"{}")
    packed = export_zip(open_bundle(bundle.path), tmp_path / "b.zip")
    done = archive_site.take_in(packed, trust=site.trust)
    assert done.left_out == 1
    names = open_bundle(done.place).names
    assert "records/sign-off-0123456789ab.dsse.json" in names
    assert "exports/report.html" not in names


def _edit_a_blob(path: Path) -> None:
    blob = next((path / "blobs").rglob("?" * 64))
    blob.write_bytes(blob.read_bytes() + b"x")


def _drop_results(path: Path) -> None:
    (path / "results.json").unlink()


def _add_a_file(path: Path) -> None:
    (path / "extra.txt").write_bytes(b"x")


def _add_to_records(path: Path) -> None:
    (path / "records").mkdir(exist_ok=True)
    (path / "records" / "run.sh").write_bytes(b"x")


def _edit_the_statement(path: Path) -> None:
    name = path / "statement.dsse.json"
    envelope = json.loads(name.read_bytes())
    envelope["payload"] = envelope["payload"][:-8] + "AAAAAAA="
    name.write_bytes(json.dumps(envelope).encode())


@pytest.mark.parametrize(
    ("spoil", "named"),
    [
        (_edit_a_blob, "blobs/"),
        (_drop_results, "results.json"),
        (_add_a_file, "extra.txt"),
        (_add_to_records, "records/run.sh"),
        (_edit_the_statement, "statement.dsse.json"),
    ],
)
def test_a_damaged_bundle_is_refused_by_name_and_leaves_nothing(
    site: Any,
    archive_site: Any,
    tree: Callable[[Path], dict[str, bytes]],
    spoil: Callable[[Path], None],
    named: str,
) -> None:
    bundle = site.sealed()
    archive_site.sealed()
    before = tree(archive_site.root)
    spoil(bundle.path)
    with pytest.raises(IntegrityError, match=named):
        archive_site.take_in(bundle.path, trust=site.trust)
    after = tree(archive_site.root)
    after.pop("transfer.lock", None)
    assert after == before


def test_what_nobody_vouches_for_is_taken_in_only_when_that_is_said(
    site: Any, archive_site: Any, tmp_path: Path
) -> None:
    packed = export_zip(site.sealed(), tmp_path / "b.zip")
    with pytest.raises(UsageError, match="--unvouched"):
        archive_site.take_in(packed, trust=None)
    with pytest.raises(IntegrityError, match="trusted key"):
        archive_site.take_in(packed, trust=archive_site.trust)
    assert archive_site.take_in(packed, trust=None, unvouched=True).signed_by == ()


def test_another_bundle_does_not_take_a_runs_place(site: Any, tmp_path: Path) -> None:
    """The ledger remembers which statement was sealed under an id, its evidence there or not."""
    bundle = site.sealed()
    unsealed = site.begin()
    fake = tmp_path / "fake"
    shutil.copytree(bundle.path, fake)
    shutil.rmtree(bundle.path)
    from clinigate.core.canonical import canonical_bytes
    from clinigate.evidence.envelope import sign_envelope
    from clinigate.evidence.names import PAYLOAD_TYPE

    payload = json.loads(bundle.envelope.payload)
    for run, told in ((bundle.run, "another one was sealed"), (unsealed.id, "never sealed")):
        payload["predicate"]["run"] = run
        payload["predicate"]["note"] = "another"
        envelope = sign_envelope(canonical_bytes(payload), PAYLOAD_TYPE, [site.signer])
        (fake / "statement.dsse.json").write_bytes(canonical_bytes(envelope))
        with pytest.raises(IntegrityError, match=told):
            site.take_in(fake, trust=site.trust)


def test_a_lost_run_comes_back_from_its_copy(site: Any, tmp_path: Path) -> None:
    bundle = site.sealed()
    packed = tmp_path / "b.zip"
    site.export(bundle, packed)
    shutil.rmtree(bundle.path)
    assert site.take_in(packed, trust=site.trust).place == bundle.path
    report = verify_bundle(open_bundle(bundle.path), trust=site.trust, ledger=site.root / "ledger")
    assert report.overall is LevelStatus.OK


def test_a_file_above_the_limit_is_named_going_out_and_coming_in(
    site: Any, archive_site: Any, tmp_path: Path
) -> None:
    """The limit is [retention] largest_file_mb, 200 MiB where nothing says otherwise."""
    assert limits_of(site.table).file_bytes == 200 << 20
    bundle = site.sealed(blob=b"\x00x" * (600 << 10))
    packed = export_zip(bundle, tmp_path / "b.zip")
    with pytest.raises(UsageError, match=r"blobs/.* largest_file_mb"):
        site.keeping(largest_file_mb=1).export(bundle, tmp_path / "c.zip")
    with pytest.raises(IntegrityError, match=r"blobs/.*at most 1048576"):
        archive_site.keeping(largest_file_mb=1).take_in(packed, trust=site.trust)


def test_what_shrinks_a_lot_is_packed_so_that_nobody_takes_it_for_a_bomb(
    site: Any, tmp_path: Path
) -> None:
    bundle = site.sealed(blob=bytes(3 << 20))
    packed = export_zip(bundle, tmp_path / "b.zip")
    again = open_bundle(packed)
    assert [again.source.digest(n) for n in again.names] == [
        bundle.source.digest(n) for n in bundle.names
    ]


def test_a_bomb_by_its_ratio_is_named(tmp_path: Path) -> None:
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("blobs/big", bytes(3 << 20))
    with pytest.raises(IntegrityError, match=r"'blobs/big': 3145728 bytes would come out"):
        open_bundle(path)


def _with(packed: Path, path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(packed) as whole, zipfile.ZipFile(path, "w", 8) as archive:
        for name in whole.namelist():
            archive.writestr(name, whole.read(name))
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def test_many_small_files_make_a_bomb_too(
    site: Any, archive_site: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each may shrink as it likes; all together may not. Nothing of it reaches the disk."""
    monkeypatch.setattr(sources, "ALL_MAY_SHRINK", 1 << 20)
    site.export(site.sealed(), tmp_path / "run.zip")
    added = {f"records/{number}.json": bytes(1 << 18) for number in range(30)}
    bomb = _with(tmp_path / "run.zip", tmp_path / "bomb.zip", added)
    with pytest.raises(IntegrityError, match=r"bomb\.zip: \d+ bytes would come out of"):
        archive_site.take_in(bomb, trust=site.trust)
    assert not list(archive_site.root.rglob("*.json"))


def test_what_is_too_large_for_a_record_is_not_taken_in(
    site: Any, archive_site: Any, tmp_path: Path
) -> None:
    """Records are the one place of a bundle that its signature does not cover."""
    site.export(site.sealed(), tmp_path / "run.zip")
    added = {"records/note.json": os.urandom((1 << 20) + 1)}
    large = _with(tmp_path / "run.zip", tmp_path / "large.zip", added)
    with pytest.raises(IntegrityError, match=r"'records/note\.json'.*no record is so large"):
        archive_site.take_in(large, trust=site.trust)


def test_a_large_bundle_of_small_files_that_shrink_a_lot_can_be_taken_in(
    site: Any, archive_site: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is handed on is taken in, whatever it holds."""
    for module in (sources, packing):
        monkeypatch.setattr(module, "ALL_MAY_SHRINK", 1 << 18)
    run = site.begin()
    for number in range(40):
        run.recorder.blob(b"%d" % number + b" " * 30_000, "text/plain")
    run.finish()
    site.export(site.seal(run), tmp_path / "run.zip")
    assert archive_site.take_in(tmp_path / "run.zip", trust=site.trust).new


def test_nothing_there_to_take_in_is_told(site: Any, tmp_path: Path) -> None:
    with pytest.raises(EvidenceError, match="no bundle here"):
        site.take_in(tmp_path / "none.zip", trust=site.trust)


def test_leftovers_of_a_killed_import_go_at_the_next_one(
    site: Any, archive_site: Any, tmp_path: Path
) -> None:
    left = archive_site.root / "runs" / ".import-x-0.tmp"
    left.mkdir(parents=True)
    (left / "results.json").write_bytes(b"half")
    packed = export_zip(site.sealed(), tmp_path / "b.zip")
    archive_site.take_in(packed, trust=site.trust)
    assert not left.exists()
    assert len(list((archive_site.root / "runs").iterdir())) == 1
