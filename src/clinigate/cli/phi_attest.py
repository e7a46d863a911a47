"""`clinigate phi attest`: sign what no scan of a dataset can see."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from clinigate.cli.exits import ExitCode
from clinigate.cli.keys import passphrase_source
from clinigate.cli.options import config_option, passphrase_option, trust_option, trusted_keys
from clinigate.cli.phi_attestations import CLAUSES, subject_of
from clinigate.errors import EvidenceError, UsageError

__all__ = ["command"]

#: Nobody attests anything for longer.
_LONGEST = timedelta(days=366)


@click.command("attest")
@click.argument("dataset", type=click.Path(exists=True, path_type=Path))
@click.option("--clause", type=click.Choice(CLAUSES), required=True,
              help="What is attested: no biometrics (P), no photographs (Q), no actual knowledge, "
              "codes that are not derived.")  # fmt: skip
@click.option("--reason", required=True, help="What was looked at, and how, in a sentence.")
@click.option("--document", type=click.Path(exists=True, dir_okay=False, path_type=Path),
              required=True, help="What it rests on; its digest is signed.")  # fmt: skip
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), required=True,
              help="The day on which it goes stale, a year ahead at most.")  # fmt: skip
@click.option("--key", type=click.Path(dir_okay=False, path_type=Path), required=True,
              help="The person's private key (`clinigate keys generate`).")  # fmt: skip
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), required=True,
              help="The file to write.")  # fmt: skip
@trust_option
@passphrase_option
@config_option
def command(
    dataset: Path,
    clause: str,
    reason: str,
    document: Path,
    until: datetime,
    key: Path,
    out: Path,
    trust: Path | None,
    passphrase_fd: int | None,
    config: Path | None,
) -> int:
    """Sign that a clause of 45 CFR 164.514 holds for the bytes of DATASET.

    Who signs is who the trust file says that the key is; a machine's key signs nothing here.
    """
    from hashlib import sha256

    from clinigate.config.loader import load_config
    from clinigate.core.canonical import canonical_bytes
    from clinigate.evidence.keys import load_key
    from clinigate.evidence.times import system_clock, timestamp
    from clinigate.gate.record_files import sign_record
    from clinigate.gate.record_terms import Attestation
    from clinigate.gate.records import NamedSigner, Record

    now, stale = system_clock(), until.replace(tzinfo=UTC)
    if not now < stale <= now + _LONGEST:
        raise UsageError("--until has passed, or is more than a year ahead")
    if out.exists():
        raise UsageError(f"{out} exists; choose another name, or remove it first")
    store = trusted_keys(load_config(config), trust)
    signer = load_key(key, passphrase_source(passphrase_fd, confirm=False))
    known = None if store is None else store.get(signer.keyid)
    if known is None or known.role == "machine":
        raise UsageError(f"{key}: the trust file knows it as no person's; give --trust")
    record = Record(
        subject=subject_of(dataset),
        signers=(NamedSigner(known.name, known.role, known.keyid),),
        reason=reason,
        issued=timestamp(now),
        terms=Attestation(
            clause, f"sha256:{sha256(document.read_bytes()).hexdigest()}", timestamp(stale)
        ),
    )
    try:
        out.write_bytes(canonical_bytes(sign_record(record, [signer])))
    except OSError as problem:
        raise EvidenceError(f"{out}: cannot be written ({problem.strerror})") from None
    click.echo(f"{out}: {known.name} ({known.role}) attests {clause} until {until:%Y-%m-%d}")
    return ExitCode.OK
