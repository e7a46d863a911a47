"""What a request for a token says: a form, and credentials in it or in a header."""

from __future__ import annotations

import base64
import binascii
from urllib.parse import parse_qs, unquote

from starlette.requests import Request

from clinigate.reference.web.problems import OAuthProblem

__all__ = ["credentials_of", "form_of"]


def form_of(body: bytes) -> dict[str, str]:
    """Read a form, each field of which stands once.

    Raises:
        OAuthProblem: it is none.
    """
    try:
        fields = parse_qs(body.decode("utf-8"), keep_blank_values=True, max_num_fields=20)
    except ValueError:
        raise OAuthProblem(400, "invalid_request", "the body is not a form in UTF-8") from None
    repeated = sorted(name for name, values in fields.items() if len(values) > 1)
    if repeated:
        raise OAuthProblem(400, "invalid_request", "a field of the form stands twice")
    return {name: values[0] for name, values in fields.items()}


def credentials_of(request: Request, form: dict[str, str]) -> tuple[str, str]:
    """Return id and secret of a client, from the header or the form.

    Raises:
        OAuthProblem: the header is malformed.
    """
    kind, _, encoded = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "basic":
        return form.get("client_id", ""), form.get("client_secret", "")
    try:
        pair = base64.b64decode(encoded, validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        raise OAuthProblem(400, "invalid_request", "the Basic credentials are malformed") from None
    client_id, _, secret = pair.partition(":")
    return unquote(client_id), unquote(secret)
