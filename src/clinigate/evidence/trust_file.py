"""Changing a trust file: whole or not at all, one writer at a time, and its comments stay."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from clinigate.errors import ConfigError
from clinigate.evidence.encoding import b64
from clinigate.evidence.files import lock_file, naming, read_bytes, write_atomic
from clinigate.evidence.signing import PublicKey
from clinigate.evidence.trust import TrustedKey, TrustStore, parse_trust

__all__ = ["add_key", "ended_key", "rewriting"]

_TABLE = re.compile(r"^\s*\[\[\s*key\s*\]\]", re.MULTILINE)
_WAIT_S = 10.0

#: Takes a trust file's text and returns the new one.
Change = Callable[[str], str]


@contextmanager
def rewriting(path: Path) -> Iterator[Callable[[Change], TrustStore]]:
    """Hold a trust file alone, and give a function that changes its text.

    What the function writes was read back before: a change that would make the file unreadable
    leaves it as it was. A file that is not there is begun.

    Raises:
        ConfigError: the file is wrong, or would be after the change.
        EvidenceError: another process changes it for too long, or the disk refuses.
    """
    with naming(path.parent, "created"):
        path.parent.mkdir(parents=True, exist_ok=True)
    lock = path.with_name(f".{path.name}.lock")
    with naming(lock, "locked"), lock_file(lock, wait_s=_WAIT_S, sleep=time.sleep):

        def change(how: Change) -> TrustStore:
            before = (read_bytes(path) or b"").decode("utf-8")
            after = how(before)
            trust = parse_trust(after.encode("utf-8"), path)
            write_atomic(path, after.encode("utf-8"))
            return trust

        yield change


def add_key(
    public: PublicKey, *, name: str, role: str, not_before: datetime | None = None
) -> Change:
    """Return the change that adds a key at the end."""

    def how(text: str) -> str:
        lines = [
            "[[key]]",
            f"name = {_toml(name)}",
            f"role = {_toml(role)}",
            f'keyid = "{public.keyid}"',
            f'public_key = "{b64(public.spki)}"',
        ]
        if not_before is not None:
            lines.append(f"not_before = {_moment(not_before)}")
        gap = "" if not text else "\n" if text.endswith("\n") else "\n\n"
        return f"{text}{gap}" + "\n".join(lines) + "\n"

    return how


def ended_key(key: TrustedKey, field: str, at: datetime) -> Change:
    """Return the change that sets `not_after` or `revoked_at` of a key, and nothing else.

    An end that stands already and is earlier stays.

    Raises:
        ConfigError: the key's table cannot be told in the text (by the change itself).
    """

    def how(text: str) -> str:
        standing = getattr(key, field)
        if standing is not None and standing <= at:
            return text
        start, end = _table_of(text, key.keyid)
        table = re.sub(rf"(?m)^[ \t]*{field}[ \t]*=.*\n?", "", text[start:end])
        # Beside the keyid rather than last: what stands last may be a comment on the next key.
        told = re.sub(
            r"(?m)^([ \t]*keyid[ \t]*=.*)$", rf"\1\n{field} = {_moment(at)}", table, count=1
        )
        return f"{text[:start]}{told}{text[end:]}"

    return how


def _table_of(text: str, keyid: str) -> tuple[int, int]:
    starts = [match.start() for match in _TABLE.finditer(text)]
    for start, end in zip(starts, [*starts[1:], len(text)], strict=True):
        if re.search(rf"(?m)^[ \t]*keyid[ \t]*=[ \t]*['\"]{keyid}['\"]", text[start:end]):
            return start, end
    raise ConfigError(
        f"the table [[key]] of {keyid[:12]} cannot be found in the text of the trust file; "
        "write each key as a [[key]] with its keyid on a line of its own"
    )


def _toml(text: str) -> str:
    # JSON strings are TOML strings too, but for characters beyond U+FFFF when they are escaped.
    return json.dumps(text, ensure_ascii=False)


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
