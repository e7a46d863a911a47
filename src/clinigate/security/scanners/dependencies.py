"""CG-SEC-DEPENDENCIES-001: known vulnerabilities of what is pinned. 45 CFR 164.308(a)(5)(ii)(B).

Asked is the first source that can be had. An advisory file of one's own goes first: it is there
without a network, and it was chosen. Then pip-audit, then trivy, each where it is installed and
reaches its source. A source that fails is no word on the packages: the next one is asked.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path, PurePosixPath

from clinigate.core.flaw import FlawSeverity
from clinigate.findings.model import Excluded, ScanResult, in_order
from clinigate.findings.programs import identified, located, python_module
from clinigate.findings.troubles import ScannerError
from clinigate.security.scanner import ScanContext, Scanner, Topic
from clinigate.security.scanners.dependencies_judge import found_of, judge
from clinigate.security.scanners.dependencies_locks import is_foreign_lock, is_lock, read_lock
from clinigate.security.scanners.dependencies_osv import Advisories, load_advisories
from clinigate.security.scanners.dependencies_package import Lock, Package
from clinigate.security.scanners.dependencies_pip_audit import NAME as PIP_AUDIT
from clinigate.security.scanners.dependencies_pip_audit import ask_pip_audit
from clinigate.security.scanners.reading import is_text, shown_name
from clinigate.security.scanners.trivy_report import NAME as TRIVY
from clinigate.security.scanners.trivy_report import Class
from clinigate.security.scanners.trivy_run import (
    TrivyJob,
    TrivyKind,
    run_trivy,
    severities_from,
)

__all__ = ["SCANNER", "DependencyJob", "Locks", "NoSourceError", "read_locks", "scan_locks"]

NAME = "dependencies"
_HOW_TO_GET = (
    "give [security] advisories a file of OSV records (the zip of your ecosystem from osv.dev), "
    "or install pip-audit (`pip install 'clinigate[security]'`) or trivy where they reach their "
    "sources"
)
_OSV = "osv"


class NoSourceError(ScannerError):
    """No source of advisories could be asked; says why not, and what to do."""


@dataclass(frozen=True, slots=True)
class Locks:
    """All lock files of a project.

    Attributes:
        packages: what they pin.
        excluded: what they ask for without a version, and files that cannot be read here.
    """

    packages: tuple[Package, ...]
    excluded: tuple[Excluded, ...]


@dataclass(frozen=True, slots=True)
class DependencyJob:
    """What is audited, and by whom.

    Attributes:
        locks: of `read_locks`.
        today: the day of the scan.
        advisories: OSV records: a file, folder or zip; None to ask a program.
        max_age_days: an advisory file that knows nothing newer proves nothing.
        pip_audit, trivy: how they are called, where they are installed.
        root: the project's folder, for trivy.
    """

    locks: Locks
    today: date
    advisories: Path | None = None
    max_age_days: int = 30
    pip_audit: tuple[str, ...] | None = None
    trivy: tuple[str, ...] | None = None
    root: Path = field(default_factory=Path)


def missing(context: ScanContext) -> str | None:
    """Say how to get a source where there is none."""
    table = context.table
    if table.advisories is not None:
        if (context.config.base_dir / table.advisories).exists():
            return None
        return f"[security] advisories is {table.advisories}, which is not there; {_HOW_TO_GET}"
    if _pip_audit(context) is not None or _trivy(context) is not None:
        return None
    return f"there is no source of advisories; {_HOW_TO_GET}"


def scan(context: ScanContext) -> Mapping[str, ScanResult]:
    """Audit what the lock files of the scan pin.

    Raises:
        ScannerError: as `scan_locks`.
    """
    table, base_dir = context.table, context.config.base_dir
    locks = read_locks((path, context.uri(path)) for path in context.files(_is_any_lock))
    if not locks.packages:
        return {NAME: ScanResult(NAME, "", (), locks.excluded)}
    job = DependencyJob(
        locks,
        context.today,
        advisories=None if table.advisories is None else base_dir / table.advisories,
        max_age_days=table.advisories_max_age_days,
        pip_audit=_pip_audit(context),
        trivy=_trivy(context),
        root=context.base,
    )
    try:
        return {NAME: scan_locks(job, timeout_s=table.timeout_s, stop=context.stop)}
    except NoSourceError as error:
        nobody = Excluded("what the lock files pin", f"nobody could judge it: {error}")
        return {NAME: ScanResult(NAME, "", (), (nobody, *locks.excluded))}


def _is_lock(path: Path) -> bool:
    return is_lock(path.name) or is_foreign_lock(path.name)


def _is_any_lock(path: Path) -> bool:
    # A requirements file may include one of any name.
    return _is_lock(path) or path.suffix in (".in", ".txt")


def _pip_audit(context: ScanContext) -> tuple[str, ...] | None:
    if context.table.pip_audit is None:
        return python_module("pip_audit")
    return located(PIP_AUDIT, configured=context.table.pip_audit, base_dir=context.config.base_dir)


def _trivy(context: ScanContext) -> tuple[str, ...] | None:
    return located(TRIVY, configured=context.table.trivy, base_dir=context.config.base_dir)


def read_locks(files: Iterable[tuple[Path, str]]) -> Locks:
    """Read the lock files among a project's files, and the requirements files that they include."""
    every = {uri: path for path, uri in files}
    waiting = [(uri, False) for uri in every if is_lock(PurePosixPath(uri).name)]
    excluded = [
        Excluded(shown_name(uri), "a lock file that is not read here; trivy reads it")
        for uri in every
        if is_foreign_lock(PurePosixPath(uri).name)
    ]
    packages: list[Package] = []
    seen: set[str] = set()
    while waiting:
        uri, included = waiting.pop(0)
        if uri in seen:
            continue
        seen.add(uri)
        try:
            lock = _read(every, uri, included=included)
        except ScannerError as error:
            excluded.append(Excluded(shown_name(uri), str(error)))
            continue
        packages += lock.packages
        excluded += lock.excluded
        waiting += [(_beside(uri, name), True) for name in lock.includes]
    return Locks(tuple(packages), tuple(excluded))


