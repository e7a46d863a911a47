"""Whatever form an identifier has in a finished bundle, the seal is refused and names the place."""

from __future__ import annotations

import base64
import gzip
import importlib.util
import io
import json
import struct
import sys
import zipfile
import zlib
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinigate.errors import EvidenceError
from clinigate.evidence.inspection import allow_unscanned
from clinigate.evidence.names import blob_path
from clinigate.evidence.redaction import Redactor, scan
from clinigate.evidence.signing import generate_signer

MAIL = "jane.doe@example.org"
CLEAN = "the reply names a crisis line and stays with the person"
BINARY = "application/octet-stream"


def _runs() -> Any:
    name = "evidence_runs"
    if name not in sys.modules:
        path = Path(__file__).parent.parent / "evidence" / "conftest.py"
        spec = importlib.util.spec_from_file_location(name, path)
        assert spec is not None
        assert spec.loader is not None
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


@pytest.fixture
def system(tmp_path: Path) -> Any:
    runs = _runs()
    return runs.System(tmp_path / ".clinigate", runs.TickingClock(), generate_signer())


def zipped(name: str, data: bytes) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
    return held.getvalue()


def gzipped(name: str, data: bytes) -> bytes:
    held = io.BytesIO()
    with gzip.GzipFile(name, "wb", fileobj=held) as stream:
        stream.write(data)
    return held.getvalue()


def png(said: str) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        whole = kind + data
        return struct.pack(">I", len(data)) + whole + struct.pack(">I", zlib.crc32(whole))

    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
        + chunk(b"tEXt", b"Comment\0" + said.encode())
        + chunk(b"IDAT", zlib.compress(b"\0\0"))
        + chunk(b"IEND", b"")
    )


#: How a text may stand in a file; what is allowed to be there as it is.
FORMS: dict[str, Any] = {
    "text": lambda said: said.encode(),
    "a field name": lambda said: json.dumps({said: 1}).encode(),
    "an escape": lambda said: json.dumps({"a": said}).replace("@", "\\u0040").encode(),
    "base64": lambda said: b"data: " + base64.b64encode(f"mail {said}".encode()),
    "base64 in JSON": lambda said: json.dumps(
        {"a": [base64.b64encode(f"mail {said}".encode()).decode()]}
    ).encode(),
    "base64 in lines": lambda said: base64.encodebytes(f"{'x' * 50} {said}".encode()),
    "hexadecimal": lambda said: f"mail {said}".encode().hex().encode(),
    "gzip in base64": lambda said: base64.b64encode(gzip.compress(f"mail {said}".encode())),
    "gzip": lambda said: gzip.compress(said.encode()),
    "zip": lambda said: zipped("notes.txt", said.encode()),
    "a name in a zip": lambda said: zipped(f"{said}.txt", b"x"),
    "zip in zip": lambda said: zipped("inner.zip", zipped("a.json", json.dumps([said]).encode())),
    "a picture's comment": png,
    "UTF-16": lambda said: said.encode("utf-16"),
    "UTF-16 without a mark": lambda said: said.encode("utf-16-le"),
    "UTF-16 from the other end": lambda said: said.encode("utf-16-be"),
    "UTF-32 without a mark": lambda said: said.encode("utf-32-le"),
    "UTF-16 among bytes": lambda said: b"\xff\x00\x01" + said.encode("utf-16-le") + b"\x00\xfe",
    "UTF-16 in base64": lambda said: base64.b64encode(said.encode("utf-16-le")),
    "base64 in a URL's path": lambda said: (
        b"https://x.example/p/" + base64.b64encode(said.encode())
    ),
    "base64 behind a prefix": lambda said: b"of_" + base64.urlsafe_b64encode(said.encode()),
    "a URL's escapes": lambda said: quote(f"/u/{said}").encode(),
    "markup's escapes": lambda said: said.replace("@", "&#64;").encode(),
    "escapes in a line of JSON": lambda said: (
        json.dumps({"a": said}).replace("@", "\\u0040").join(["", "\n{}\n"]).encode()
    ),
    "escapes in JSON in JSON": lambda said: json.dumps(
        {"a": json.dumps({"b": said}).replace("@", "\\u0040")}
    ).encode(),
    "the name in a gzip file": lambda said: gzipped(said, b"x"),
    "Latin-1": lambda said: f"ü {said}".encode("latin-1"),
    "among bytes": lambda said: b"\xff\x00\x01" + said.encode() + b"\x00\xfe",
}


def sealed_with(system: Any, data: bytes, kind: str = BINARY) -> str:
    """Seal a run with raw evidence of a kind that the redactor does not read."""
    run = system.record()
    allow_unscanned(run.recorder, [BINARY, "image/png"], "the test looks at what is found")
    digest = run.recorder.blob(data, kind)
    run.finish()
    system.seal(run)
    return blob_path(digest)


@pytest.mark.parametrize("form", FORMS)
def test_an_identifier_in_any_form_refuses_the_seal(system: Any, form: str) -> None:
    with pytest.raises(EvidenceError, match=r"not sealed.*blobs/sha256/.*email") as caught:
        sealed_with(system, FORMS[form](MAIL))
    assert "jane" not in str(caught.value)
    assert "example" not in str(caught.value)


@pytest.mark.parametrize("form", FORMS)
def test_the_same_form_without_an_identifier_is_sealed(system: Any, form: str) -> None:
    name = sealed_with(system, FORMS[form](CLEAN))
    assert name.startswith("blobs/")


