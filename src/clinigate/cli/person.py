"""Who sits there: the person whose key signs a record, and by what they are known.

21 CFR 11.200(a)(1) wants two components for the first signing of a sitting: a key file and its
passphrase, or a token and its PIN. A passphrase in the environment is known to the machine rather
than to the person, and does not count.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from clinigate.errors import ClinigateError, KeyFileError, UsageError

if TYPE_CHECKING:
    from clinigate.config.loader import LoadedConfig
    from clinigate.evidence.envelope import Signer
    from clinigate.evidence.trust import TrustedKey, TrustStore
    from clinigate.gate.records import NamedSigner

__all__ = [
    "Person",
    "named",
    "needed_trust",
    "person_at",
    "person_key_option",
    "printable",
    "signer_of_ledger",
]

person_key_option = click.option(
    "--key", "key_place", required=True, metavar="KEY",
    help="Your own key: a file of `clinigate keys generate`, or hsm:… for a token.",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Person:
    """A person whom the trust file knows, with their key unlocked.

    Attributes:
        known: whose key it is, as the trust file says.
        signer: the key.
        components: by what the person was known, for the first signing of this sitting.
    """

    known: TrustedKey
    signer: Signer
    components: tuple[str, str]

    @property
    def named(self) -> NamedSigner:
        """The person as records name signers."""
        return named(self.known)

    @property
    def title(self) -> str:
        """Name and role."""
        return f"{self.known.name} ({self.known.role})"


def named(key: TrustedKey) -> NamedSigner:
    """Return whose key it is, as records name signers."""
    from clinigate.gate.records import NamedSigner

    return NamedSigner(key.name, key.role, key.keyid)


def person_at(place: str, trust: TrustStore, *, passphrase_fd: int | None, now: datetime) -> Person:
    """Unlock a person's key.

    Args:
        place: of the key: a path, `file:PATH`, or `hsm:…`.
        trust: says whose it is.
        passphrase_fd: where passphrase or PIN are read; a prompt where it is None.
        now: the key must count at this time.

    Raises:
        UsageError: the key is a machine's or nobody's, does not count now, or needs no second
            component.
        KeyFileError: it is missing or locked.
    """
    from clinigate.evidence.witness import WITNESS_ROLE
    from clinigate.gate.policy import MACHINE
    from clinigate.pipeline.keys import has_two_components, signer_at

    if not has_two_components(place):
        raise UsageError(
            f"--key {place}: signs for whoever runs this process; a person signs with two "
            "components: a key file and its passphrase, or a token (hsm:) and its PIN"
        )
    _refuse_open_key(place)
    signer = signer_at(place, base_dir=Path.cwd(), passphrase=_secret(passphrase_fd))
    known = None if signer is None else trust.get(signer.keyid)
    if signer is None or known is None:
        raise UsageError(
            f"--key {place}: the trust file knows nobody by this key; "
            "`clinigate trust add` adds it with name and role"
        )
    if known.role in (MACHINE, WITNESS_ROLE):
        states = "what a tool observed" if known.role == MACHINE else "what it saw of the log"
        raise UsageError(
            f"--key {place}: is the {known.role} key {known.name!r}; it states {states}, "
            "and no person signs with it"
        )
    why_not = known.why_not(now)
    if why_not is not None:
        raise UsageError(f"--key {place}: {why_not}")
    token = place.startswith("hsm:")
    return Person(known, signer, ("token", "PIN") if token else ("key file", "passphrase"))


def needed_trust(loaded: LoadedConfig, given: Path | None) -> TrustStore:
    """Return the keys of `--trust` or of the configuration.

    Raises:
        UsageError: neither names a trust file. ConfigError: it is missing or wrong.
    """
    from clinigate.cli.options import trusted_keys

    trust = trusted_keys(loaded, given)
    if trust is None:
        raise UsageError(
            "no trust file says whose key it is, with printed name and role; "
            "give --trust FILE, or set [gate] trust"
        )
    return trust


def signer_of_ledger(loaded: LoadedConfig) -> Signer | None:
    """Return the machine's key for the ledger's head, where it is at hand; None elsewhere.

    An officer's laptop has none: the head is then signed with the next run.
    """
    from clinigate.pipeline.keys import configured_signer

    named = loaded.config.signing.key
    if named is not None and named.partition(":")[0] not in ("file", "env"):
        return None  # a key service is not asked for the sake of a head
    try:
        return configured_signer(loaded)
    except ClinigateError:
        return None


def printable(text: str, option: str) -> str:
    """Return a text on one line, without blanks around it.

    Raises:
        UsageError: it is empty, or has characters that draw something else on a terminal.
    """
    line = " ".join(text.split())
    if not line or not line.isprintable():
        raise UsageError(f"{option}: wanted a printable text on one line")
    return line


def _refuse_open_key(place: str) -> None:
    """A key in plain PEM is one component: whoever has the file signs."""
    if place.startswith("hsm:"):
        return
    path = Path(place.removeprefix("file:"))
    try:
        with path.open("rb") as file:
            is_pem = file.read(64).lstrip().startswith(b"-----BEGIN")
    except OSError:
        return  # who opens the key says why it cannot be
    if is_pem:
        raise KeyFileError(
            f"{path}: a PEM key is no key file of a person: whoever has the file could sign; make "
            f"one with a passphrase by `clinigate keys generate --out FILE`"
        )


def _secret(fd: int | None) -> Callable[[], str]:
    from clinigate.cli.keys import passphrase_source
    from clinigate.evidence.keys import PASSPHRASE_VARIABLE

    if fd is None and os.environ.get(PASSPHRASE_VARIABLE):
        raise UsageError(
            f"{PASSPHRASE_VARIABLE} is set: a passphrase that the machine knows is none that you "
            "give; unset it to be asked, or give --passphrase-fd"
        )
    source = passphrase_source(fd, confirm=False)

    def asked() -> str:
        try:
            return source()
        except KeyFileError as error:
            if fd is not None:
                raise
            raise KeyFileError(
                "no terminal to ask you for your passphrase or PIN; give --passphrase-fd"
            ) from error

    return asked