def scan_locks(
    job: DependencyJob, *, timeout_s: float, stop: threading.Event | None = None
) -> ScanResult:
    """Audit. `units` are the packages that the source could judge.

    Raises:
        NoSourceError: there is no source, or none that works.
        ScannerError: the advisory file cannot be understood: what was chosen is not passed over.
    """
    if job.advisories is not None:
        return _complete(_by_advisories(job, job.advisories), job.locks)
    problems: list[str] = []
    for ask in _programs(job, timeout_s, stop):
        try:
            scan = ask()
        except ScannerError as error:
            problems.append(str(error))
            continue
        if scan.units:
            return _complete(scan, job.locks)
        problems.append(f"{scan.scanner} could judge none of the packages")
    raise NoSourceError("; ".join([*problems, _HOW_TO_GET]))


def _programs(
    job: DependencyJob, timeout_s: float, stop: threading.Event | None
) -> list[Callable[[], ScanResult]]:
    found: list[Callable[[], ScanResult]] = []
    if (pip_audit := job.pip_audit) is not None:
        found.append(lambda: _by_pip_audit(pip_audit, job, timeout_s, stop))
    if (trivy := job.trivy) is not None:
        found.append(lambda: _by_trivy(trivy, job, timeout_s, stop))
    return found


def _by_advisories(job: DependencyJob, source: Path) -> ScanResult:
    packages = job.locks.packages
    names = {(package.ecosystem, package.name) for package in packages}
    advisories = load_advisories(
        source, lambda ecosystem, name: (ecosystem, name) in names, today=job.today
    )
    hits, left_open = judge(packages, advisories.records)
    left_open += [
        Excluded(each.purl, f"{source.name} holds no advisory on {each.ecosystem}")
        for each in packages
        if each.ecosystem not in advisories.ecosystems
    ]
    unjudged = {each.unit for each in left_open}
    return ScanResult(
        _OSV,
        f"of {advisories.as_of.isoformat()} ({advisories.count:,} advisories)",
        units=tuple(sorted({each.purl for each in packages} - unjudged)),
        excluded=(*dict.fromkeys(left_open), *_too_old(job, source, advisories)),
        findings=tuple(sorted(found_of(hits, _OSV), key=in_order)),
    )


