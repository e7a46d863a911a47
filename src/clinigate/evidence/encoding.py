"""Base64 with exactly one spelling for each value."""

from __future__ import annotations

import base64
import binascii

__all__ = ["b64", "unb64"]


def b64(data: bytes) -> str:
    """Return `data` in standard base64 (RFC 4648 section 4)."""
    return base64.b64encode(data).decode("ascii")


def unb64(text: str) -> bytes:
    """Decode standard base64, refusing every spelling but the canonical one.

    Lenient decoders ignore foreign characters and unused trailing bits, so that an edited
    signature would still verify.

    Raises:
        ValueError: not canonical base64.
    """
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError("not base64") from error
    if b64(data) != text:
        raise ValueError("not canonical base64")
    return data
