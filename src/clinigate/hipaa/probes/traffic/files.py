"""Files that are sent in: harmless ones, and the same with the test file of scanners in them.

EICAR is a text of 68 characters, which makers of scanners agreed to find (eicar.org). It does
nothing. It is put together when it is needed, so that no scanner finds it in this package.
"""

from __future__ import annotations

import base64
import io
import secrets
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from clinigate.config.hipaa_traffic import UploadTable
from clinigate.hipaa.actors import as_bearer, bearer_of, filled
from clinigate.hipaa.premises import Premises
from clinigate.targets.service import Answer, Request

__all__ = ["KINDS", "Kind", "eicar", "send_file"]

_PIECES = ("X5O!P%@AP[4", "\\PZX54(P^)7CC)7}", "$EICAR-STANDARD", "-ANTIVIRUS-TEST-FILE", "!$H+H*")
_HARMLESS = b"A harmless file of a synthetic patient."


def eicar() -> bytes:
    """Return the test file."""
    return "".join(_PIECES).encode()


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of file. `made`: a file of that kind around some bytes."""

    name: str
    media_type: str
    made: Callable[[bytes], bytes]

    def harmless(self) -> bytes:
        """Return a file that must be taken in."""
        return self.made(_HARMLESS)

    def bad(self) -> bytes:
        """Return a file that must not."""
        return self.made(eicar())


def send_file(
    premises: Premises, table: UploadTable, kind: Kind, content: bytes, values: Mapping[str, Any]
) -> Answer:
    """Send a file in, as the table says.

    Raises:
        ConfigError: the table has a placeholder that nobody fills, or its role cannot log in.
        TargetError: no answer.
    """
    service = premises.service
    assert service is not None
    known = {
        **values,
        "name": kind.name,
        "media_type": kind.media_type,
        "base64": base64.b64encode(content).decode(),
    }
    request = _packed(filled(table, known), table, kind, content, known)
    if table.role is None:
        return service.send(request)
    return service.send_as(request, as_bearer(bearer_of(premises, table.role)))


def _packed(
    request: Request, table: UploadTable, kind: Kind, content: bytes, known: Mapping[str, Any]
) -> Request:
    if table.sent_as == "json":
        return request
    if table.sent_as == "bytes":
        headers = {**request.headers, "Content-Type": kind.media_type}
        return replace(request, body=None, raw=content, headers=headers)
    form = filled(table.model_copy(update={"body": dict(table.form)}), known).body
    boundary = f"clinigate-{secrets.token_hex(12)}"
    headers = {**request.headers, "Content-Type": f"multipart/form-data; boundary={boundary}"}
    raw = _form(boundary, form, table.part, kind, content)
    return replace(request, body=None, raw=raw, headers=headers)


def _form(boundary: str, form: Mapping[str, Any], part: str, kind: Kind, content: bytes) -> bytes:
    """Return a form with a file in it: RFC 7578."""
    said = b""
    for name, value in form.items():
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'
        said += f"{head}{value}\r\n".encode()
    head = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="{part}"; filename="{kind.name}"\r\n'
        f"Content-Type: {kind.media_type}\r\n\r\n"
    )
    return said + head.encode() + content + f"\r\n--{boundary}--\r\n".encode()


def _zipped(content: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("letter.txt", content)
    return packed.getvalue()


def _in_pdf(content: bytes) -> bytes:
    """Return a PDF with an attachment (ISO 32000-1, 7.11.4), compressed as writers do it."""
    packed = zlib.compress(content)
    objects = (
        b"<</Type/Catalog/Pages 2 0 R/Names<</EmbeddedFiles<</Names[(letter.txt)4 0 R]>>>>>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 72 72]>>",
        b"<</Type/Filespec/F(letter.txt)/EF<</F 5 0 R>>>>",
        b"<</Type/EmbeddedFile/Filter/FlateDecode/Length %d>>\nstream\n%b\nendstream"
        % (len(packed), packed),
    )
    said, places = b"%PDF-1.7\n", []
    for number, each in enumerate(objects, start=1):
        places.append(len(said))
        said += b"%d 0 obj\n%b\nendobj\n" % (number, each)
    start = len(said)
    said += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    said += b"".join(b"%010d 00000 n \n" % place for place in places)
    said += b"trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n" % (len(objects) + 1, start)
    return said + b"%%EOF\n"


KINDS: Mapping[str, Kind] = MappingProxyType({
    "plain": Kind("letter.txt", "text/plain", lambda content: content),
    "in a ZIP": Kind("letters.zip", "application/zip", _zipped),
    "in a PDF": Kind("letter.pdf", "application/pdf", _in_pdf),
})  # fmt: skip
"""What is sent in, by how the file lies in it."""
