"""Messages of partners: signed, timely, and each taken once.

The signature is that of Standard Webhooks: an HMAC-SHA256 of id, time and body.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping

from clinigate.reference.records.sealing import Sealer

__all__ = ["WINDOW_S", "Messages", "message_secret"]

WINDOW_S = 300.0
"""For how long a message is good, before and after its time."""


def message_secret(sealer: Sealer) -> str:
    """Return the secret that a partner signs with: whoever knows the key of the store has it."""
    return sealer.name_of(b"messages of partners")


class Messages:
    """What came in lately."""

    def __init__(self, secret: str, *, clock: Callable[[], float]) -> None:
        self._secret = secret.encode()
        self._clock = clock
        self._seen: dict[str, float] = {}

    def trouble(self, headers: Mapping[str, str], body: bytes) -> str | None:
        """Say what is wrong with a message, if something is: signature or time."""
        name, sent_at = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
        signed = f"{name}.{sent_at}.".encode() + body
        digest = hmac.new(self._secret, signed, hashlib.sha256).digest()
        right = f"v1,{base64.b64encode(digest).decode()}".encode()
        if not hmac.compare_digest(right, headers.get("webhook-signature", "").encode()):
            return "the signature is missing or wrong"
        if not sent_at.isdecimal() or abs(self._clock() - int(sent_at)) > WINDOW_S:
            return "the message is too old, or of the future"
        return None

    def is_new(self, name: str) -> bool:
        """Whether a message was not heard before; it is known from now on."""
        now = self._clock()
        self._seen = {each: at for each, at in self._seen.items() if now - at < 2 * WINDOW_S}
        if name in self._seen:
            return False
        self._seen[name] = now
        return True
