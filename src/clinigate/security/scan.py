"""One security scan: look, accept, merge, and hand it to the recorder."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from clinigate.config.loader import LoadedConfig
from clinigate.core.criterion import Criterion
from clinigate.core.flaw import FlawSeverity
from clinigate.core.measurement import Measurement
from clinigate.core.observation import Observation
from clinigate.errors import UsageError
from clinigate.evidence.recorder import Recorder
from clinigate.findings.acceptance import Acceptance, accept, stale
from clinigate.findings.merge import grouped
from clinigate.findings.model import Found, ScanResult
from clinigate.findings.observe import broken, census, not_looked, records
from clinigate.findings.tree import relative_uri
from clinigate.security.accepted import acceptances_in, check_files
from clinigate.security.criteria import criterion_of
from clinigate.security.gather import Looked, look
from clinigate.security.registry import all_scanners, scanners_named
from clinigate.security.scanner import ScanContext, Scanner, demanded, metric_of

__all__ = [
    "SECRET_KEY_VARIABLE",
    "Scan",
    "check_ready",
    "context_for",
    "criteria_for",
    "perform",
    "record_scan",
    "scanners_for",
]

#: Under this key secrets leave a trace in fingerprints, so that another one is another finding.
SECRET_KEY_VARIABLE = "CLINIGATE_FINDINGS_KEY"  # noqa: S105 - its name


@dataclass(frozen=True, slots=True)
class Scan:
    """What came of a scan.

    Attributes:
        looked: of each scanner and topic, in the order of the registry; findings as accepted.
        merged: all findings by place, each once, with the position in `looked` that records it.
        remarks: acceptances that accept nothing.
        left_out: configured paths that this scan did not look at, as others were asked for.
    """

    looked: tuple[Looked, ...]
    merged: tuple[tuple[int, Found], ...]
    remarks: tuple[Found, ...]
    left_out: tuple[str, ...] = ()

    def open(self, severity: FlawSeverity) -> tuple[Found, ...]:
        """Return the findings of at least that severity that nobody accepted."""
        found = (each for _, each in self.merged)
        return tuple(f for f in found if f.is_open and f.flaw.severity.at_least(severity))

    def unaccepted(self) -> tuple[Found, ...]:
        """Return all that nobody accepted, what several scanners saw by each of their names."""
        found = (each for looked in self.looked for each in _findings(looked))
        return tuple(each for each in found if each.is_open)

    def sarif_scans(self) -> Iterator[ScanResult]:
        """Yield a result for each topic, each finding with the scanner that leads it."""
        for position, looked in enumerate(self.looked):
            if looked.result is not None:
                yield looked.result.having(tuple(f for at, f in self.merged if at == position))
        if self.remarks:
            yield ScanResult("clinigate", "", (), (), self.remarks)


def context_for(config: LoadedConfig, paths: Sequence[Path] = (), *, today: date) -> ScanContext:
    """Return what a scan looks at.

    Places are named against the configuration's folder; where a given path lies outside of it,
    against the folder that holds all of them.

    Args:
        config: the configuration.
        paths: in place of `[security] paths`; relative to the current folder.
        today: the day of the scan.
    """
    table = config.config.security
    base = config.base_dir
    given = [Path(os.path.abspath(path)) for path in paths]  # noqa: PTH100 - keeps links
    if any(not path.is_relative_to(base) for path in given):
        base = Path(os.path.commonpath([p if p.is_dir() else p.parent for p in given]))
    key = os.environ.get(SECRET_KEY_VARIABLE)
    return ScanContext(
        base=base,
        paths=tuple(relative_uri(path, base) for path in given) or tuple(table.paths),
        exclude=tuple(table.exclude),
        config=config,
        today=today,
        scratch=Path(os.devnull),
        secret_key=key.encode() if key else None,
    )


def scanners_for(config: LoadedConfig, named: Sequence[str] = ()) -> tuple[Scanner, ...]:
    """Return the scanners that look: those named, else those configured, else all.

    Raises:
        UsageError: there is none of a name.
    """
    configured = config.config.security.scanners
    if named or configured is not None:
        return scanners_named(named or configured or ())
    return all_scanners()


def check_ready(context: ScanContext) -> None:
    """Find out what can be known to be wrong before anything is begun.

    Raises:
        UsageError: a path does not exist.
        ConfigError: baseline or waivers are missing or malformed.
    """
    for path in context.paths:
        if not os.path.exists(context.base / path):  # noqa: PTH110 - raises nothing
            raise UsageError(
                f"{context.config.source}: [security] paths names {path}, which does not exist"
            )
    check_files(context)


def criteria_for(scanners: Sequence[Scanner], severity: FlawSeverity) -> tuple[Criterion, ...]:
    """Return what a scan is judged by: of each topic every severity down to the given one."""
    return tuple(
        criterion_of(topic, each)
        for scanner in scanners
        for topic in scanner.topics
        for each in demanded(severity)
    )


def perform(scanners: Sequence[Scanner], context: ScanContext, *, part: bool = False) -> Scan:
    """Look, then decide what is accepted and what several scanners saw.

    Args:
        scanners: who looks.
        context: at what.
        part: whether only some paths or scanners were asked for: what is accepted elsewhere is
            then no stale acceptance.

    Raises:
        UsageError: a path does not exist, or an acceptance is malformed.
    """
    looked = look(scanners, context)
    results = [each.result for each in looked if each.result is not None]
    acceptances = acceptances_in(context, results)
    accepted = [_accepted(each, acceptances, context.today) for each in looked]
    same = {rule: name for each in scanners for rule, name in each.same.items()}
    settled, merged = _merged(accepted, same)
    found = [each for looked_at in settled for each in _findings(looked_at)]
    remarks = [] if part else stale(acceptances, found, in_scope=_scope(looked))
    return Scan(tuple(settled), merged, tuple(remarks), _left_out(context))


def record_scan(scan: Scan, recorder: Recorder, severity: FlawSeverity) -> None:
    """Hand a scan to the recorder: a census for each topic and severity, and every finding once."""
    for position, looked in enumerate(scan.looked):
        for observation in _observations(scan, position, looked, severity):
            recorder.observation(observation)
    for looked in scan.looked[:1]:
        metric = metric_of(looked.topic, demanded(severity)[0])
        for observation in records(looked.scanner.check, metric, scan.remarks):
            recorder.observation(observation)


def _accepted(looked: Looked, acceptances: Sequence[Acceptance], today: date) -> Looked:
    if looked.result is None:
        return looked
    found = tuple(accept(looked.result.findings, acceptances, today))
    return replace(looked, result=looked.result.having(found))


def _findings(looked: Looked) -> tuple[Found, ...]:
    return () if looked.result is None else looked.result.findings


def _merged(
    looked: Sequence[Looked], same: Mapping[str, str]
) -> tuple[list[Looked], tuple[tuple[int, Found], ...]]:
    """What was accepted for one scanner is accepted for all that saw it; each is listed once."""
    home = {id(f): at for at, each in enumerate(looked) for f in _findings(each)}
    groups = grouped([f for each in looked for f in _findings(each)], same=same)
    own: list[list[Found]] = [[] for _ in looked]
    for merged, members in groups:
        for member in members:
            flaw = replace(member.flaw, accepted=merged.flaw.accepted)
            own[home[id(member)]].append(replace(member, flaw=flaw))
    settled = [
        each if each.result is None else replace(each, result=each.result.having(tuple(found)))
        for each, found in zip(looked, own, strict=True)
    ]
    return settled, tuple((home[id(members[0])], merged) for merged, members in groups)


def _census(scan: Scan, result: ScanResult, metric: str, least: FlawSeverity) -> Measurement:
    """An option may only tighten: what it leaves out of the configured paths was not looked at."""
    measured = census(metric, result, at_least=least)
    if not scan.left_out:
        return measured
    caveat = f"not looked at, as only a part was asked for: {', '.join(scan.left_out)}"
    return replace(
        measured,
        excluded=measured.excluded + len(scan.left_out),
        caveats=(*measured.caveats, caveat),
    )


def _left_out(context: ScanContext) -> tuple[str, ...]:
    table, folder = context.table, context.config.base_dir
    if "paths" not in table.model_fields_set:
        return ()  # nobody said yet what there is to look at
    given = [context.base / path for path in context.paths]
    return tuple(
        name
        for name in table.paths
        if not any((folder / name).resolve().is_relative_to(each.resolve()) for each in given)
    )


def _scope(looked: Sequence[Looked]) -> Callable[[Acceptance], bool]:
    ran = [each.scanner for each in looked if each.result is not None]

    def in_scope(acceptance: Acceptance) -> bool:
        return any(scanner.rules.fullmatch(acceptance.rule) for scanner in ran)

    return in_scope


def _observations(
    scan: Scan, position: int, looked: Looked, severity: FlawSeverity
) -> Iterator[Observation]:
    check, controls = looked.scanner.check, looked.topic.controls
    for least in demanded(severity):
        metric = metric_of(looked.topic, least)
        if looked.gap is not None:
            yield not_looked(check, metric, looked.gap, controls=controls)
        elif looked.fault is not None:
            yield broken(check, metric, looked.fault, controls=controls)
        elif looked.result is not None:
            yield Observation(check, _census(scan, looked.result, metric, least), controls)
    found = [each for at, each in scan.merged if at == position]
    yield from records(
        check, metric_of(looked.topic, demanded(severity)[0]), found, controls=controls
    )
