"""What the probes of traffic are made of: files, signatures, notices, addresses."""

from __future__ import annotations

import base64
import hashlib
import hmac
import io
import json
import zipfile
from collections.abc import Iterator
from email import message_from_bytes
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from troubled import premises_at, serving

from clinigate.config.hipaa_traffic import MessageTable
from clinigate.core.verdict import Status
from clinigate.hipaa.probes.traffic.files import KINDS, eicar
from clinigate.hipaa.probes.traffic.signing import altered, message, signed_request
from clinigate.reference.care.traffic_files import is_infected

PATIENTS = {
    "create": {"path": "/patients", "body": {}, "answer": "id"},
    "read": {"path": "/patients/{{patient}}", "method": "GET"},
    "remove": {"path": "/patients/{{patient}}", "method": "DELETE"},
}


# 1. Files.


def test_the_test_file_is_the_one_that_scanners_know() -> None:
    """By its digest, which eicar.org and every scanner's documentation name."""
    known = "275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f"
    assert hashlib.sha256(eicar()).hexdigest() == known


@pytest.mark.parametrize("how", KINDS)
def test_a_file_of_each_kind_is_what_it_says(how: str) -> None:
    kind = KINDS[how]
    assert is_infected(kind.bad())
    assert not is_infected(kind.harmless())
    if how != "plain":
        assert eicar() not in kind.bad()
    if kind.media_type == "application/zip":
        with zipfile.ZipFile(io.BytesIO(kind.bad())) as archive:
            assert archive.read("letter.txt") == eicar()


def test_a_file_in_an_archive_in_an_archive_is_found() -> None:
    content = eicar()
    for _ in range(3):
        content = KINDS["in a ZIP"].made(content)
    assert is_infected(content)


@given(st.binary(max_size=300))
def test_any_bytes_can_be_looked_through(content: bytes) -> None:
    assert not is_infected(content)
    assert not is_infected(b"PK\x03\x04" + content)
    assert not is_infected(b"%PDF-1.7\nstream\n" + content + b"\nendstream")


