"""What a drill leaves: observations in the run, and the signed record beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from clinigate.errors import EvidenceError, UsageError

if TYPE_CHECKING:
    from clinigate.config.loader import LoadedConfig
    from clinigate.core.observation import Observation
    from clinigate.evidence.envelope import Signer
    from clinigate.evidence.recorder import Recorder
    from clinigate.hipaa.probe import Named

__all__ = ["carried_out", "key_option", "leave", "out_option", "run_of", "signer_of", "write"]

#: No text to the redactor: what is signed must stay as it was signed.
_MEDIA = "application/vnd.clinigate.drill.envelope"

out_option = click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("drills"),
    show_default=True,
    help="Folder that the record goes into.",
)
key_option = click.option(
    "--key",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Key that signs the record (default: [signing] key).",
)


def signer_of(config: LoadedConfig, key: Path | None, passphrase_fd: int | None) -> Signer | None:
    """Return who signs the record; None where no key is named.

    Raises:
        KeyFileError: the key is missing, exposed, locked or no key.
    """
    from clinigate.cli.keys import passphrase_source
    from clinigate.evidence.keys import load_key
    from clinigate.pipeline.keys import configured_signer

    source = passphrase_source(passphrase_fd, confirm=False)
    return configured_signer(config, passphrase=source) if key is None else load_key(key, source)


def run_of(environ: Mapping[str, str]) -> str:
    """Return the id of the run that these variables let processes join."""
    from clinigate.evidence.runs import RUN_VARIABLE

    return Path(environ[RUN_VARIABLE]).name


def leave(
    recorder: Recorder,
    observations: Iterable[Observation],
    record: Mapping[str, Any],
    *,
    signer: Signer | None,
    out: Path,
) -> Path:
    """Record what was seen with the signed record as its evidence; return where that was written.

    Raises:
        EvidenceError: it cannot be written.
    """
    from clinigate.hipaa.drills.record import signed_record

    envelope = signed_record(record, [] if signer is None else [signer])
    digest = recorder.blob(envelope, _MEDIA)
    for observation in observations:
        recorder.observation(replace(observation, evidence=(digest,)))
    path = out / f"{record['kind']}-{record['run']}.json"
    write(path, envelope)
    word = "UNSIGNED: name a key by --key or [signing]" if signer is None else "signed"
    click.echo(f"record: {path} ({word})")
    return path


def write(path: Path, data: bytes) -> None:
    """Write a file of the drill, and its folder.

    Raises:
        EvidenceError: the disk refuses.
        UsageError: it is there already.
    """
    if path.exists():
        raise UsageError(f"{path} exists; a drill's record is never overwritten")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    except OSError as problem:
        raise EvidenceError(f"{path}: cannot be written ({problem.strerror})") from None


def carried_out(work: Callable[[], None], recorder: Recorder, named: Named) -> None:
    """Do the drill; what keeps it from being done becomes a fault of the run, and is told.

    Raises:
        EvidenceError, UsageError: what was seen cannot be kept.
    """
    from clinigate.core.observation import Fault, Observation
    from clinigate.errors import ClinigateError

    try:
        work()
    except (EvidenceError, UsageError):
        raise
    except ClinigateError as error:
        recorder.observation(Observation(named.check, Fault(named.metric, str(error))))
        click.echo(f"the drill broke off: {error}")
