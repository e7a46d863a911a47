"""Copies in object stores: read back before they are believed, with the date they are kept to.

Tried on fsspec's memory and local file systems, and on a store of these tests that records what it
is told, as S3 and Google's would be; neither of the real ones is reached.
"""

from __future__ import annotations

import builtins
import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem

from clinigate.errors import EvidenceError, IntegrityError, MissingExtraError, UsageError
from clinigate.evidence.bundle import open_bundle
from clinigate.evidence.ledger import read_ledger
from clinigate.pipeline.stores import Keep, copy_digest, copy_out, is_url, public_place


class Recording(MemoryFileSystem):  # type: ignore[misc]
    """Keeps what it is told with each file, and does what S3's client does with it: nothing."""

    protocol = "s3"
    store: ClassVar[dict[str, Any]] = {}
    pseudo_dirs: ClassVar[list[str]] = [""]
    told: ClassVar[list[dict[str, Any]]] = []
    broken: ClassVar[bool] = False

    @classmethod
    def _strip_protocol(cls, path: str) -> str:
        return "/" + path.removeprefix("s3://").strip("/")

    def put_file(self, lpath: str, rpath: str, **told: Any) -> None:
        self.told.append(told)
        data = Path(lpath).read_bytes()
        self.pipe_file(rpath, data[:-1] if Recording.broken else data)


@pytest.fixture
def recording(monkeypatch: pytest.MonkeyPatch) -> type[Recording]:
    monkeypatch.setitem(sys.modules["fsspec.registry"]._registry, "s3", Recording)
    Recording.store.clear()
    Recording.told.clear()
    monkeypatch.setattr(Recording, "broken", False)
    return Recording


@pytest.fixture
def memory() -> Iterator[Any]:
    fs = fsspec.filesystem("memory")
    fs.store.clear()
    yield fs
    fs.store.clear()


def test_a_copy_in_a_store_comes_back_whole(site: Any, archive_site: Any, memory: Any) -> None:
    bundle = site.sealed()
    url = "memory://evidence/2026/b.zip"
    assert site.export(bundle, url) == url
    done = archive_site.take_in(url, trust=site.trust)
    assert open_bundle(done.place).envelope_bytes == bundle.envelope_bytes
    note = json.loads(memory.cat_file("/evidence/2026/b.zip.retention.json"))
    assert note["retainUntil"].startswith("2032-08-21")
    with pytest.raises(UsageError, match="exists already"):
        site.export(bundle, url)
    site.export(bundle, url, force=True)


def test_a_file_url_is_a_store_like_any_other(site: Any, tmp_path: Path) -> None:
    url = f"file://{tmp_path}/far/b.zip"
    site.export(site.sealed(), url)
    assert copy_digest(url) == copy_digest(str(tmp_path / "far" / "b.zip"))


def test_an_object_lock_is_asked_for_until_the_retention_ends(
    site: Any, recording: type[Recording]
) -> None:
    bundle = site.sealed()
    site.keeping(lock_mode="COMPLIANCE").export(bundle, "s3://bucket/b.zip")
    (told,) = recording.told
    assert told["ObjectLockMode"] == "COMPLIANCE"
    assert (told["ObjectLockRetainUntilDate"] - datetime(2032, 8, 21, tzinfo=UTC)).days == 0


def test_a_store_that_kept_less_is_found_out_and_not_logged(
    site: Any, recording: type[Recording], monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = site.sealed()
    before = len(read_ledger(site.root / "ledger").chain.records)
    monkeypatch.setattr(recording, "broken", True)
    with pytest.raises(IntegrityError, match="is not what was copied"):
        site.export(bundle, "s3://bucket/b.zip")
    assert len(read_ledger(site.root / "ledger").chain.records) == before


def test_the_ledger_names_the_place_without_what_lets_one_in(site: Any, memory: Any) -> None:
    site.export(site.sealed(), "memory://evidence/b.zip")
    body = read_ledger(site.root / "ledger").chain.records[-1].body
    assert body["to"] == "memory://evidence/b.zip"
    secret = "s3://key:secret@bucket/b.zip?token=abc#x"
    assert public_place(secret) == "s3://bucket/b.zip"


@pytest.mark.parametrize(
    ("place", "url"),
    [("s3://b/x", True), ("a/b.zip", False), ("C:/x", False), ("memory://x", True)],
)
def test_urls_are_told_from_paths(place: str, url: bool) -> None:
    assert is_url(place) is url


def test_an_unknown_kind_of_store_is_told(site: Any, tmp_path: Path) -> None:
    bundle = site.sealed()
    with pytest.raises(UsageError, match="fsspec cannot open nowhere://"):
        site.export(bundle, "nowhere://bucket/b.zip")


def test_a_store_that_is_away_is_one_sentence(site: Any, memory: Any) -> None:
    with pytest.raises(EvidenceError, match=r"memory://gone/b\.zip: the store refuses"):
        site.take_in("memory://gone/b.zip", trust=site.trust)


def test_without_fsspec_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *more: Any) -> Any:
        if name == "fsspec":
            raise ImportError(name)
        return real(name, *more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MissingExtraError, match=r"clinigate\[store\]"):
        copy_out(tmp_path, "memory://x/b.zip", Keep(None, ""))
