"""Reading bundles: a zip or directory that was made to mislead is refused, by name."""

from __future__ import annotations

import os
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clinigate.errors import EvidenceError, IncompleteRunError, IntegrityError
from clinigate.evidence.bundle import export_zip, open_bundle
from clinigate.evidence.sources import Limits, ZipSource, check_names, open_source


@pytest.fixture
def bundle(system: Any) -> Any:
    return system.sealed()


@pytest.fixture
def archive(bundle: Any, tmp_path: Path) -> Path:
    return export_zip(bundle, tmp_path / "bundle.zip")


def add(archive: Path, name: str, data: bytes = b"x", *, mode: int = 0o100644) -> None:
    with zipfile.ZipFile(archive, "a") as opened:
        info = zipfile.ZipInfo(name)
        info.external_attr = mode << 16
        opened.writestr(info, data)


def test_a_zip_reads_as_its_directory_does(bundle: Any, archive: Path) -> None:
    zipped = open_bundle(archive)
    assert zipped.names == bundle.names
    assert zipped.statement == bundle.statement
    for name in bundle.names:
        assert zipped.read(name) == bundle.read(name)
        assert zipped.source.digest(name) == bundle.source.digest(name)
    assert zipped.results() == bundle.results()


def test_the_same_bundle_gives_the_same_zip(bundle: Any, archive: Path, tmp_path: Path) -> None:
    again = export_zip(open_bundle(archive), tmp_path / "again.zip")
    assert again.read_bytes() == archive.read_bytes()
    assert [p.name for p in tmp_path.iterdir() if p.suffix == ".tmp"] == []


@pytest.mark.parametrize(
    "name",
    [
        "../escape",
        "a/../../escape",
        "/etc/passwd",
        "a//b",
        "./a",
        "a\\..\\b",
        "C:\\x",
        "c:x",
        "a\x01b",
        "a\u202eb",
        "RESULTS.JSON",
        "result\u017f.json",
    ],
)
def test_a_name_that_misleads_is_refused(archive: Path, name: str) -> None:
    """Leads out of the bundle, hides its characters, or passes for another by case or form."""
    add(archive, name)
    with pytest.raises(IntegrityError, match=r"a name|told apart"):
        open_bundle(archive)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_that_stands_twice_is_refused(archive: Path) -> None:
    """Readers disagree on which of the two counts."""
    add(archive, "results.json", b'{"passed":true}')
    with pytest.raises(IntegrityError, match=r"'results\.json': cannot be told apart"):
        open_bundle(archive)


def test_a_name_that_is_cut_at_a_nul_is_refused(archive: Path) -> None:
    data = archive.read_bytes()
    add(archive, "evil_name", b"x")
    archive.write_bytes(archive.read_bytes().replace(b"evil_name", b"evil\x00name"))
    assert data != archive.read_bytes()
    with pytest.raises(IntegrityError, match="characters that no bundle uses"):
        open_bundle(archive)


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR])
def test_a_link_or_device_in_a_zip_is_refused(archive: Path, kind: int) -> None:
    add(archive, "link", b"/etc/passwd", mode=kind | 0o777)
    with pytest.raises(IntegrityError, match="'link': a link or device"):
        open_bundle(archive)


@pytest.mark.parametrize("make", [os.symlink, lambda _, path: os.mkfifo(path)])
def test_a_link_or_device_in_a_directory_is_refused(
    bundle: Any, make: Callable[[str, Path], None]
) -> None:
    make("/etc/passwd", bundle.path / "link")
    with pytest.raises(IntegrityError, match="'link': a link or device"):
        open_bundle(bundle.path)


def test_a_link_put_in_place_after_listing_is_not_followed(bundle: Any) -> None:
    path = bundle.path / "results.json"
    path.unlink()
    path.symlink_to("/etc/passwd")
    with pytest.raises(EvidenceError, match=r"results\.json: cannot be read"):
        bundle.read("results.json")


