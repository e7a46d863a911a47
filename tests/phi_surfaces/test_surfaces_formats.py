"""Parquet files, DICOM headers and pictures say what they say beside their bulk."""

from __future__ import annotations

import datetime as dt
import io
import sys
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinigate.phi.surfaces import open_stream


@pytest.fixture
def parquet() -> bytes:
    pa = pytest.importorskip("pyarrow")
    from pyarrow import parquet as pq

    rows = {
        "patient_name": ["Jane Doe", None, "Zoë"],
        "visit": [{"date": "2020-01-02", "n": 1}, None, {"date": "x", "n": 2}],
        "tags": [["a", "b"], [], None],
    }
    out = io.BytesIO()
    pq.write_table(pa.table(rows).replace_schema_metadata({"author": "Jane"}), out)
    return out.getvalue()


def test_rows_of_parquet(opened: Any, parquet: bytes) -> None:
    seen = opened("a.parquet", parquet)
    assert seen.cells() == {
        (1, "patient_name: Jane Doe"),
        (1, "visit.date: 2020-01-02"),
        (1, "visit.n: 1"),
        (1, "tags: a"),
        (1, "tags: b"),
        (3, "patient_name: Zoë"),
        (3, "visit.date: x"),
        (3, "visit.n: 2"),
    }
    assert seen.text("footer") == b"author: Jane"
    assert seen.literal[""] == parquet


def test_maps_dates_and_bytes_of_parquet(opened: Any) -> None:
    pa = pytest.importorskip("pyarrow")
    from pyarrow import parquet as pq

    tags = pa.array([[("mail", "a@b")]], pa.map_(pa.string(), pa.string()))
    nested = pa.array([{"born": dt.date(1950, 3, 4), "raw": b"Jane"}])
    out = io.BytesIO()
    pq.write_table(pa.table({"tags": tags, "who": nested}), out)
    assert opened("maps.parquet", out.getvalue()).cells() == {
        (1, "tags: mail"),
        (1, "tags: a@b"),
        (1, "who.born: 1950-03-04"),
        (1, "who.raw: Jane"),
    }


@pytest.mark.parametrize("head", [b"%PDF-1.7\n", b"PGDMP\1\0", b"ORC\0", b"Obj\x01\0"])
def test_what_is_read_by_half_is_told(opened: Any, head: bytes) -> None:
    seen = opened("half", head + b"plain words\n")
    assert len(seen.missed) == 1
    assert b"plain words" in seen.text()


def test_broken_parquet_is_told(opened: Any, parquet: bytes) -> None:
    seen = opened("b.parquet", parquet[:200])
    assert seen.missed == [("", "a damaged or encrypted parquet file")]
    assert seen.text().startswith(b"PAR1")


