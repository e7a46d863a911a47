"""A finished run becomes a bundle: complete, scanned, digested, stated, signed, logged.

The statement is the point of no return, the log proof the end: a seal that was interrupted between
the two is completed by sealing again, and adds nothing to the ledger that is there already.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from clinigate import __version__
from clinigate.core.canonical import canonical_bytes, sha256_hex
from clinigate.core.codec import from_plain, to_plain
from clinigate.core.results import Results
from clinigate.errors import EvidenceError, IncompleteRunError, IntegrityError
from clinigate.evidence.bundle import Bundle, open_bundle
from clinigate.evidence.envelope import Signer, sign_envelope
from clinigate.evidence.files import is_scratch, naming, write_atomic
from clinigate.evidence.inspection import inspect
from clinigate.evidence.ledger import Ledger, read_ledger
from clinigate.evidence.names import (
    CONTROLS,
    PAYLOAD_TYPE,
    PROOF,
    RESULTS,
    STATEMENT,
    UNSIGNED_STATEMENT,
    in_sealed_set,
)
from clinigate.evidence.presence import alone
from clinigate.evidence.recorded import RecordedRun, read_run
from clinigate.evidence.recorder import is_sealed
from clinigate.evidence.sources import DirectorySource, Limits
from clinigate.evidence.spool import RunStatus
from clinigate.evidence.statement import build_statement
from clinigate.evidence.times import Clock, system_clock, timestamp

__all__ = ["seal"]


def seal(
    run_directory: Path,
    *,
    signer: Signer | None,
    ledger: Ledger,
    results: Results | Mapping[str, Any],
    controls: Mapping[str, Any],
    clock: Clock = system_clock,
    allow_incomplete: bool = False,
) -> Bundle:
    """Seal a run and return its bundle.

    Args:
        run_directory: the run's home.
        signer: who states it; None makes an UNSIGNED bundle, which says so wherever it is shown.
        ledger: where the seal is logged; its signer signs the log's head.
        results: what the run found. Its `observations` are replaced by those that were recorded:
            nothing can be left out or put in on the way to the seal.
        controls: the catalogue that the run was held against, for `controls.lock.json`.
        clock: source of times.
        allow_incomplete: seal a run without its `finish` as what it is, INCOMPLETE.

    Raises:
        IncompleteRunError: the run has no `finish` and `allow_incomplete` is not set, or nothing
            was recorded at all.
        IntegrityError: a spool, a blob or the ledger was edited.
        EvidenceError: it is sealed already, a process still writes, `results` are not those of
            this run, an identifier was found in a file, or the disk refuses.
    """
    with alone(run_directory, doing="sealed"):
        _remove_scratch(run_directory)
        if is_sealed(run_directory):
            return _resume(run_directory, ledger)
        # 1. What was recorded must be sound, and finished.
        recorded = read_run(run_directory)
        if recorded.status is RunStatus.INCOMPLETE and not allow_incomplete:
            raise IncompleteRunError(_unfinished(recorded))
        # 2. What is derived from it becomes part of what is sealed.
        found = _complete(results, recorded)
        write_atomic(run_directory / RESULTS, canonical_bytes(to_plain(found)))
        write_atomic(run_directory / CONTROLS, canonical_bytes(dict(controls)))
        # 3. Every file is scanned for identifiers, checked and digested.
        sealed = {"signed": signer is not None, "sealedAt": timestamp(clock())}
        facts = {**sealed, **_ledger_facts(ledger, recorded.run)}
        statement = _state(run_directory, recorded, found, facts)
        # 4. State and sign: from here on the run is sealed.
        envelope = sign_envelope(statement, PAYLOAD_TYPE, [] if signer is None else [signer])
        name = UNSIGNED_STATEMENT if signer is None else STATEMENT
        write_atomic(run_directory / name, canonical_bytes(envelope), replace=False)
        # 5. Log it, and keep the proof with it.
        return _log(run_directory, ledger)


def _state(
    run_directory: Path, recorded: RecordedRun, results: Results, facts: Mapping[str, Any]
) -> bytes:
    source = DirectorySource(run_directory, Limits())
    names = [name for name in source.names if in_sealed_set(name)]
    unscanned = inspect(source, names, recorded)
    return build_statement(
        recorded,
        results=results,
        files={name: source.digest(name) for name in names},
        facts={
            **facts,
            "tool": {"name": "clinigate", "version": __version__},
            "unscanned": unscanned,
        },
    )


def _resume(run_directory: Path, ledger: Ledger) -> Bundle:
    if (run_directory / PROOF).exists():
        raise EvidenceError(f"{run_directory}: this run is sealed already; a seal is made once")
    return _log(run_directory, ledger)


def _log(run_directory: Path, ledger: Ledger) -> Bundle:
    bundle = open_bundle(run_directory)
    body = {
        "status": bundle.status,
        "statement": sha256_hex(bundle.envelope.payload),
        "envelope": sha256_hex(bundle.envelope_bytes),
        "signed": bundle.signed,
    }
    logged = [
        record
        for record in read_ledger(ledger.directory).chain.records
        if (record.type, record.run, record.body) == ("run-sealed", bundle.run, body)
    ]
    record = logged[0] if logged else ledger.append("run-sealed", run=bundle.run, body=body)
    write_atomic(run_directory / PROOF, ledger.prove(record).to_bytes())
    return open_bundle(run_directory)


def _complete(results: Results | Mapping[str, Any], recorded: RecordedRun) -> Results:
    """The results with what was recorded in the place of their observations."""
    try:
        found = _with_recorded(results, recorded)
    except ValueError as error:
        raise EvidenceError(f"run {recorded.run}: the results cannot be sealed: {error}") from error
    if found.run != recorded.run:
        raise EvidenceError(f"run {recorded.run}: the results are those of run {found.run}")
    return found


def _with_recorded(results: Results | Mapping[str, Any], recorded: RecordedRun) -> Results:
    told = [record.body for record in recorded.counting("observation")]
    if isinstance(results, Results) and to_plain(results.observations) == told:
        return results  # ten thousand of them take a second to be built again
    spared = replace(results, observations=()) if isinstance(results, Results) else results
    found = from_plain(Results, {**to_plain(spared), "observations": []})
    return replace(found, observations=recorded.observations())


def _ledger_facts(ledger: Ledger, run: str) -> dict[str, Any]:
    """The log before the seal, and the run that began before this one."""
    chain = read_ledger(ledger.directory).chain
    started = [r.run for r in chain.records if r.type == "run-started"]
    if run not in started:
        raise IntegrityError(
            f"{chain.name}: run {run} was never started here; seal with the ledger that it began in"
        )
    before = started[: started.index(run)]
    return {
        "previousRun": before[-1] if before else None,
        "ledger": {
            "origin": chain.origin,
            "size": len(chain.leaves),
            "root": chain.root().hex(),
        },
    }


def _unfinished(recorded: RecordedRun) -> str:
    replaced = recorded.continued | recorded.set_aside.keys()
    open_parts = [
        spool.name
        for spool in recorded.spools
        if spool.status is RunStatus.INCOMPLETE and spool.name not in replaced
    ]
    return (
        f"run {recorded.run} is INCOMPLETE: {', '.join(open_parts)} never finished; run it again, "
        "or seal it as INCOMPLETE to keep it as evidence"
    )


def _remove_scratch(run_directory: Path) -> None:
    """Remove what killed writers left where nothing but sealed files may lie.

    Nobody writes there now; people's records and reports are written whenever somebody likes.
    """
    with naming(run_directory, "tidied"):
        for path in run_directory.rglob(".*.tmp"):
            name = path.relative_to(run_directory).as_posix()
            if is_scratch(path.name) and in_sealed_set(name):
                path.unlink()