def test_an_encrypted_or_oddly_compressed_member_is_refused(
    archive: Path, bundle: Any, tmp_path: Path
) -> None:
    with zipfile.ZipFile(tmp_path / "odd.zip", "w", zipfile.ZIP_LZMA) as opened:
        opened.writestr("a", b"x" * 100)
    with pytest.raises(IntegrityError, match="compressed in a way"):
        open_bundle(tmp_path / "odd.zip")
    data = bytearray(archive.read_bytes())
    entry = data.index(b"PK\x01\x02")
    data[entry + 8] |= 1
    archive.write_bytes(data)
    with pytest.raises(IntegrityError, match="is encrypted"):
        open_bundle(archive)


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        (Limits(files=3), "at most 3"),
        (Limits(file_bytes=20), "at most 20"),
        (Limits(total_bytes=2000), "at most 2000"),
    ],
)
def test_a_bomb_is_refused_before_it_is_read(
    bundle: Any, archive: Path, limits: Limits, message: str
) -> None:
    for path in (archive, bundle.path):
        with pytest.raises(IntegrityError, match=message):
            open_bundle(path, limits)


def test_a_member_larger_than_it_says_is_refused(archive: Path, tmp_path: Path) -> None:
    """The declared size passes the limits; what comes out must not be more."""
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as opened:
        opened.writestr("a", bytes(1 << 20))
    size = (1 << 20).to_bytes(4, "little")
    path.write_bytes(path.read_bytes().replace(size, (10).to_bytes(4, "little")))
    source = open_source(path, Limits())
    with pytest.raises(IntegrityError, match="a: not a sound zip"):
        source.read("a")


@pytest.mark.parametrize("content", [b"", b"PK", b"no zip at all"])
def test_what_is_no_zip_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.zip"
    path.write_bytes(content)
    with pytest.raises(IntegrityError, match=r"x\.zip: not a sound zip"):
        open_bundle(path)


def test_a_truncated_zip_is_refused(archive: Path) -> None:
    archive.write_bytes(archive.read_bytes()[:-30])
    with pytest.raises(IntegrityError, match="not a sound zip"):
        open_bundle(archive)


def test_an_offset_that_leads_out_of_the_zip_is_refused(archive: Path) -> None:
    """The end record moves all members: the first one to before the file's beginning."""
    data = bytearray(archive.read_bytes())
    end = data.rindex(b"PK\x05\x06")
    offset = int.from_bytes(data[end + 16 : end + 20], "little")
    data[end + 16 : end + 20] = (offset + 64).to_bytes(4, "little")
    archive.write_bytes(data)
    with pytest.raises(IntegrityError, match="not a sound zip"):
        ZipSource(archive, Limits())


def test_what_is_not_there_or_not_sealed_is_told(system: Any, tmp_path: Path) -> None:
    with pytest.raises(EvidenceError, match="no bundle here"):
        open_bundle(tmp_path / "none")
    run = system.record()
    run.finish()
    with pytest.raises(IncompleteRunError, match="clinigate seal"):
        open_bundle(run.directory)


def test_two_statements_are_refused(bundle: Any) -> None:
    """Else whoever reads the other one reads another story."""
    (bundle.path / "statement.json").write_bytes(bundle.envelope_bytes)
    with pytest.raises(IntegrityError, match="holds both"):
        open_bundle(bundle.path)


@pytest.mark.parametrize("content", [b"{}", b"", b"\xff", b'{"payload":"e30="}'])
def test_a_damaged_statement_is_named(bundle: Any, content: bytes) -> None:
    (bundle.path / "statement.dsse.json").write_bytes(content)
    with pytest.raises(IntegrityError, match=r"^statement\.dsse\.json: "):
        open_bundle(bundle.path)


@pytest.mark.parametrize("content", [b"no json", b"[]", b'{"run":1}'])
def test_damaged_results_are_named(bundle: Any, content: bytes) -> None:
    (bundle.path / "results.json").write_bytes(content)
    with pytest.raises(IntegrityError, match=r"^results\.json: "):
        open_bundle(bundle.path).results()


def test_a_file_that_is_not_there_is_named(bundle: Any, archive: Path) -> None:
    for opened in (bundle, open_bundle(archive)):
        with pytest.raises(IntegrityError, match=r"none\.json: missing"):
            opened.read("none.json")