@pytest.mark.parametrize(
    ("module", "name", "head"),
    [
        ("pyarrow", "c.parquet", b"PAR1" + b"\0" * 600),
        ("pydicom", "c.dcm", b"\0" * 128 + b"DICM" + b"\0" * 600),
    ],
)
def test_without_its_library_a_file_is_told(
    opened: Any, monkeypatch: pytest.MonkeyPatch, module: str, name: str, head: bytes
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    seen = opened(name, head)
    [(_, reason)] = seen.missed
    assert f"pip install {module}" in reason
    assert seen.literal[""] == head


@pytest.fixture
def dicom() -> bytes:
    pytest.importorskip("pydicom")
    from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
    from pydicom.uid import UID, ExplicitVRLittleEndian, SecondaryCaptureImageStorage

    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = SecondaryCaptureImageStorage
    meta.MediaStorageSOPInstanceUID = UID("1.2.3.4")
    made = FileDataset("x", {}, file_meta=meta, preamble=b"\0" * 128)
    made.PatientName = "DOE^JANE^Q"
    made.PatientBirthDate = "19500304"
    made.OtherPatientIDs = ["one", "two"]
    item = Dataset()
    item.RequestedProcedureDescription = "for Jane"
    made.RequestAttributesSequence = [item]
    made.add_new(0x00091010, "LO", "own")
    made.add_new(0x00091011, "UN", b"hidden ")
    made.Rows = 2
    made.PixelData = b"\x41\x42" * 4
    out = io.BytesIO()
    made.save_as(out, enforce_file_format=True)
    return out.getvalue()


def test_a_dicom_header(opened: Any, dicom: bytes) -> None:
    seen = opened("image", dicom)
    said = {line for _, line in seen.cells()}
    assert said >= {
        "patient_name: JANE Q DOE",
        "patient_birth_date: 1950-03-04",
        "other_patient_ids: one",
        "private_0009_1010: own",
        "private_0009_1011: hidden",
        "request_attributes_sequence.requested_procedure_description: for Jane",
    }
    assert not any("pixel" in line or "ABAB" in line for line in said)
    assert seen.literal[""] == dicom


def test_a_packed_dicom_file_is_told(opened: Any, dicom: bytes) -> None:
    seen = opened("packed", dicom.replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2.1.99"))
    assert "deflated" in seen.missed[0][1]


def test_no_library_quotes_what_it_reads(
    opened: Any, dicom: bytes, caplog: pytest.LogCaptureFixture, recwarn: pytest.WarningsRecorder
) -> None:
    picture = _picture("JPEG")
    with caplog.at_level("DEBUG"):
        opened("wrong.dcm", dicom.replace(b"19500304", b"19509999"))
        assert b"Jane" in opened("loud.jpg", picture).everything()
    assert "9999" not in caplog.text
    assert "Jane" not in caplog.text
    assert not [str(each.message) for each in recwarn]


def test_a_broken_dicom_header_is_told(opened: Any, dicom: bytes) -> None:
    seen = opened("broken.dcm", dicom[:200])
    assert seen.missed == [("", "a damaged DICOM header")]
    assert seen.text() == dicom[:200]


@cache
def _picture(kind: str) -> bytes:
    image = pytest.importorskip("PIL.Image")
    from PIL import PngImagePlugin

    out = io.BytesIO()
    picture = image.new("RGB", (4, 4))
    if kind == "PNG":
        text = PngImagePlugin.PngInfo()
        text.add_text("Comment", "of Jane Doe", zip=True)
        text.add_itxt("XML:com.adobe.xmp", "<x>Doe</x>")
        picture.save(out, "PNG", pnginfo=text)
    else:
        exif = picture.getexif()
        exif[0x010E] = "Jane Doe"
        exif[0x8825] = {1: "N", 2: (42.0, 21.0, 36.0), 3: "W", 4: (71.0, 3.0, 0.0)}
        picture.save(out, kind, exif=exif)
    return out.getvalue()


def test_what_pictures_say(opened: Any) -> None:
    said = {line for _, line in opened("a.jpg", _picture("JPEG")).cells()}
    assert {"exif.ImageDescription: Jane Doe", "gps_coordinates: 42.360000, -71.050000"} <= said
    said = {line for _, line in opened("a.png", _picture("PNG")).cells()}
    assert {"Comment: of Jane Doe", "XML:com.adobe.xmp: <x>Doe</x>"} <= said
    assert opened("a.webp", _picture("WEBP")).media == {"image"}


def test_captions_of_photoshop(opened: Any) -> None:
    said = b"".join(
        b"\x1c\x02" + bytes([number]) + len(text).to_bytes(2, "big") + text
        for number, text in ((120, b"Jane Doe at home"), (80, b"A. Photographer"))
    )
    block = b"8BIM\x04\x04\0\0" + len(said).to_bytes(4, "big") + said + b"\0" * (len(said) % 2)
    segment = b"Photoshop 3.0\0" + block
    picture = _picture("JPEG")
    with_it = picture[:2] + b"\xff\xed" + (len(segment) + 2).to_bytes(2, "big") + segment
    cells = {line for _, line in opened("said.jpg", with_it + picture[2:]).cells()}
    assert cells >= {"iptc_2_120: Jane Doe at home", "iptc_2_80: A. Photographer"}


@given(kind=st.sampled_from(["JPEG", "PNG", "WEBP"]), at=st.floats(0, 1), byte=st.integers(1, 255))
@settings(max_examples=30)
def test_damaged_pictures_never_raise(read_parts: Any, kind: str, at: float, byte: int) -> None:
    data = bytearray(_picture(kind))
    data[min(int(at * len(data)), len(data) - 1)] ^= byte
    seen = read_parts(open_stream(io.BytesIO(bytes(data))))
    assert bytes(data) in (seen.literal.get(""), seen.text())


def test_a_picture_that_cannot_be_opened_is_searched_as_it_is(
    opened: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = _picture("JPEG")
    assert opened("b.jpg", data[:20]).text() == data[:20]
    monkeypatch.setitem(sys.modules, "PIL", None)
    assert b"Jane Doe" in opened("c.jpg", data).text()
