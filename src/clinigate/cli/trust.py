"""`clinigate trust`: whose signatures count, and since when they do not."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from clinigate.cli.exits import ExitCode
from clinigate.cli.options import config_option, passphrase_option, trust_option
from clinigate.cli.person import printable, signer_of_ledger
from clinigate.cli.troubles import complain
from clinigate.errors import UsageError

if TYPE_CHECKING:
    from clinigate.config.loader import LoadedConfig
    from clinigate.evidence.envelope import Signer
    from clinigate.evidence.key_changes import KeyChange
    from clinigate.evidence.trust import TrustedKey, TrustStore

__all__ = ["command"]

#: A key whose end is that near is told.
_SOON = timedelta(days=30)

_key_option = click.option("--key", "key_place", required=True, metavar="KEY",
                           help="Private key: a path, file:, env:, hsm:, …")  # fmt: skip


@click.group("trust")
def command() -> None:
    """The keys that count: show, add, rotate, revoke, sign, check."""


@command.command("show")
@trust_option
@config_option
def show(trust: Path | None, config: Path | None) -> int:
    """Show whose keys count now, and what became of the others."""
    from clinigate.config.loader import load_config
    from clinigate.evidence.times import system_clock
    from clinigate.evidence.trust import load_trust
    from clinigate.reports.text import visible

    now = system_clock()
    for key in load_trust(_trust_path(load_config(config), trust)).keys:
        state = key.why_not(now) or "counts" + _until(key, now)
        line = f"{key.keyid[:16]}  {key.public.algorithm.value:<8} {key.name} ({key.role}): {state}"
        click.echo(visible(line))
    return ExitCode.OK


@command.command("add")
@click.argument("public", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--name", required=True, help="Printed name, as signatures show it.")
@click.option("--role", required=True, help="What the holder may state; machine for a tool.")
@trust_option
@config_option
def add(public: Path, name: str, role: str, trust: Path | None, config: Path | None) -> int:
    """Trust the key in PUBLIC, a PEM file, under a name and a role."""
    from clinigate.config.loader import load_config
    from clinigate.evidence.signing import PublicKey
    from clinigate.evidence.trust_file import add_key, rewriting

    path = _trust_path(load_config(config), trust)
    key = PublicKey.from_pem(public.read_bytes())
    name, role = printable(name, "--name"), printable(role, "--role")
    with rewriting(path) as change:
        change(add_key(key, name=name, role=role))
    click.echo(f"{path}: {name} ({role}), key {key.keyid}")
    return ExitCode.OK


@command.command("rotate")
@_key_option
@click.option("--new-key", required=True, metavar="KEY", help="The key that takes its place.")
@click.option("--reason", required=True, help="Why, in a sentence.")
@click.option("--new-passphrase-fd", type=int, help="Read the new key's passphrase from here.")
@passphrase_option
@trust_option
@config_option
def rotate(
    key_place: str,
    new_key: str,
    reason: str,
    new_passphrase_fd: int | None,
    passphrase_fd: int | None,
    trust: Path | None,
    config: Path | None,
) -> int:
    """Replace a key by a new one of the same person or machine, from now on.

    Both keys sign the record `key-rotated` of the ledger. What the old one has signed goes on to
    count; what it signs from now on does not.
    """
    from clinigate.config.loader import load_config
    from clinigate.evidence.key_changes import ROTATED, KeyChange
    from clinigate.evidence.signing import PublicKey
    from clinigate.evidence.times import system_clock
    from clinigate.evidence.trust import load_trust
    from clinigate.evidence.trust_file import add_key, ended_key, rewriting

    loaded, now = load_config(config), system_clock()
    path = _trust_path(loaded, trust)
    old, new = _signer(key_place, passphrase_fd), _signer(new_key, new_passphrase_fd)
    with rewriting(path) as change:
        store = load_trust(path)
        known = _counting(store, old, key_place, now)
        if store.get(new.keyid) is not None:
            raise UsageError(
                f"--new-key {new_key}: the trust file knows it already; make a new one"
            )
        successor = PublicKey.from_spki(new.public_key)
        told = KeyChange(
            ROTATED, known.keyid, known.name, known.role, now, printable(reason, "--reason"),
            by=known.keyid, successor=successor,
        )  # fmt: skip
        # The ledger first: a change of trust that nobody signed is none.
        _announce(loaded, told, (old, new))
        add = add_key(successor, name=known.name, role=known.role, not_before=now)
        change(lambda text: add(ended_key(known, "not_after", now)(text)))
    click.echo(f"{path}: {known.name} ({known.role}) signs with {new.keyid} from now on")
    return ExitCode.OK


@command.command("revoke")
@click.argument("who")
@_key_option
@click.option("--reason", required=True, help="Why, in a sentence.")
@click.option("--since", type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"]),
              help="When it was lost, in UTC (default: now).")  # fmt: skip
@passphrase_option
@trust_option
@config_option
def revoke(
    who: str,
    key_place: str,
    reason: str,
    since: datetime | None,
    passphrase_fd: int | None,
    trust: Path | None,
    config: Path | None,
) -> int:
    """Revoke the key of WHO (a name, or the beginning of a key's id) as lost or stolen.

    --key is the key itself, where it is still at hand, or that of a person whom the trust file
    knows. What the lost key signed counts no longer, unless somebody else proves that it was
    earlier.
    """
    from clinigate.config.loader import load_config
    from clinigate.evidence.key_changes import REVOKED, KeyChange
    from clinigate.evidence.times import system_clock
    from clinigate.evidence.trust import load_trust
    from clinigate.evidence.trust_file import ended_key, rewriting
    from clinigate.evidence.witness import WITNESS_ROLE

    loaded, now = load_config(config), system_clock()
    path = _trust_path(loaded, trust)
    at = now if since is None else since.replace(tzinfo=UTC)
    if at > now:
        raise UsageError(f"--since {at.isoformat()}: lies ahead; a key is revoked when it is lost")
    signer = _signer(key_place, passphrase_fd)
    with rewriting(path) as change:
        store = load_trust(path)
        lost = _one_key(store, who)
        by = _counting(store, signer, key_place, now)
        if by.keyid != lost.keyid and by.role in ("machine", WITNESS_ROLE):
            raise UsageError(f"--key {key_place}: is a {by.role}'s; a person revokes other keys")
        told = KeyChange(
            REVOKED, lost.keyid, lost.name, lost.role, at, printable(reason, "--reason"),
            by=by.keyid,
        )  # fmt: skip
        _announce(loaded, told, (signer,))
        change(ended_key(lost, "revoked_at", at))
    click.echo(f"{path}: key {lost.keyid[:16]} of {lost.name} is revoked since {at.isoformat()}")
    return ExitCode.OK


@command.command("sign")
@_key_option
@passphrase_option
@trust_option
@config_option
def sign(key_place: str, passphrase_fd: int | None, trust: Path | None, config: Path | None) -> int:
    """Sign the trust file as it is now with the root key, which is kept offline.

    The signature lies beside it, as trust.toml.dsse.json; `trust check --root PEM` looks at it.
    """
    from clinigate.config.loader import load_config
    from clinigate.evidence.trust import load_trust
    from clinigate.evidence.trust_root import sign_trust_file

    path = _trust_path(load_config(config), trust)
    root = _signer(key_place, passphrase_fd)
    if load_trust(path).get(root.keyid) is not None:
        raise UsageError(
            f"--key {key_place}: stands in the trust file itself; the root says who stands there, "
            "and is a key of its own"
        )
    click.echo(f"{sign_trust_file(path, root)}: signed by the root {root.keyid}")
    return ExitCode.OK


@command.command("check")
@click.option("--root", type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="Public key (PEM) of the root that must have signed the file.")  # fmt: skip
@trust_option
@config_option
def check(root: Path | None, trust: Path | None, config: Path | None) -> int:
    """Compare the trust file with what the ledger says of rotations and revocations.

    Exit codes: 0 they agree; 1 the trust file lets a key count that the ledger says is none;
    3 a record of the ledger is not signed by whom it needs, or the trust file not by the root.
    """
    from clinigate.config.loader import load_config
    from clinigate.evidence.key_changes import disagreements, read_changes
    from clinigate.evidence.ledger import read_ledger
    from clinigate.evidence.signing import PublicKey
    from clinigate.evidence.times import system_clock
    from clinigate.evidence.trust import load_trust
    from clinigate.evidence.trust_root import check_trust_file
    from clinigate.reports.text import visible

    loaded = load_config(config)
    path, now = _trust_path(loaded, trust), system_clock()
    store = load_trust(path)
    if root is not None:
        check_trust_file(path, PublicKey.from_pem(root.read_bytes()))
    changes = read_changes(read_ledger(loaded.root / "ledger").chain.records, store)
    found = list(disagreements(changes, store))
    for line in (*found, *_remarks(store, now)):
        click.echo(visible(f"  {line}"))
    if found:
        more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
        return complain(f"{path}: {found[0]}{more}", ExitCode.NOT_PASSED)
    click.echo(f"{path}: {len(store.keys)} keys, {len(changes)} changes in the ledger; they agree")
    return ExitCode.OK


def _trust_path(loaded: LoadedConfig, given: Path | None) -> Path:
    if given is not None:
        return given
    named = loaded.config.gate.trust
    if named is None:
        raise UsageError("no trust file is named; give --trust FILE, or set [gate] trust")
    return Path(loaded.base_dir / named)


def _signer(place: str, fd: int | None) -> Signer:
    from clinigate.cli.keys import passphrase_source
    from clinigate.pipeline.keys import signer_at

    secret = passphrase_source(fd, confirm=False)
    signer = signer_at(place, base_dir=Path.cwd(), passphrase=secret)
    if signer is None:
        raise UsageError(f"{place}: the variable is not set")
    return signer


def _counting(trust: TrustStore, signer: Signer, place: str, now: datetime) -> TrustedKey:
    """Return whose key it is; it must count now."""
    known = trust.get(signer.keyid)
    if known is None:
        raise UsageError(f"--key {place}: the trust file knows nobody by this key")
    why_not = known.why_not(now)
    if why_not is not None:
        raise UsageError(f"--key {place}: {why_not}")
    return known


def _one_key(trust: TrustStore, who: str) -> TrustedKey:
    from clinigate.gate.record_terms import folded

    found = [key for key in trust.keys if folded(key.name) == folded(who)]
    if not found and len(who) >= 8:
        found = [key for key in trust.keys if key.keyid.startswith(who.lower())]
    if len(found) != 1:
        told = ", ".join(f"{key.keyid[:12]} ({key.name})" for key in found or trust.keys)
        many = "several keys" if found else "no key"
        raise UsageError(f"{who!r} names {many} of the trust file; name one of {told}")
    return found[0]


def _announce(loaded: LoadedConfig, change: KeyChange, signers: Sequence[Signer]) -> None:
    from clinigate.evidence.key_changes import signed_change
    from clinigate.evidence.ledger import Ledger

    Ledger(loaded.root / "ledger", signer=signer_of_ledger(loaded)).append(
        change.action, run=None, body=signed_change(change, signers)
    )


def _until(key: TrustedKey, now: datetime) -> str:
    if key.not_after is None:
        return ""
    soon = "; replace it soon" if key.not_after - now < _SOON else ""
    return f" until {key.not_after.isoformat(timespec='seconds')}{soon}"


def _remarks(trust: TrustStore, now: datetime) -> list[str]:
    """What a keeper of the file should know although nothing is wrong."""
    from clinigate.gate.record_terms import folded

    remarks: list[str] = []
    spelled: dict[str, str] = {}
    for key in trust.keys:
        other = spelled.setdefault(folded(key.name), key.name)
        if other != key.name:
            remarks.append(f"{other!r} and {key.name!r} count as one person")
        if key.why_not(now) is None and key.not_after and key.not_after - now < _SOON:
            remarks.append(f"key {key.keyid[:12]} of {key.name} counts{_until(key, now)}")
    return remarks