@pytest.mark.parametrize(
    "data",
    [
        png(CLEAN),
        zipped("a.bin", b"\x00\x9c\xff\x01"),
        b"\x7fELF\x00\x9c\xff\x01",
        b"%PDF-1.7\n\xff",
    ],
    ids=["pixels", "bytes in a zip", "a program", "a PDF"],
)
def test_what_cannot_be_seen_is_refused_by_name(system: Any, data: bytes) -> None:
    run = system.record()
    digest = run.recorder.blob(data, "image/png")
    run.finish()
    with pytest.raises(EvidenceError, match=f"nobody can look.*{blob_path(digest)}"):
        system.seal(run)


def test_a_files_name_is_looked_at_too(system: Any) -> None:
    run = system.record()
    run.finish()
    (run.directory / f"{MAIL}.txt").write_text("x")
    with pytest.raises(EvidenceError, match="a file's name: email") as caught:
        system.seal(run)
    assert "jane" not in str(caught.value)


def test_a_line_that_was_cut_within_a_character_is_scanned(system: Any) -> None:
    run = system.record()
    run.recorder.close()
    (spool,) = (run.directory / "spool").glob("*.ndjson")
    with spool.open("ab") as stream:
        stream.write(f'{{"body":{{"a":"{MAIL} \u00fc'.encode()[:-1])
    with pytest.raises(EvidenceError, match=r"spool/.*: line \d+: .*email"):
        system.seal(run, allow_incomplete=True)


TEXTS = st.one_of(
    st.text(max_size=40),
    st.sampled_from([MAIL, f"SSN: 123-45-6789 {CLEAN}", "password=hunter2hunter2", CLEAN]),
)
CODED = st.sampled_from(
    [
        lambda said: said,
        lambda said: base64.b64encode(said.encode("utf-8", "replace")).decode(),
        lambda said: base64.urlsafe_b64encode(said.encode("utf-8", "replace")).decode(),
        lambda said: base64.encodebytes(said.encode("utf-8", "replace")).decode(),
        lambda said: said.encode("utf-8", "replace").hex(),
        lambda said: quote(said, errors="replace"),
        lambda said: json.dumps({"first_name": said}),
        lambda said: json.dumps({"first_name": said}) + "\n" + json.dumps({said: "x"}),
        lambda said: "/p/" + base64.b64encode(said.encode("utf-16-le", "replace")).decode(),
        lambda said: base64.b64encode(gzip.compress(said.encode("utf-8", "replace"))).decode(),
    ]
)


@given(
    st.lists(st.tuples(TEXTS, CODED), min_size=1, max_size=4), st.sampled_from([" ", "", '"', "\n"])
)
def test_what_was_redacted_can_be_sealed(parts: list[tuple[str, Any]], between: str) -> None:
    """The redactor leaves nothing that the last look before the seal would find."""
    text = between.join(code(said) for said, code in parts)
    value = {"excerpt": text, text: ["x"]}
    assert list(scan(Redactor(bytes(16)).value(value))) == []


SHORT = "-".join(["219", "09", "9999"])


@pytest.mark.parametrize(
    "form",
    [base64.b64encode(SHORT.encode()), b"/p/" + base64.b64encode(SHORT.encode()) + b"/x"],
    ids=["alone", "in a path"],
)
def test_a_number_alone_is_found_in_base64(system: Any, form: bytes) -> None:
    with pytest.raises(EvidenceError, match="ssn in base64"):
        sealed_with(system, form)


LINES = b'{"first_name": "Jane", "n": 1}\n{"n": 2}\n'


def test_what_fields_of_lines_of_json_name_is_redacted_and_found(system: Any) -> None:
    """Logs are JSON by the line, and a name has no form but that its field says so."""
    redactor = Redactor(bytes(16))
    clean = redactor.blob(LINES, "application/x-ndjson")
    assert clean is not None
    assert b"Jane" not in clean
    assert clean.endswith(b'\n{"n": 2}\n')
    assert redactor.blob(clean, "application/x-ndjson") == clean
    with pytest.raises(EvidenceError, match=r"line 1\.first_name: identifier-field"):
        sealed_with(system, LINES)


def test_what_fields_of_json_in_a_text_name_is_redacted(system: Any) -> None:
    """What a service answered is recorded as text, and is JSON as a rule."""
    answered = {"excerpt": json.dumps({"patient": {"lastName": "Doe"}, "ok": True})}
    clean = Redactor(bytes(16)).value(answered)
    assert "Doe" not in clean["excerpt"]
    assert json.loads(clean["excerpt"])["ok"] is True
    assert [hit.path for hit in scan(answered)] == ["excerpt.patient.lastName"]
    assert list(scan(clean)) == []


def test_a_text_of_wide_characters_is_redacted_as_one() -> None:
    clean = Redactor(bytes(16)).blob(f"mail {MAIL}".encode("utf-16-le"), "text/plain")
    assert clean is not None
    assert clean.startswith(b"mail [PHI:")


def test_digests_signatures_and_words_are_left_alone() -> None:
    left = [
        "sha256:" + "ab12" * 16,
        base64.b64encode(bytes(range(200, 256)) * 3).decode(),
        "/usr/share/clinigate/reports/templates",
        base64.b64encode(CLEAN.encode()).decode(),
    ]
    assert Redactor(bytes(16)).value(left) == left
