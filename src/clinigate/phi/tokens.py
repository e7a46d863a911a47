"""What stands for a value: a keyed hash, since a plain one of nine digits is undone in minutes."""

from __future__ import annotations

import os
import re
import secrets
from dataclasses import dataclass

from clinigate.errors import ConfigError
from clinigate.findings.identity import secret_token

__all__ = ["Tokens", "configured_tokens"]

_LEAST = 16


@dataclass(frozen=True, slots=True)
class Tokens:
    """Tokens under one key.

    Attributes:
        key: of 16 bytes or more.
        lasting: whether the next scan has the same key, so that a fingerprint may rest on it.
    """

    key: bytes
    lasting: bool

    def of(self, value: str) -> str:
        """Return 16 hex digits: the same for a value however it is spaced and spelled."""
        same = re.sub(r"[\W_]+", "", value.casefold()) or value
        return secret_token(same, self.key)[:16]


def configured_tokens(variable: str | None) -> Tokens:
    """Return tokens under the key in an environment variable, or under one of this scan alone.

    Raises:
        ConfigError: the variable is named, and empty or too short.
    """
    if variable is None:
        return Tokens(secrets.token_bytes(32), lasting=False)
    key = os.environ.get(variable, "").encode()
    if len(key) < _LEAST:
        raise ConfigError(
            f"[phi] key_env: {variable} has {len(key)} characters; give a key of {_LEAST} or more"
        )
    return Tokens(key, lasting=True)
