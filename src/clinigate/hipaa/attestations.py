"""Dated attestations: what people say of safeguards that no program can see.

`hipaa-attestations.toml`, or whatever `[hipaa] attestations` names, one table for each:

    trust = "trust.toml"          # the keys whose signatures count
    records = ["attestations"]    # folders of further ones, each a page of Markdown or YAML

    [[attestation]]
    control = "164.308(a)(2)"
    statement = "Our security official is named in the staff register."
    attested_by = { name = "…", role = "…" }
    date = 2026-11-01
    valid_until = 2027-10-31
    document = "policies/security-official.pdf"
    sha256 = "…"

A word that nobody signed is a gap, unless `unsigned` says why unsigned ones count. Signatures lie
in a folder beside the file (`signatures`); `clinigate attest` writes them.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import Field

from clinigate.config.table import Table
from clinigate.config.validation import read_toml, validate
from clinigate.controls import load_catalogue
from clinigate.core.canonical import canonical_bytes, sha256_hex
from clinigate.errors import ConfigError
from clinigate.evidence.trust import TrustStore, load_trust
from clinigate.hipaa.attested_words import LONGEST_DAYS, Attestation
from clinigate.hipaa.pages import pages_in
from clinigate.hipaa.signatures import unsigned_because

__all__ = [
    "LONGEST_DAYS",
    "Attestation",
    "Book",
    "Signable",
    "State",
    "read_attestations",
    "read_book",
]


class _File(Table):
    trust: str | None = Field(default=None, min_length=1)
    records: list[str] = Field(default=[])
    unsigned: str | None = Field(default=None, min_length=10)
    attestation: list[Attestation] = Field(default=[])


@dataclass(frozen=True, slots=True)
class Signable:
    """One attestation, and what is signed of it.

    Attributes:
        digest: `sha256:…` of the page that it is, or of its table as canonical JSON.
        place: the file that it stands in; its document is relative to that.
    """

    entry: Attestation
    digest: str
    place: Path


@dataclass(frozen=True, slots=True)
class State:
    """What an attestation is worth today.

    Attributes:
        open_reason: why it shows nothing, if it does not. broken: what is wrong with it, if
            something is. remark: what the reader must know of it.
    """

    open_reason: str | None = None
    broken: str | None = None
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Book:
    """All that people attest.

    Attributes:
        file: of the configuration. words: each clause once.
        trust: the keys whose signatures count; None where the file names none.
        unsigned: why words count that nobody signed; None where they do not.
    """

    file: Path
    words: tuple[Signable, ...] = ()
    trust: TrustStore | None = None
    unsigned: str | None = None

    def get(self, control: str) -> Signable | None:
        """Return what is attested of a clause."""
        return next((each for each in self.words if each.entry.control == control), None)

    def state_of(self, control: str, *, today: dt.date) -> State:
        """Say what the attestation of a clause is worth today."""
        word = self.get(control)
        if word is None:
            title = load_catalogue().get(control).title
            return State(
                f"nobody attests {control} ({title}); write into {self.file.name} an "
                "[[attestation]] with control, statement, attested_by, date and valid_until"
            )
        entry = word.entry
        if entry.date > today:
            return State(f"the attestation of {control} is dated {entry.date}, in the future")
        if entry.valid_until < today:
            return State(
                f"the attestation of {control} is stale since {entry.valid_until}; have it made "
                "again"
            )
        lacking = unsigned_because(word.entry, word.digest, file=self.file, trust=self.trust)
        if lacking is not None and self.unsigned is None:
            return State(lacking)
        remarks = [] if lacking is None else [f"{control}: unsigned; {self.unsigned}"]
        if entry.decision is not None:
            remarks.append(f"{control}: not implemented, by decision: {entry.decision.measure}")
        return State(broken=_document_trouble(word), remark="; ".join(remarks))


def read_book(path: Path) -> Book:
    """Read the file and the pages that it names; nothing is attested where there is no file.

    Raises:
        ConfigError: something is malformed or missing, names an unknown control, or one twice.
    """
    if not path.exists():
        return Book(path)
    read = validate(_File, read_toml(path, ConfigError), file=path.name, error=ConfigError)
    words = [Signable(each, _digest(each), path) for each in read.attestation]
    for folder in read.records:
        for page, entry, digest in pages_in(path.parent / folder):
            words.append(Signable(entry, digest, page))
    _refuse_twice(words, path)
    trust = None if read.trust is None else load_trust(path.parent / read.trust)
    return Book(path, tuple(words), trust, read.unsigned)


def read_attestations(path: Path) -> tuple[Attestation, ...]:
    """Return what is attested; raises as `read_book`."""
    return tuple(each.entry for each in read_book(path).words)


def _digest(entry: Attestation) -> str:
    """Digest of a table: only of what is written there, so that a new default changes none."""
    plain: Mapping[str, object] = entry.model_dump(mode="json", exclude_unset=True)
    return f"sha256:{sha256_hex(canonical_bytes(plain))}"


def _refuse_twice(words: Sequence[Signable], path: Path) -> None:
    seen: set[str] = set()
    for each in words:
        if each.entry.control in seen:
            raise ConfigError(
                f"{path.name}: control {each.entry.control} is attested twice; keep the newer one"
            )
        seen.add(each.entry.control)


def _document_trouble(word: Signable) -> str | None:
    entry = word.entry
    if entry.document is None:
        return None
    try:
        content = (word.place.parent / entry.document).read_bytes()
    except OSError:
        return f"the document {entry.document}, which it rests on, cannot be read"
    if entry.sha256 not in (None, hashlib.sha256(content).hexdigest()):
        return (
            f"the document {entry.document} is not the one that was attested: its digest has "
            "changed"
        )
    return None