def _too_old(job: DependencyJob, source: Path, advisories: Advisories) -> list[Excluded]:
    """What it found stands, however old it is; that it found nothing does not."""
    age = (job.today - advisories.as_of).days
    if age <= job.max_age_days:
        return []
    reason = (
        f"knows nothing newer than {advisories.as_of.isoformat()}, {age} days ago; "
        f"{job.max_age_days} are allowed: fetch a new one"
    )
    return [Excluded(source.name, reason)]


def _by_pip_audit(
    command: tuple[str, ...], job: DependencyJob, timeout_s: float, stop: threading.Event | None
) -> ScanResult:
    program = identified(PIP_AUDIT, command, stop=stop)
    return ask_pip_audit(program, job.locks.packages, timeout_s=timeout_s, stop=stop)


def _by_trivy(
    command: tuple[str, ...], job: DependencyJob, timeout_s: float, stop: threading.Event | None
) -> ScanResult:
    trivy = identified(TRIVY, command, stop=stop)
    wanted = TrivyJob(
        TrivyKind.FILES,
        str(job.root.resolve()),
        scanners=("vuln",),
        severities=severities_from(FlawSeverity.LOW),
    )
    report = run_trivy(trivy, wanted, timeout_s=timeout_s, stop=stop)
    targets = set(report.targets[Class.VULNERABILITY])
    judged = [each for each in job.locks.packages if each.uri in targets]
    unseen = sorted({each.uri for each in job.locks.packages} - targets)
    ours = {each.uri for each in job.locks.packages}
    found = report.findings[Class.VULNERABILITY]
    return ScanResult(
        trivy.name,
        report.version,
        units=tuple(sorted({each.purl for each in judged})),
        excluded=tuple(Excluded(uri, "trivy did not read it") for uri in unseen),
        findings=tuple(each for each in found if each.flaw.place.uri in ours),
    )


def _complete(scan: ScanResult, locks: Locks) -> ScanResult:
    return replace(scan, excluded=(*locks.excluded, *scan.excluded))


def _read(every: dict[str, Path], uri: str, *, included: bool) -> Lock:
    path = every.get(uri)
    if not is_text(uri):
        raise ScannerError("its name is no text")
    if path is None:
        raise ScannerError("a requirements file includes it, and it is not among what is scanned")
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ScannerError(f"cannot be read: {error.strerror}") from None
    return read_lock(uri, data, as_requirements=included)


def _beside(uri: str, name: str) -> str:
    """Return the path of a file named in another, without its `..`."""
    parts: list[str] = []
    for part in (PurePosixPath(uri).parent / name).parts:
        if part == "..":
            parts = parts[:-1]
        elif part != ".":
            parts.append(part)
    return "/".join(parts)


SCANNER = Scanner(
    id=NAME,
    check="CG-SEC-DEPENDENCIES-001",
    summary="known vulnerabilities of what lock files pin (OSV advisories, pip-audit or trivy)",
    topics=(
        Topic(
            NAME,
            "known vulnerabilities of dependencies",
            nothing="there is no lock file to audit (requirements.txt, uv.lock, poetry.lock, "
            "package-lock.json); pin what you run with, or correct [security] paths",
            controls=("164.308(a)(1)(ii)(A)", "164.308(a)(5)(ii)(B)", "CC6.8", "CC7.1"),
        ),
    ),
    rules=re.compile(r"[A-Z][A-Z0-9]*-[\w:.-]+"),
    missing=missing,
    scan=scan,
    looks_at=_is_lock,
)
