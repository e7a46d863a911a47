"""A watch's way into a run: the criteria of files, asked of logs while they grow."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from pathlib import Path
from types import MappingProxyType

from clinigate.config.loader import LoadedConfig
from clinigate.core.observation import Observation
from clinigate.findings.acceptance import accept
from clinigate.findings.model import ScanResult
from clinigate.findings.tree import relative_uri
from clinigate.phi.observe import observed
from clinigate.phi.runtime.redactor import Redactor
from clinigate.phi.runtime.watch import LogWatch
from clinigate.phi.scan import PhiScan, ScanOptions
from clinigate.phi.setup import options_from

__all__ = ["options_for", "watched"]


def options_for(
    loaded: LoadedConfig,
    *,
    threshold: float | None = None,
    canaries: Path | None = None,
    today: date | None = None,
) -> ScanOptions:
    """Return the configuration's options, without any paths: these need not be there yet.

    Raises as `clinigate.phi.setup.options_from`.
    """
    return options_from(
        loaded, paths=[loaded.base_dir], threshold=threshold, canaries=canaries, today=today
    )


def watched(
    options: ScanOptions,
    logs: Sequence[Path],
    *,
    follow: Callable[[LogWatch], None],
    from_start: bool = True,
) -> Iterator[Observation]:
    """Watch logs and yield what was seen: measurements at the end, and every finding.

    Args:
        options: what counts; its paths are not looked at.
        logs: the paths of the logs.
        follow: looks again and again, and closes the watch.
        from_start: whether what the logs hold already counts.
    """
    watch = LogWatch(
        [(relative_uri(log.absolute(), options.base), log) for log in logs],
        redactor=Redactor(threshold=options.threshold, patients=options.patients),
        tokens=options.tokens,
        from_start=from_start,
    )
    follow(watch)
    identifiers = _accepted(watch.result(), options)
    canaries = _accepted(watch.canaries(), options) if options.patients else None
    yield from observed(
        PhiScan(
            identifiers=identifiers,
            canaries=canaries,
            missing=None,
            tokens=MappingProxyType(watch.tokens),
            left_out=(),
            threshold=options.threshold,
        )
    )


def _accepted(result: ScanResult, options: ScanOptions) -> ScanResult:
    return result.having(tuple(accept(result.findings, options.acceptances, options.today)))
