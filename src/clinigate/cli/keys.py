"""`clinigate keys`: signing keys, encrypted at rest."""

from __future__ import annotations

import json
import os
import sys
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path

import click

from clinigate.cli.options import config_option, passphrase_option
from clinigate.cli.places import bundle_path
from clinigate.config.loader import load_config
from clinigate.config.signing import KEY_SCHEMES
from clinigate.errors import KeyFileError, UsageError
from clinigate.evidence.bundle import open_bundle
from clinigate.evidence.keyless import verify_keyless
from clinigate.evidence.keys import (
    PASSPHRASE_VARIABLE,
    passphrase_from_environment,
    passphrase_from_fd,
    public_path,
    save_key,
)
from clinigate.evidence.signing import Algorithm, PublicKey, generate_signer
from clinigate.evidence.trust import load_trust
from clinigate.evidence.witness import WITNESS_ROLE
from clinigate.gate.policy import MACHINE
from clinigate.pipeline.keys import signer_at
from clinigate.reports.text import visible

__all__ = ["command", "passphrase_source", "trust_entry"]

#: What `show --unlock` has signed: no statement of anything.
_TRIAL = b"clinigate keys show --unlock"


@click.group("keys")
def command() -> None:
    """Generate and show signing keys."""


@command.command("generate")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), default=Path("keys/ci.key"),
              show_default=True, help="Where the encrypted key goes.")  # fmt: skip
@click.option("--name", default="CI", show_default=True, help="Whose key it is, for readers.")
@click.option("--role", default="machine", show_default=True, help="What its holder may state.")
@click.option("--algorithm", type=click.Choice([a.value for a in Algorithm]), default="ed25519",
              show_default=True, help="p256 where FIPS or a token asks for it.")  # fmt: skip
@passphrase_option
@click.option("--trust", type=click.Path(dir_okay=False, path_type=Path),
              help="Append the public key to this trust file.")  # fmt: skip
def generate(
    out: Path, name: str, role: str, algorithm: str, passphrase_fd: int | None, trust: Path | None
) -> None:
    """Generate a key pair. The private half is encrypted with a passphrase.

    The passphrase comes from a prompt, from --passphrase-fd or from CLINIGATE_KEY_PASSPHRASE.
    """
    # 1. Whatever could go wrong with the words and the trust file, before a key is made.
    _refuse_blank(name, "--name")
    _refuse_blank(role, "--role")
    if trust is not None:
        trust.parent.mkdir(parents=True, exist_ok=True)
        if trust.exists():
            load_trust(trust)
    # 2. The key, then its public half where it is trusted.
    signer = generate_signer(Algorithm(algorithm))
    public = save_key(signer, out, passphrase_source(passphrase_fd, confirm=True)())
    click.echo(f"private key (encrypted): {out}")
    click.echo(f"public key: {public}")
    click.echo(f"key id: {signer.keyid}")
    click.echo(f"to sign with it: {_use(out, role)}")
    entry = trust_entry(signer.public, name=name, role=role)
    if trust is None:
        click.echo(f"\nAdd this to the trust file of whoever verifies:\n\n{entry}", nl=False)
        return
    with trust.open("a", encoding="utf-8") as file:
        file.write(f"\n{entry}" if file.tell() else entry)
    click.echo(f"trusted in: {trust}")


def _use(key: Path, role: str) -> str:
    """Say what a key of this role is for: a machine seals, a witness cosigns, people sign."""
    if role == MACHINE:
        place = f'[signing] key = "file:{key}" in clinigate.toml'
        return f"{place}, and the passphrase in {PASSPHRASE_VARIABLE}"
    if role == WITNESS_ROLE:
        return f"clinigate ledger witness --state DIRECTORY --key {key}"
    return f"clinigate sign --meaning … --reason … --key {key}; the passphrase is asked for"


def _refuse_blank(text: str, option: str) -> None:
    if not text.strip():
        raise UsageError(f"{option} is blank; a trust file needs it to say whose key this is")