@given(st.lists(st.text(alphabet="aA./é\u0301\\", min_size=1, max_size=6), max_size=4))
def test_names_that_pass_stay_inside_and_apart(names: list[str]) -> None:
    try:
        check_names(names)
    except IntegrityError:
        return
    normal = [os.path.normpath(name) for name in names]
    assert normal == names
    assert len({name.casefold() for name in names}) == len(names)
    assert not any(name.startswith(("/", "../")) for name in names)


def _sandwiched(archive: Path) -> bytes:
    """A second archive before the first one: readers differ on which of the two counts."""
    return b"PK\x05\x06" + bytes(18) + archive.read_bytes()


def _trailing(archive: Path) -> bytes:
    return archive.read_bytes() + b"more"


def _commented(archive: Path) -> bytes:
    data = archive.read_bytes()
    return data[:-2] + (5).to_bytes(2, "little") + b"hello"


def _gap(archive: Path) -> bytes:
    """Bytes between two members, which the directory leaves out."""
    with zipfile.ZipFile(archive) as opened:
        first, second = opened.infolist()[:2]
        begin, end = first.header_offset, second.header_offset
        central = opened.start_dir
    data = bytearray(archive.read_bytes())
    hidden = data[begin:end]
    out = data[:end] + hidden + data[end:]
    return _moved(bytes(out), end, len(hidden), central)


def _moved(data: bytes, place: int, by: int, central: int) -> bytes:
    """The directory and end record of an archive that got `by` bytes at `place`."""
    out = bytearray(data)
    at = central + by
    while out[at : at + 4] == b"PK\x01\x02":
        offset = int.from_bytes(out[at + 42 : at + 46], "little")
        if offset >= place:
            out[at + 42 : at + 46] = (offset + by).to_bytes(4, "little")
        at += 46 + sum(int.from_bytes(out[at + n : at + n + 2], "little") for n in (28, 30, 32))
    out[at + 16 : at + 20] = (central + by).to_bytes(4, "little")
    return bytes(out)


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (_sandwiched, "belong to no file, after the archive's beginning"),
        (_trailing, "data after its end"),
        (_commented, "or a comment"),
        (_gap, "bytes that belong to no file, after"),
    ],
)
def test_every_byte_of_a_zip_belongs_to_a_member(
    archive: Path, spoil: Callable[[Path], bytes], told: str
) -> None:
    archive.write_bytes(spoil(archive))
    with pytest.raises(IntegrityError, match=f"not a sound zip: .*{told}"):
        open_bundle(archive)


def test_a_zip_by_another_tool_is_read(bundle: Any, tmp_path: Path) -> None:
    """One that writes sizes after the data, as it does when it cannot go back."""

    class Pipe:
        def __init__(self) -> None:
            self.data = b""

        def write(self, data: bytes) -> int:
            self.data += data
            return len(data)

        def flush(self) -> None:
            return

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as opened:  # type: ignore[call-overload]
        for name in bundle.names:
            opened.writestr(name, bundle.read(name))
    path = tmp_path / "piped.zip"
    path.write_bytes(pipe.data)
    assert open_bundle(path).names == bundle.names


@pytest.mark.parametrize("name", ["blobs/a.", "blobs/a ", "blobs /a"])
def test_a_name_that_some_systems_shorten_is_refused(archive: Path, name: str) -> None:
    add(archive, name)
    with pytest.raises(IntegrityError, match="as no file can on some systems"):
        open_bundle(archive)


@given(position=st.integers(0, 1_000_000), bit=st.integers(0, 7))
@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_changed_bit_of_a_zip_reads_as_something_else(
    archive: Path, bundle: Any, tmp_path: Path, position: int, bit: int
) -> None:
    """Refused, found by its digest, or a byte that says nothing of any file, as a date."""
    whole = bytearray(archive.read_bytes())
    whole[position % len(whole)] ^= 1 << bit
    spoiled = tmp_path / "spoiled.zip"
    spoiled.write_bytes(whole)
    try:
        opened = open_bundle(spoiled)
        digests = {name: opened.source.digest(name) for name in opened.names}
    except EvidenceError:
        return
    assert digests == {name: bundle.source.digest(name) for name in bundle.names}
