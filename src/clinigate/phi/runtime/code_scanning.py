"""SARIF that GitHub's code scanning takes: what is more than it takes is said, never dropped."""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from dataclasses import dataclass, replace

from clinigate.findings.model import Excluded, Found, ScanResult, in_order
from clinigate.findings.sarif import write_sarif

__all__ = ["MOST_BYTES", "MOST_RESULTS", "Upload", "upload"]

#: https://docs.github.com/en/code-security/code-scanning: results of one run, and bytes of a file
#: once it is compressed.
MOST_RESULTS = 25_000
MOST_BYTES = 10 * 10**6


@dataclass(frozen=True, slots=True)
class Upload:
    """A file for code scanning.

    Attributes:
        data: SARIF 2.1.0.
        left_out: how many results are not in it; then the upload is incomplete, and so is what
            rests on it.
        said: what a reader must know of it; empty where all is in it.
    """

    data: bytes
    left_out: int
    said: str


def upload(
    results: Sequence[ScanResult], *, most: int = MOST_RESULTS, most_bytes: int = MOST_BYTES
) -> Upload:
    """Return SARIF within what GitHub takes: the open and gravest findings first.

    A larger file would be refused as a whole. What is left out stands in the file too, as a
    notification that the run is not complete.

    Args:
        results: what scanners found.
        most: results of each scanner.
        most_bytes: bytes of the compressed file.
    """
    most = min(most, max((len(result.findings) for result in results), default=0))
    while True:
        fitted = [_fitted(result, most) for result in results]
        data = write_sarif(fitted)
        if most <= 1 or len(gzip.compress(data, compresslevel=6)) <= most_bytes:
            break
        most //= 2
    left_out = sum(
        len(whole.findings) - len(kept.findings)
        for whole, kept in zip(results, fitted, strict=True)
    )
    said = f"{left_out} findings are not in the SARIF file: code scanning takes no more"
    return Upload(data, left_out, said if left_out else "")


def _fitted(result: ScanResult, most: int) -> ScanResult:
    left_out = len(result.findings) - most
    if left_out <= 0:
        return result
    kept = sorted(result.findings, key=_gravest_first)[:most]
    reason = f"{left_out} more findings are not in this file: code scanning takes no more"
    excluded = (*result.excluded, Excluded(".", reason))
    return replace(result, findings=tuple(kept), excluded=excluded)


def _gravest_first(found: Found) -> tuple[object, ...]:
    return not found.is_open, found.flaw.severity.rank, in_order(found)