class Inbox:
    """Takes files in three ways; `late` takes everything in, and gives the bad ones to nobody."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}
        self.late = False
        self.rows: Path | None = None

    def app(self) -> Starlette:
        return Starlette(routes=[
            Route("/patients", self.create, methods=["POST"]),
            Route("/patients/{id}", self.create, methods=["GET", "DELETE"]),
            Route("/form", self.form, methods=["POST"]),
            Route("/bytes", self.bytes, methods=["POST"]),
            Route("/files/{id}", self.read),
        ])  # fmt: skip

    async def create(self, _request: Request) -> Response:
        return JSONResponse({"id": "p-1"})

    async def form(self, request: Request) -> Response:
        head = f"Content-Type: {request.headers['content-type']}\r\n\r\n".encode()
        parts = message_from_bytes(head + await request.body()).get_payload()
        assert isinstance(parts, list)
        owner, file = parts
        assert owner.get_payload() == "p-1"
        return self._take(file.get_payload(decode=True), file.get_content_type())

    async def bytes(self, request: Request) -> Response:
        return self._take(await request.body(), request.headers["content-type"])

    async def read(self, request: Request) -> Response:
        content = self.kept[request.path_params["id"]]
        return Response(content, 404 if is_infected(content) else 200)

    def _take(self, content: Any, media_type: str) -> Response:
        assert media_type in {kind.media_type for kind in KINDS.values()}
        bad = is_infected(content)
        name = f"f-{len(self.kept)}"
        self.kept[name] = content
        assert self.rows is not None
        with self.rows.open("a") as file:
            file.write(json.dumps({"outcome": "bad" if bad else "ok"}) + "\n")
        return JSONResponse({"id": name}, 422 if bad and not self.late else 201)


@pytest.fixture(scope="module")
def inbox() -> Iterator[tuple[Inbox, str]]:
    box = Inbox()
    with serving(box.app()) as base_url:
        yield box, base_url


FORM = {"path": "/form", "sent_as": "multipart", "form": {"patient": "{{patient}}"}}
READ = {"path": "/files/{{file}}", "method": "GET"}


@pytest.mark.parametrize(
    ("upload", "late", "status"),
    [
        (FORM, False, Status.PASS),
        ({"path": "/bytes", "sent_as": "bytes"}, False, Status.PASS),
        ({**FORM, "read": READ}, True, Status.PASS),
        (FORM, True, Status.FAIL),
    ],
)
def test_files_may_come_in_by_any_way(
    upload: dict[str, Any],
    late: bool,
    status: Status,
    inbox: tuple[Inbox, str],
    tmp_path: Path,
    see: Any,
) -> None:
    """What is taken in must not come back; where nobody says how to read it, that is a finding."""
    box, base_url = inbox
    box.late, box.rows = late, tmp_path / "rows.jsonl"
    box.rows.touch()
    hipaa = {
        "patients": PATIENTS,
        "audit": {"file": "rows.jsonl"},
        "traffic": {"upload": upload},
    }
    with premises_at(base_url, tmp_path, hipaa) as premises:
        seen = see("malware_upload", premises)
    assert seen.status is status, seen.reason
    assert "no FHIR Binary was sent" in seen.reason


def test_without_audit_rows_a_refusal_is_not_on_record(
    inbox: tuple[Inbox, str], tmp_path: Path, see: Any
) -> None:
    box, base_url = inbox
    box.late, box.rows = False, tmp_path / "rows.jsonl"
    hipaa = {"patients": PATIENTS, "traffic": {"upload": FORM}}
    with premises_at(base_url, tmp_path, hipaa) as premises:
        seen = see("malware_upload", premises)
    assert seen.status is Status.INCONCLUSIVE
    assert "[hipaa.audit] file or command" in seen.reason


# 2. Signatures.

HEADERS = {"Id": "{{id}}", "At": "{{timestamp}}", "Signature": "v1={{signature}}"}
JSON_BODIES = st.dictionaries(
    st.sampled_from("abcd"), st.one_of(st.integers(), st.booleans(), st.text(max_size=8))
)


def table_of(**fields: Any) -> MessageTable:
    return MessageTable(path="/m", secret_env="S", headers=HEADERS, **fields)


@given(
    body=JSON_BODIES.filter(lambda body: "{{" not in json.dumps(body)),
    secret=st.binary(min_size=1, max_size=40),
    algorithm=st.sampled_from(["sha256", "sha384", "sha512"]),
    encoding=st.sampled_from(["hex", "base64"]),
)
def test_a_signature_is_what_the_table_says(
    body: Any, secret: bytes, algorithm: Any, encoding: Any
) -> None:
    table = table_of(body={"x": body}, algorithm=algorithm, encoding=encoding)
    said = message(table, "m-1", 1_700_000_000.0)
    request = signed_request(table, said, secret)
    assert request.raw == said.content
    digest = hmac.new(secret, b"m-1.1700000000." + said.content, algorithm).digest()
    wanted = digest.hex() if encoding == "hex" else base64.b64encode(digest).decode()
    assert request.headers["Signature"] == f"v1={wanted}"
    assert (request.headers["Id"], request.headers["At"]) == ("m-1", "1700000000")
    bare = signed_request(table, said, None)
    assert "Signature" not in bare.headers
    assert bare.raw == said.content


@given(JSON_BODIES)
def test_an_altered_message_is_another_of_the_same_kind(body: Any) -> None:
    content = json.dumps({"text": "a result", "more": body}).encode()
    changed = altered(content)
    assert changed != content
    assert len(changed) == len(content)
    assert json.loads(changed) != json.loads(content)


def test_an_altered_message_of_hl7_is_another() -> None:
    content = b"MSH|^~\\&|LAB|NORTH\rOBX|1|NM|718-7||13.2\r"
    assert altered(content) == b"MSH|^~\\&|LAB|NORTH\rOBX|1|NM|718-7||13.1\r"


def test_times_are_written_as_the_table_says() -> None:
    for form, wanted in {
        "seconds": "1700000000",
        "milliseconds": "1700000000500",
        "iso": "2023-11-14T22:13:20Z",
    }.items():
        table = table_of(text="A|{{timestamp}}", timestamp=form)
        assert message(table, "m", 1_700_000_000.5).content == f"A|{wanted}".encode()


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({}, "give one of body and text"),
        ({"text": "A", "body": {}}, "give one of body and text"),
        ({"text": "A", "signed": "{{id}}"}, "signed must hold"),
        ({"text": "A", "headers": {"X": "{{id}}"}}, "one must hold"),
    ],
)
def test_a_table_that_signs_nothing_is_refused(fields: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        MessageTable.model_validate({"path": "/m", "secret_env": "S", "headers": HEADERS} | fields)


# 3. Notices and addresses.

NOTICE = {"path": "/notice", "version": "3", "effective": "2026-10-01"}


@pytest.fixture(scope="module")
def pages() -> Iterator[str]:
    async def notice(_request: Request) -> Response:
        return PlainTextResponse("Notice, version 3, effective 2026-10-01.")

    async def later(_request: Request) -> Response:
        return PlainTextResponse("Notice, version 3.1, effective 2026-10-011.")

    async def hidden(_request: Request) -> Response:
        return PlainTextResponse("", 401)

    async def create(request: Request) -> Response:
        mrn = (await request.json())["mrn"]
        return JSONResponse({"id": mrn})

    async def read(request: Request) -> Response:
        mrn = request.path_params["mrn"]
        headers = {"Cache-Control": "private, No-Store", "Location": f"/charts?mrn={mrn}"}
        return JSONResponse({"mrn": mrn}, headers=headers)

    routes = [
        Route("/notice", notice),
        Route("/later", later),
        Route("/hidden", hidden),
        Route("/patients", create, methods=["POST"]),
        Route("/patients/{mrn}", read, methods=["GET", "DELETE"]),
    ]
    with serving(Starlette(routes=routes)) as base_url:
        yield base_url


@pytest.mark.parametrize(
    ("notice", "findings"),
    [
        (NOTICE, 0),
        ({**NOTICE, "document": "signed.txt"}, 0),
        ({**NOTICE, "document": "other.txt"}, 1),
        ({**NOTICE, "path": "/later"}, 2),
        ({**NOTICE, "path": "/hidden"}, 1),
        ({**NOTICE, "version": "2"}, 1),
    ],
)
def test_a_notice_must_be_the_one_that_was_signed(
    notice: dict[str, Any], findings: int, pages: str, tmp_path: Path, see: Any
) -> None:
    (tmp_path / "signed.txt").write_text("Notice, version 3, effective 2026-10-01.\n")
    (tmp_path / "other.txt").write_text("Notice, version 3, effective 2026-10-01, with more.\n")
    with premises_at(pages, tmp_path, {"traffic": {"notice": notice}}) as premises:
        seen = see("privacy_notice", premises)
    assert len(seen.findings) == findings, seen.findings
    assert (seen.status is Status.PASS) == (findings == 0)


def test_a_signed_notice_that_is_gone_is_an_error(pages: str, tmp_path: Path, see: Any) -> None:
    notice = {**NOTICE, "document": "gone.txt"}
    with premises_at(pages, tmp_path, {"traffic": {"notice": notice}}) as premises:
        seen = see("privacy_notice", premises)
    assert seen.status is Status.ERROR
    assert "[hipaa.traffic.notice] document: gone.txt" in seen.reason


def test_an_address_that_names_a_patient_is_found_and_not_repeated(
    pages: str, tmp_path: Path, see: Any
) -> None:
    own = {**PATIENTS, "create": {"path": "/patients", "body": {"mrn": "{{mrn}}"}, "answer": "id"}}
    search = {"path": "/patients/{{mrn}}", "method": "GET"}
    with premises_at(pages, tmp_path, {"patients": {**own, "search": search}}) as premises:
        seen = see("cache_control", premises)
    assert seen.status is Status.FAIL
    assert seen.findings == ["answers with an address that names the patient"] * 2
    assert "is asked with the mrn in its address" in seen.reason