@command.command("show")
@click.argument("key")
@passphrase_option
@click.option("--unlock", is_flag=True,
              help="Check that the passphrase or PIN lets the private key sign.")  # fmt: skip
@click.option("--pem", is_flag=True, help="Print the public key, for whoever verifies.")
def show(key: str, passphrase_fd: int | None, unlock: bool, pem: bool) -> None:
    """Show the key id and algorithm of KEY, and its public half with --pem.

    KEY is a private key file, a public PEM, or a URI as [signing] key takes it: file:PATH,
    env:VARIABLE, hsm:ID?label=TOKEN, awskms:KEY, gcpkms:NAME, azurekms://VAULT/keys/NAME/VERSION,
    hv:NAME/VERSION.
    """
    public = _public_of(key, passphrase_fd, unlock=unlock)
    click.echo(f"{public.keyid}  {public.algorithm.value}")
    if pem:
        click.echo(public.pem.decode("ascii"), nl=False)


def _public_of(key: str, passphrase_fd: int | None, *, unlock: bool) -> PublicKey:
    scheme, colon, place = key.partition(":")
    is_file = not colon or scheme not in KEY_SCHEMES or scheme == "file"
    if is_file and not unlock:
        path = Path(place if scheme == "file" and colon else key)
        return _read_public(path if path.suffix == ".pem" else public_path(path))
    source = passphrase_source(passphrase_fd, confirm=False)
    signer = signer_at(key, base_dir=Path(), passphrase=source)
    if signer is None:
        raise KeyFileError(f"{key}: the variable is not set")
    public = PublicKey.from_spki(signer.public_key)
    if unlock and not public.verifies(signer.sign(_TRIAL), _TRIAL):
        raise KeyFileError(f"{key}: the private key is not that of its public half")
    return public


@command.command("sigstore")
@click.argument("bundle", default="last")
@config_option
@click.option("--identity", required=True, help="Who must have signed, as Sigstore names them.")
@click.option("--issuer", required=True, help="Who must have vouched for that identity (a URL).")
def sigstore(bundle: str, config: Path | None, identity: str, issuer: str) -> None:
    """Verify offline what Sigstore signed of BUNDLE, beside its seal ([signing] sigstore).

    It adds to the seal and never stands in for it: whose signature counts, the trust file says.
    """
    opened = open_bundle(bundle_path(load_config(config), bundle))
    click.echo(visible(verify_keyless(opened, identity=identity, issuer=issuer)))


def _read_public(pem: Path) -> PublicKey:
    try:
        return PublicKey.from_pem(pem.read_bytes())
    except OSError as error:
        raise KeyFileError(f"{pem}: cannot be read ({error.strerror})") from None
    except KeyFileError as error:
        raise KeyFileError(f"{pem}: {error}") from None


def passphrase_source(fd: int | None, *, confirm: bool) -> Callable[[], str]:
    """Return where a passphrase comes from: a descriptor, the environment, else a prompt."""
    if fd is not None:
        return passphrase_from_fd(fd)
    if os.environ.get(PASSPHRASE_VARIABLE):
        return passphrase_from_environment(os.environ)
    return lambda: _prompted(confirm=confirm)


def _prompted(*, confirm: bool) -> str:
    if not _has_terminal():
        raise KeyFileError(
            "no passphrase, and no terminal to ask on; "
            f"give --passphrase-fd or set {PASSPHRASE_VARIABLE}"
        )
    return str(click.prompt("Passphrase", hide_input=True, confirmation_prompt=confirm, err=True))


def _has_terminal() -> bool:
    """A prompt reads from the terminal that controls the process, whatever standard input is."""
    if sys.stdin is not None and sys.stdin.isatty():
        return True
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return False
    return True


def trust_entry(public: PublicKey, *, name: str, role: str) -> str:
    """Return a key as the `[[key]]` table of a trust file. JSON strings are TOML strings too."""
    fields = {
        "name": name,
        "role": role,
        "keyid": public.keyid,
        "public_key": b64encode(public.spki).decode("ascii"),
    }
    return "[[key]]\n" + "".join(f"{key} = {json.dumps(text)}\n" for key, text in fields.items())
