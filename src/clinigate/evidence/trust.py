"""The keys whose signatures count. The file lives outside of every bundle.

::

    [[key]]
    name = "CI, production pipeline"
    role = "machine"
    keyid = "5b1f…"                     # SHA-256 of the DER public key
    public_key = "MCowBQYDK2VwAyEA…"    # PEM, or base64 of the DER
    not_before = 2026-01-01T00:00:00Z   # optional, as are the two below
    not_after = 2028-01-01T00:00:00Z
    revoked_at = 2026-09-01T00:00:00Z
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from clinigate.errors import ConfigError, KeyFileError
from clinigate.evidence.encoding import unb64
from clinigate.evidence.signing import PublicKey

__all__ = ["TrustStore", "TrustedKey", "load_trust", "parse_trust"]

_TEXTS = ("keyid", "public_key", "name", "role")
_TIMES = ("not_before", "not_after", "revoked_at")


@dataclass(frozen=True, slots=True)
class TrustedKey:
    """A key, whose it is, and when its signatures count.

    Attributes:
        public: the key itself.
        name: whose it is, for the reader.
        role: what its holder may state: `machine` for what a tool observed; people's roles are
            the policy's.
        not_before, not_after: it signs from the first (inclusive) to the second (exclusive).
        revoked_at: when it was lost or stolen.
    """

    public: PublicKey
    name: str
    role: str
    not_before: datetime | None = None
    not_after: datetime | None = None
    revoked_at: datetime | None = None

    @property
    def keyid(self) -> str:
        """SHA-256 of the public key in lower-case hexadecimal."""
        return self.public.keyid

    def why_not(self, time: datetime, *, proven: datetime | None = None) -> str | None:
        """Say why a signature of this key made at `time` does not count, or None if it does.

        Who stole a key can back-date what he signs: a revoked key counts for earlier times only
        where something other than the signature proves them. Its term is held against the time
        that is stated: a proof that came late takes nothing away.

        Args:
            time: when it was made, as the signer states.
            proven: not later than this it was there, by somebody else's word.
        """
        if self.not_before is not None and time < self.not_before:
            return f"key {self.name!r} is not valid before {self.not_before.isoformat()}"
        if self.not_after is not None and time >= self.not_after:
            return f"key {self.name!r} is not valid from {self.not_after.isoformat()} on"
        if self.revoked_at is None or (proven is not None and proven < self.revoked_at):
            return None
        return f"key {self.name!r} was revoked at {self.revoked_at.isoformat()}"


@dataclass(frozen=True, slots=True)
class TrustStore:
    """All keys that a verifier knows."""

    keys: tuple[TrustedKey, ...]

    def trusted_at(
        self, time: datetime, *, proven: datetime | None = None, role: str | None = None
    ) -> dict[str, PublicKey]:
        """Return the keys whose signatures of that time count, by id, as `verify_envelope` takes.

        Args:
            time: when the signature was made.
            proven: not later than this it was there, by somebody else's word.
            role: only keys of this role.
        """
        return {
            key.keyid: key.public
            for key in self.keys
            if key.why_not(time, proven=proven) is None and role in (None, key.role)
        }

    def get(self, keyid: str) -> TrustedKey | None:
        """Return the key with that id, valid or not."""
        return next((key for key in self.keys if key.keyid == keyid), None)


def load_trust(path: Path) -> TrustStore:
    """Read a trust file.

    Raises:
        ConfigError: missing, not TOML, no keys, or a key that is wrong; file and field are named.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise ConfigError(f"{path}: no such trust file") from error
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
    return parse_trust(data, path)


def parse_trust(content: bytes, path: Path) -> TrustStore:
    """Read a trust file's content; `path` is for messages. Raises as `load_trust`."""
    try:
        data = tomllib.loads(content.decode("utf-8"))
    except ValueError as error:
        raise ConfigError(f"{path}: not a readable TOML file: {error}") from error
    entries = data.pop("key", None)
    if data:
        raise ConfigError(f"{path}: unknown field {next(iter(data))!r}; keys stand under [[key]]")
    if not isinstance(entries, list) or not entries:
        raise ConfigError(f"{path}: no [[key]] in it, so that no signature could count")
    keys = tuple(_read_key(entry, f"{path}: key {i + 1}") for i, entry in enumerate(entries))
    _refuse_twice(keys, path)
    return TrustStore(keys)


def _read_key(entry: Any, where: str) -> TrustedKey:
    if not isinstance(entry, Mapping):
        raise ConfigError(f"{where}: wanted a table [[key]]")
    for field in entry:
        _refuse_unknown(field, where)
    texts = {field: _text(entry, field, where) for field in _TEXTS}
    public = _public_key(texts["public_key"], where)
    if texts["keyid"] != public.keyid:
        raise ConfigError(f"{where}: keyid is not that of public_key, which is {public.keyid}")
    times = {field: _time(entry[field], field, where) for field in _TIMES if field in entry}
    return TrustedKey(public, texts["name"], texts["role"], **times)


def _refuse_unknown(field: str, where: str) -> None:
    known = _TEXTS + _TIMES
    if field not in known:
        near = difflib.get_close_matches(field, known, 1)
        hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}"
        raise ConfigError(f"{where}: unknown field {field!r}; {hint}")


def _text(entry: Mapping[str, Any], field: str, where: str) -> str:
    value = entry.get(field)
    if not isinstance(value, str) or not value.strip():
        raise ConfigError(f"{where}: {field} is missing or no text")
    text = value.strip()
    # Names are shown on terminals and pages; a key in PEM has lines.
    if field != "public_key" and not text.isprintable():
        raise ConfigError(f"{where}: {field} has characters that do not print; write it plainly")
    return text


def _public_key(text: str, where: str) -> PublicKey:
    try:
        if text.startswith("-----BEGIN"):
            return PublicKey.from_pem(text.encode("utf-8"))
        return PublicKey.from_spki(unb64("".join(text.split())))
    except (KeyFileError, ValueError) as error:
        raise ConfigError(f"{where}: public_key: {error}") from error


def _time(value: Any, field: str, where: str) -> datetime:
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise ConfigError(f"{where}: {field} needs a time with a zone, as 2026-01-01T00:00:00Z")
    return value


def _refuse_twice(keys: tuple[TrustedKey, ...], path: Path) -> None:
    seen: set[str] = set()
    for key in keys:
        if key.keyid in seen:
            raise ConfigError(f"{path}: key {key.name!r} stands in it twice")
        seen.add(key.keyid)
