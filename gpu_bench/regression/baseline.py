"""The blocks of an earlier run, read from its sealed bundle and believed only if that is signed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clinigate.controls import load_catalogue
from clinigate.core.canonical import sha256_hex
from clinigate.core.measurement import Measurement
from clinigate.core.results import Results
from clinigate.errors import IntegrityError, UsageError
from clinigate.evidence.bundle import Bundle, open_bundle
from clinigate.evidence.report import Level, LevelStatus, VerificationReport
from clinigate.evidence.spool import RunStatus, parse_spool
from clinigate.evidence.trust import TrustStore
from clinigate.evidence.verify import verify_bundle
from clinigate.gpu_bench.ai.blocks import BLOCK
from clinigate.gpu_bench.ai.criteria import SINGLE_P50, SINGLE_P99

__all__ = ["NOTE", "Baseline", "differences", "read_baseline"]

#: Topic of the note in which a run says what it timed.
NOTE = "bench-ai"

_SPOOL = re.compile(r"spool/[^/]+\.ndjson")


@dataclass(frozen=True, slots=True)
class Baseline:
    """What an earlier run measured, one query at a time.

    Attributes:
        run, sealed_at: which run, and when its sealer's clock said it was sealed.
        fingerprint: model, scenario and device that it timed.
        p50, p99: seconds, one for each block.
        sizes: queries of each block.
    """

    run: str
    sealed_at: str
    fingerprint: Mapping[str, str]
    p50: tuple[float, ...]
    p99: tuple[float, ...]
    sizes: tuple[int, ...]


def read_baseline(path: Path, trust: TrustStore | None) -> Baseline:
    """Return the blocks that a bundle holds, after it was verified.

    Raises:
        UsageError: it is UNSIGNED, signed by nobody who is trusted, unfinished, or holds no blocks
            that could be compared with.
        IntegrityError: its bytes, its signature or its results do not agree.
        EvidenceError: there is nothing to read.
    """
    bundle = open_bundle(path)
    _refuse_unbelievable(path, bundle, trust)
    results = bundle.results()
    p50, p99 = (_of_blocks(path, results, metric) for metric in (SINGLE_P50, SINGLE_P99))
    return Baseline(
        run=bundle.run,
        sealed_at=bundle.statement.sealed_at,
        fingerprint=_fingerprint(path, bundle),
        p50=tuple(seconds for seconds, _ in p50),
        p99=tuple(seconds for seconds, _ in p99),
        sizes=tuple(size for _, size in p99),
    )


def differences(baseline: Mapping[str, str], candidate: Mapping[str, str]) -> tuple[str, ...]:
    """Say in what two fingerprints differ, field by field."""
    return tuple(
        f"{field} was {baseline.get(field, 'not stated')!r} "
        f"and is {candidate.get(field, 'not stated')!r}"
        for field in sorted({*baseline, *candidate})
        if baseline.get(field) != candidate.get(field)
    )


def _refuse_unbelievable(path: Path, bundle: Bundle, trust: TrustStore | None) -> None:
    if not bundle.signed:
        raise UsageError(
            f"--baseline {path}: is UNSIGNED, so that anybody could have written it; seal "
            "baselines with a key (clinigate keys generate)"
        )
    if trust is None:
        raise UsageError(
            f"--baseline {path}: no trust file says whose signatures count; name one with --trust "
            "or [gate] trust"
        )
    catalogue = load_catalogue()
    report = verify_bundle(bundle, trust=trust, known_control=lambda name: name in catalogue)
    _refuse_failed(path, report, Level.DIGESTS, Level.MEANING)
    if not report.signed_by:
        raise UsageError(
            f"--baseline {path}: {report.level(Level.SIGNATURE).sentences[0]}; only a bundle "
            "signed by a trusted key is compared with"
        )
    # After the signature: of a stranger's bundle the ledger's signature is a stranger's too.
    _refuse_failed(path, report, Level.LEDGER)
    if bundle.status is not RunStatus.COMPLETE:
        raise UsageError(f"--baseline {path}: the run is {bundle.status}, wanted a COMPLETE one")


def _refuse_failed(path: Path, report: VerificationReport, *levels: Level) -> None:
    for level in levels:
        if report.level(level).status is LevelStatus.FAILED:
            raise IntegrityError(f"--baseline {path}: {report.level(level).sentences[0]}")


def _of_blocks(path: Path, results: Results, metric: str) -> tuple[tuple[float, int], ...]:
    """Return each block's value in seconds, and of how many queries it is."""
    found = [
        o.about
        for o in results.observations
        if isinstance(o.about, Measurement) and o.about.metric == metric
    ]
    if len(found) != 1:
        raise UsageError(
            f"--baseline {path}: holds {len(found)} measurements of {metric}, wanted one; make a "
            "baseline with `clinigate bench ai`"
        )
    (measured,) = found
    if measured.unmeasurable is not None:
        raise UsageError(f"--baseline {path}: {measured.unmeasurable}")
    blocks = tuple(
        (each.value, each.n)
        for each in measured.slices
        if each.name.startswith(BLOCK) and each.value is not None
    )
    if not blocks:
        raise UsageError(f"--baseline {path}: {metric} holds no blocks to compare with")
    return blocks


def _fingerprint(path: Path, bundle: Bundle) -> Mapping[str, str]:
    names = [name for name in bundle.names if _SPOOL.fullmatch(name)]
    notes = [note for name in names for note in _notes(bundle, name)]
    told = [note["fingerprint"] for note in notes if isinstance(note.get("fingerprint"), dict)]
    if len(told) != 1:
        raise UsageError(
            f"--baseline {path}: does not say what was timed; make it with `clinigate bench ai`"
        )
    return {str(field): str(value) for field, value in told[0].items()}


def _notes(bundle: Bundle, name: str) -> Iterator[Mapping[str, Any]]:
    data = bundle.read(name)
    if sha256_hex(data) != bundle.statement.files.get(name):
        raise IntegrityError(f"{name}: was changed: it is not what the statement names")
    for record in parse_spool(data, name.removeprefix("spool/")).records:
        about = record.body.get("about")
        if record.type == "note" and record.body.get("topic") == NOTE and isinstance(about, dict):
            yield about
