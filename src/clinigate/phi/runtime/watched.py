"""A watch as a scan: the criteria of files, asked of logs while they grow."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from pathlib import Path
from types import MappingProxyType

from clinigate.config.loader import LoadedConfig
from clinigate.core.observation import Finding, Observation
from clinigate.findings.acceptance import accept
from clinigate.findings.model import Found, ScanResult
from clinigate.findings.tree import relative_uri
from clinigate.phi.canaries import CANARY_RULE
from clinigate.phi.counts import Counts
from clinigate.phi.observe import observed
from clinigate.phi.recognizer import Recognizer
from clinigate.phi.runtime.redactor import Redactor
from clinigate.phi.runtime.watch import LogWatch
from clinigate.phi.scanning import PhiScan, ScanOptions
from clinigate.phi.setup import options_from
from clinigate.phi.table import RECOGNIZERS

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
    record: Callable[[Observation], None] = lambda _: None,
    from_start: bool = True,
    rows: Sequence[Recognizer] = RECOGNIZERS,
) -> PhiScan:
    """Watch logs, and return what was seen as a scan of files would.

    A find is recorded as soon as it turns up: of a watch that is killed it is there.

    Args:
        options: what counts; its paths are not looked at.
        logs: the paths of the logs.
        follow: looks again and again, and closes the watch.
        record: takes each observation; those of the whole come at the end.
        from_start: whether what the logs hold already counts.
        rows: the table.
    """
    policy = options.policy

    def redactor_of(name: str) -> Redactor:
        level = policy.level_of(name)
        return Redactor(
            threshold=level.threshold, names=level.names, patients=options.patients, rows=rows
        )

    watch = LogWatch(
        [(relative_uri(log.absolute(), options.base), log) for log in logs],
        redactor_of=redactor_of,
        tokens=options.tokens,
        from_start=from_start,
        on_new=lambda new: known.extend(_recorded(_of_these(watch, options, new), record)),
    )
    known: list[Observation] = []
    follow(watch)
    done = _outcome(watch, options, watch.result(), watch.canaries())
    findings = {_fingerprint(each): each for each in known}
    for each in observed(done):
        if findings.get(_fingerprint(each)) != each:
            record(each)
    return done


def _outcome(
    watch: LogWatch, options: ScanOptions, identifiers: ScanResult, canaries: ScanResult
) -> PhiScan:
    return PhiScan(
        identifiers=_accepted(identifiers, options),
        canaries=_accepted(canaries, options) if options.patients else None,
        missing=None,
        tokens=MappingProxyType(watch.tokens),
        left_out=(),
        threshold=options.threshold,
        caveats=options.policy.caveats,
        counts=Counts(
            files=len(identifiers.units),
            bytes=watch.read,
            parts=len(identifiers.units),
            skipped=len(identifiers.excluded),
        ),
    )


def _of_these(watch: LogWatch, options: ScanOptions, new: Sequence[Found]) -> Iterator[Observation]:
    """Findings as the end of the watch will show them."""
    canaries = tuple(each for each in new if each.flaw.rule == CANARY_RULE)
    others = tuple(each for each in new if each.flaw.rule != CANARY_RULE)
    done = _outcome(
        watch, options, watch.result().having(others), watch.canaries().having(canaries)
    )
    return (each for each in observed(done) if isinstance(each.about, Finding))


def _recorded(
    seen: Iterable[Observation], record: Callable[[Observation], None]
) -> Iterator[Observation]:
    for each in seen:
        record(each)
        yield each


def _fingerprint(seen: Observation) -> str | None:
    about = seen.about
    return about.flaw.fingerprint if isinstance(about, Finding) and about.flaw else None


def _accepted(result: ScanResult, options: ScanOptions) -> ScanResult:
    return result.having(tuple(accept(result.findings, options.acceptances, options.today)))
