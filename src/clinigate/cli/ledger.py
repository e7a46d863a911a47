"""`clinigate ledger`: the log of all runs, its proofs, and who witnesses it."""

from __future__ import annotations

from pathlib import Path

import click

from clinigate.cli.exits import ExitCode
from clinigate.cli.keys import passphrase_source
from clinigate.cli.ledger_shown import log_plain, log_text
from clinigate.cli.options import config_option, passphrase_option, trust_option, trusted_keys
from clinigate.cli.places import LAST
from clinigate.cli.troubles import complain
from clinigate.config.loader import load_config
from clinigate.core.canonical import canonical_text
from clinigate.errors import IntegrityError, UsageError
from clinigate.evidence.checkpoint import Checkpoint, parse_checkpoint, verify_checkpoint
from clinigate.evidence.cosignature import cosignatures, cosigner_vkey
from clinigate.evidence.files import write_atomic
from clinigate.evidence.ledger import read_ledger
from clinigate.evidence.ledger_check import check_ledger
from clinigate.evidence.ledger_proofs import prove_growth, prove_seal
from clinigate.evidence.runs import RunStore
from clinigate.evidence.times import timestamp
from clinigate.evidence.trust import TrustStore
from clinigate.evidence.witness import log_keys, witness_keys
from clinigate.evidence.witnessing import Witness, Witnessed, witness_log
from clinigate.pipeline.keys import signer_at
from clinigate.reports.text import visible

__all__ = ["command"]

_file = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group("ledger")
def command() -> None:
    """Show the log of all runs, prove what stands in it, and witness that it only grows."""


@command.command("log")
@config_option
@click.option("--json", "as_json", is_flag=True, help="Print runs and records as JSON.")
def log(config: Path | None, as_json: bool) -> None:
    """List every run that ever began, those that never finished too, and what happened to it."""
    view = read_ledger(load_config(config).root / "ledger")
    click.echo(canonical_text(log_plain(view)) if as_json else visible(log_text(view)))


@command.command("prove")
@click.argument("run", default=LAST)
@config_option
@click.option("--since", type=_file,
              help="Prove instead that the log only grew since this checkpoint.")  # fmt: skip
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path),
              help="Where to write it (default: RUN.tlog-proof, or log.growth).")  # fmt: skip
def prove(run: str, config: Path | None, since: Path | None, out: Path | None) -> None:
    """Write the proof that the seal of RUN (an id, or `last`) stands in the log as it is now.

    The file is a c2sp.org/tlog-proof; with --since it is the proof of growth that witnesses of
    c2sp.org/tlog-witness take.
    """
    root = load_config(config).root
    view = read_ledger(root / "ledger")
    if since is not None:
        growth = prove_growth(view, _read_checkpoint(since))
        place = out or Path("log.growth")
        write_atomic(place, growth.to_bytes())
        click.echo(f"proof: {place}: from {growth.old_size} to {growth.head.size} records")
        return
    named = _last_sealed(root) if run == LAST else run
    proof = prove_seal(view, named)
    place = out or Path(f"{named}.tlog-proof")
    write_atomic(place, proof.to_bytes())
    click.echo(f"proof: {place}: record {proof.index} of {proof.checkpoint.size}")


@command.command("witness")
@config_option
@trust_option
@click.option("--state", required=True, type=click.Path(file_okay=False, path_type=Path),
              help="Folder, on the witness's own machine, for what was seen.")  # fmt: skip
@click.option("--key", required=True,
              help="The witness's Ed25519 key, which signs nothing else: a file, or a place as in "
              "[signing] key.")  # fmt: skip
@click.option("--name", help="As it stands in the cosignature, as example.org/compliance "
              "(default: from the key's id).")  # fmt: skip
