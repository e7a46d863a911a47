"""The identity of a finding: the same one after lines were inserted above it, or code reformatted.

It is made of the rule, the path and the text of the place, never of a line number. What is equal in
all of these is told apart by its order in the file.
"""

from __future__ import annotations

import hashlib
import hmac
from collections import Counter

from clinigate.core.canonical import canonical_bytes, sha256_hex

__all__ = ["Fingerprints", "fingerprint", "secret_token"]

_VERSION = "clinigate.fingerprint/1"


def fingerprint(
    rule: str, uri: str, *, symbol: str | None = None, snippet: str = "", occurrence: int = 0
) -> str:
    """Return a finding's identity, 32 hex digits.

    Args:
        rule: the rule's id.
        uri: where, as in `Place.uri`.
        symbol: the function, resource or field that holds it.
        snippet: text of the place; how it is spaced does not matter. Never a secret or what a
            patient said: a short one is guessed from its hash (use `secret_token`).
        occurrence: 0 for the first one in the file that is equal in all of the above, then 1, ...
    """
    parts = [_VERSION, rule, uri, symbol or "", " ".join(snippet.split()), occurrence]
    # Names of files need not be UTF-8; what is not becomes an escape, the same one each time.
    clean = [_encodable(part) if isinstance(part, str) else part for part in parts]
    return sha256_hex(canonical_bytes(clean))[:32]


class Fingerprints:
    """Gives out the identities of one scan: call it in the order of the file."""

    def __init__(self) -> None:
        self._seen: Counter[str] = Counter()

    def of(self, rule: str, uri: str, *, symbol: str | None = None, snippet: str = "") -> str:
        """Return the next identity of this rule at this text. Arguments as `fingerprint`."""
        first = fingerprint(rule, uri, symbol=symbol, snippet=snippet)
        occurrence = self._seen[first]
        self._seen[first] += 1
        if not occurrence:
            return first
        return fingerprint(rule, uri, symbol=symbol, snippet=snippet, occurrence=occurrence)


def secret_token(text: str, key: bytes | None) -> str:
    """Return what stands for a secret in a fingerprint: its HMAC under a key, or nothing.

    With a key a secret that is exchanged for another becomes another finding, so that who accepted
    a harmless one has not accepted the next. Without a key the place alone identifies it: a plain
    hash of a password is undone by trying passwords.

    Args:
        text: the secret, or the line that holds it.
        key: of all who share acceptances; kept out of the repository.
    """
    if key is None:
        return ""
    return hmac.new(key, text.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()


def _encodable(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
