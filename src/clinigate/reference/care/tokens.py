"""What stands for a session in a request."""

from __future__ import annotations

import hashlib
import secrets

__all__ = ["Tokens"]


class Tokens:
    """Opaque tokens; a session is found by the digest of its token."""

    def make(self) -> str:
        """Return a new token."""
        return secrets.token_urlsafe(32)

    def key_of(self, token: str) -> str | None:
        """Return the key under which a session is kept; None for no token of ours."""
        return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