@click.option("--new-log", is_flag=True, help="Another system's log, never seen before, is meant.")
@passphrase_option
def witness(
    *,
    config: Path | None,
    trust: Path | None,
    state: Path,
    key: str,
    name: str | None,
    new_log: bool,
    passphrase_fd: int | None,
) -> None:
    """Look at the log on a machine of one's own, and cosign that it only grew since the last look.

    A log that was rolled back or forked is refused, and nothing is written. Run it regularly, for
    instance once a day: what was sealed since the last look has its time proven from then on.
    """
    loaded = load_config(config)
    keys = trusted_keys(loaded, trust)
    if keys is None:
        raise UsageError("which keys may sign the log? give --trust FILE, or set [gate] trust")
    source = passphrase_source(passphrase_fd, confirm=False)
    signer = signer_at(key, base_dir=Path.cwd(), passphrase=source)
    if signer is None:
        raise UsageError(f"--key {key}: the variable is not set, so that there is no key")
    who = Witness(name or f"clinigate.dev/witness/{signer.keyid[:16]}", signer, state, keys)
    vkey = cosigner_vkey(who.name, signer.public_key)
    done = witness_log(loaded.root, who, new_log=new_log)
    click.echo(visible(_witnessed(done, vkey)))
    if keys.get(signer.keyid) is None:
        click.echo(
            "its key is in no trust file yet: verifiers count it once it stands in theirs, with "
            'role = "witness"'
        )
    if done.odd:
        raise IntegrityError("; ".join(done.odd))


@command.command("check")
@config_option
@trust_option
@click.option("--checkpoint", type=_file, help="A checkpoint of the log that was kept elsewhere.")
def check(config: Path | None, trust: Path | None, checkpoint: Path | None) -> int:
    """Hold the log against every head of it that somebody remembers.

    Exit codes: 0 it only grew, and its head is signed by a key that counts; 1 no key that counts
    signed it; 3 it was edited, rolled back or forked.
    """
    loaded = load_config(config)
    keys = trusted_keys(loaded, trust)
    kept = None if checkpoint is None else _kept(checkpoint, keys)
    found = check_ledger(loaded.root, keys, kept)
    lines = [
        f"{found.view.chain.origin}: {len(found.view.chain.leaves)} records",
        *found.seen,
        *found.notes,
    ]
    click.echo(visible("\n".join(lines)))
    for problem in found.problems[1:]:
        complain(problem, ExitCode.INTEGRITY)
    if found.problems:
        return complain(found.problems[0], ExitCode.INTEGRITY)
    if not found.signed:
        said = "no key that counts was seen to sign the log's head; give --trust FILE"
        return complain(said, ExitCode.NOT_PASSED)
    return ExitCode.OK


def _last_sealed(root: Path) -> str:
    sealed = [each.run for each in RunStore(root).history() if each.sealed_at is not None]
    if not sealed:
        raise UsageError(f"{root}: no run was sealed here yet")
    return sealed[-1]


def _read_checkpoint(path: Path) -> Checkpoint:
    try:
        return parse_checkpoint(path.read_bytes())
    except IntegrityError as error:
        raise IntegrityError(f"{path}: {error}") from error


def _kept(path: Path, trust: TrustStore | None) -> Checkpoint:
    """A checkpoint that was kept, if it is one of this log's at all: else anybody's would do."""
    seen = _read_checkpoint(path)
    if trust is None:
        return seen
    own = {key.keyid: key.public for key in log_keys(trust)}
    others = [key.public for key in witness_keys(trust)]
    if not verify_checkpoint(seen, own) and not cosignatures(seen, others):
        raise IntegrityError(f"{path}: signed by no key of the trust file")
    return seen


def _witnessed(done: Witnessed, vkey: str) -> str:
    grown = (
        "the first look at it"
        if done.before is None
        else f"the {done.before} seen before are still there"
    )
    lines = [
        f"cosigned: {done.head.origin}: {done.head.size} records, {grown}",
        f"at: {timestamp(done.moment)}",
        f"witness key: {vkey}",
        f"runs whose time is proven from now on: {len(done.runs)}",
        *(f"    {run}" for run in done.runs),
    ]
    return "\n".join(lines)
