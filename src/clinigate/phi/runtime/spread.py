"""Scan on many machines, by an engine that is made for it: Dask.

::

    from dask.distributed import Client
    from clinigate.phi.runtime.spread import scan_tree_on

    done = scan_tree_on(Client("tcp://scheduler:8786"), ["/data/logs"])

The workers must see the same files under the same paths, as on a shared file system, and have
clinigate installed. Dask itself is not imported here.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol

from clinigate.errors import ClinigateError
from clinigate.findings.model import Excluded, ScanResult
from clinigate.findings.tree import relative_uri
from clinigate.phi.canaries import Patient
from clinigate.phi.counts import Counts
from clinigate.phi.files import files_of
from clinigate.phi.scanning import PhiScan, ScanOptions, scan
from clinigate.phi.tokens import Tokens

__all__ = ["Cluster", "scan_tree_on"]


class Cluster(Protocol):
    """What is used of `dask.distributed.Client`."""

    def map(self, function: Any, items: Iterable[Any], *, pure: bool) -> Sequence[Any]:
        """Give each item to a worker, and return what will come of it."""


def scan_tree_on(
    client: Cluster,
    paths: Sequence[str | Path],
    *,
    options: ScanOptions | None = None,
    batch: int = 64,
) -> PhiScan:
    """Scan files and folders by a cluster's workers; the outcome is that of one process.

    Files whose worker dies, or breaks, count as not looked at: the scan is incomplete then, and
    no pass. A file is searched by one worker, however large it is.

    Args:
        client: a `dask.distributed.Client`.
        paths: files and folders, as this process sees them.
        options: all else of a scan; by default the usual threshold, against the current folder.
        batch: files that a worker is given at once.

    Raises:
        UsageError: a path that does not exist.
        ClinigateError: what a scan raises on a worker.
    """
    named = tuple(str(Path(path).absolute()) for path in paths)
    options = replace(_usual() if options is None else options, paths=named)
    files = [str(path) for path in files_of(options.base, options.paths, options.exclude)]
    batches = [files[at : at + batch] for at in range(0, len(files), batch)]
    if not batches:
        return scan(options)
    futures = client.map(_Scan(options), batches, pure=False)
    return _together(
        options,
        [_outcome(future, given, options) for future, given in zip(futures, batches, strict=True)],
    )


@dataclass(frozen=True, slots=True)
class _Part:
    """What came of one batch, in a form that travels."""

    identifiers: ScanResult
    canaries: ScanResult | None
    missing: str | None
    tokens: dict[str, str]
    counts: Counts


class _Scan:
    """Scans one batch; shown by a dashboard it tells nothing of keys and patients."""

    def __init__(self, options: ScanOptions) -> None:
        self._options = replace(options, patients=(), jobs=1)
        self._patients = [(p.id, dict(p.values), dict(p.details)) for p in options.patients]

    def __repr__(self) -> str:
        return "clinigate phi scan"

    def __call__(self, files: Sequence[str]) -> _Part:
        patients = tuple(
            Patient(name, MappingProxyType(values), MappingProxyType(details))
            for name, values, details in self._patients
        )
        done = scan(replace(self._options, paths=tuple(files), patients=patients))
        return _Part(done.identifiers, done.canaries, done.missing, dict(done.tokens), done.counts)


def _outcome(future: Any, files: Sequence[str], options: ScanOptions) -> _Part:
    try:
        part = future.result()
    except ClinigateError:
        raise
    except Exception as problem:  # noqa: BLE001 - whatever a cluster fails with
        reason = f"the worker that searched it ended with {type(problem).__name__}"
        names = (relative_uri(Path(file), options.base) for file in files)
        lost = ScanResult("", "", (), tuple(Excluded(name, reason) for name in names))
        return _Part(lost, lost, None, {}, Counts(skipped=len(files)))
    assert isinstance(part, _Part)
    return part


def _together(options: ScanOptions, parts: Sequence[_Part]) -> PhiScan:
    tokens: dict[str, str] = {}
    for part in parts:
        tokens.update(part.tokens)
    canaries = [part.canaries for part in parts if part.canaries is not None]
    return PhiScan(
        identifiers=_as_one([part.identifiers for part in parts]),
        canaries=_as_one(canaries) if options.patients else None,
        missing=next((part.missing for part in parts if part.missing), None),
        tokens=MappingProxyType(tokens),
        left_out=options.exclude,
        threshold=options.threshold,
        caveats=options.policy.caveats,
        counts=_counts(part.counts for part in parts),
    )


def _as_one(results: Sequence[ScanResult]) -> ScanResult:
    named = next((each for each in results if each.scanner), results[0])
    return ScanResult(
        named.scanner,
        named.version,
        units=tuple(unit for each in results for unit in each.units),
        excluded=tuple(dict.fromkeys(gap for each in results for gap in each.excluded)),
        findings=tuple(found for each in results for found in each.findings),
    )


def _counts(parts: Iterable[Counts]) -> Counts:
    whole = Counts()
    for part in parts:
        whole = Counts(
            whole.files + part.files,
            whole.bytes + part.bytes,
            whole.parts + part.parts,
            whole.skipped + part.skipped,
            whole.truncated + part.truncated,
            whole.media + part.media,
        )
    return whole


def _usual() -> ScanOptions:
    return ScanOptions(
        base=Path.cwd(),
        paths=(),
        tokens=Tokens(secrets.token_bytes(32), lasting=False),
        # Acceptances end with the day of the place where people are.
        today=datetime.now().astimezone().date(),
    )
