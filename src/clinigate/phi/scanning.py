"""Search files for identifiers and canaries."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import clinigate
from clinigate.core.flaw import FlawSeverity
from clinigate.errors import MissingExtraError
from clinigate.findings.acceptance import Acceptance, Way, accept, stale
from clinigate.findings.globs import matches
from clinigate.findings.model import Excluded, Found, ScanResult
from clinigate.findings.tree import relative_uri
from clinigate.phi.canaries import CANARY_RULE, Patient
from clinigate.phi.counts import Counts, counted
from clinigate.phi.crew import Kit, looked_at
from clinigate.phi.engine import ENGINE, presidio_find, presidio_version
from clinigate.phi.files import changed_since, files_of, text_of_file
from clinigate.phi.finding import DEFAULT_THRESHOLD
from clinigate.phi.found import CANARY_TOOL, TOOL, Findings
from clinigate.phi.looking import FAST, PRESIDIO, Look, Looked
from clinigate.phi.policy import Policy, comments_in
from clinigate.phi.recognizer import Recognizer
from clinigate.phi.surfaces import Limits
from clinigate.phi.tokens import Tokens

if TYPE_CHECKING:
    from clinigate.config.phi_rows import NlpTable

__all__ = ["LEAST", "PhiScan", "ScanOptions", "scan"]

#: The least severity that counts; below are placeholders and remarks.
LEAST = FlawSeverity.LOW

_PREFIX = "CG-PHI-"


@dataclass(frozen=True, slots=True)
class ScanOptions:
    """What is searched, and how.

    Attributes:
        base: the folder that relative paths and the names in findings rest on.
        paths, exclude: as `clinigate.phi.files.files_of`.
        policy: how sure a find must be, and whether names in prose are looked for.
        own: rows of users, looked for beside the table's.
        engine: `fast`, or `presidio` as the reference.
        nlp: a language model of the user's, which presidio runs.
        jobs: processes that search at once.
        since: a revision of git: only files that have changed since are searched.
        max_bytes: larger files count as not looked at; None for no limit.
        limits: how much of one file is opened.
        patients: whose data must turn up nowhere.
        canary_file: where these stand, which is no leak; it is left out.
        acceptances: of baseline and waivers; those in comments are read with the files.
        tokens: what stands for values.
        today: against which acceptances are held.
    """

    base: Path
    paths: tuple[str, ...]
    tokens: Tokens
    today: date
    exclude: tuple[str, ...] = ()
    policy: Policy = field(default_factory=Policy)
    own: tuple[Recognizer, ...] = ()
    engine: str = FAST
    nlp: NlpTable | None = None
    jobs: int = 1
    since: str | None = None
    max_bytes: int | None = None
    limits: Limits = field(default_factory=Limits)
    patients: tuple[Patient, ...] = ()
    canary_file: Path | None = None
    acceptances: tuple[Acceptance, ...] = ()

    @property
    def threshold(self) -> float:
        """Least score of what counts in files that no pattern names."""
        return self.policy.threshold


@dataclass(frozen=True, slots=True)
class PhiScan:
    """What came of a scan.

    Attributes:
        identifiers: of the recognizers; nothing looked at where presidio was asked for in vain.
        canaries: of the canaries; None where there are none.
        missing: why the recognizers did not look, if they did not.
        tokens: fingerprint of a finding: the token of its value.
        left_out: patterns of paths that were left out on purpose.
        threshold: least score of what counts in files that no pattern names.
        caveats: what else a reader must know of the thresholds.
        counts: how much was looked at.
    """

    identifiers: ScanResult
    canaries: ScanResult | None
    missing: str | None
    tokens: Mapping[str, str]
    left_out: tuple[str, ...]
    threshold: float = DEFAULT_THRESHOLD
    caveats: tuple[str, ...] = ()
    counts: Counts = field(default_factory=Counts)

    @property
    def results(self) -> tuple[ScanResult, ...]:
        """Both, for SARIF."""
        return tuple(each for each in (self.identifiers, self.canaries) if each is not None)

    @property
    def counted(self) -> tuple[Found, ...]:
        """Findings that count: open, and no remark on what is nobody's."""
        return tuple(
            each for each in self.found if each.is_open and each.flaw.severity.at_least(LEAST)
        )

    @property
    def found(self) -> tuple[Found, ...]:
        """All findings."""
        return tuple(found for each in self.results for found in each.findings)


def scan(options: ScanOptions) -> PhiScan:
    """Search the files that the options name.

    Raises:
        UsageError: a path or a revision that does not exist.
        ConfigError: an acceptance that is malformed.
        MissingExtraError: names are to be looked for, and what that needs is not installed.
    """
    missing = _missing(options)
    looks, too_large = _looks(options)
    kit = Kit(
        options.tokens,
        options.patients,
        options.engine,
        options.limits,
        identifiers=not missing,
        own=options.own,
        nlp=options.nlp,
    )
    gathered = _Gathered(options)
    for look, looked in zip(looks, looked_at(looks, kit, jobs=options.jobs), strict=True):
        gathered.take(look, looked)
    for looked in too_large:
        gathered.take(None, looked)
    acceptances = [*options.acceptances, *gathered.comments]
    identifiers = gathered.identifiers() if missing is None else ScanResult(_tool(options), "", ())
    canaries = None
    if options.patients:
        canaries = _accepted(gathered.canaries(), acceptances, options, scope=())
    return PhiScan(
        identifiers=_accepted(identifiers, acceptances, options, scope=identifiers.units),
        canaries=canaries,
        missing=missing,
        tokens=MappingProxyType(gathered.findings.token_of),
        left_out=options.exclude,
        threshold=options.threshold,
        caveats=options.policy.caveats,
        counts=counted(gathered.all),
    )


def _looks(options: ScanOptions) -> tuple[list[Look], list[Looked]]:
    """Return the files to look at, and those that are too large."""
    own = None if options.canary_file is None else options.canary_file.resolve()
    files = files_of(options.base, options.paths, options.exclude)
    if options.since is not None:
        changed = changed_since(options.base, options.paths, options.since)
        files = [each for each in files if each.resolve() in changed]
    looks, too_large = [], []
    for path in files:
        if own is not None and path.resolve() == own:
            continue
        uri = relative_uri(path, options.base)
        if options.max_bytes is not None and _size(path) > options.max_bytes:
            reason = f"larger than {options.max_bytes / 2**20:g} MB ([phi] max_file_mb)"
            too_large.append(Looked(uri, skipped=[("", reason)]))
            continue
        level = options.policy.level_of(uri)
        looks.append(Look(path, uri, level.threshold, level.names))
    return looks, too_large


class _Gathered:
    """What came of the files, one by one."""

    def __init__(self, options: ScanOptions) -> None:
        self.findings = Findings(options.tokens, _tool(options))
        self.comments: list[Acceptance] = []
        self.all: list[Looked] = []
        self._options = options
        self._identifiers: list[Found] = []
        self._canaries: list[Found] = []
        self._units: list[str] = []
        self._excluded: list[Excluded] = []

    def take(self, look: Look | None, looked: Looked) -> None:
        """Take what came of one file."""
        self._identifiers += self.findings.identifiers(looked)
        self._canaries += self.findings.canaries(looked)
        if looked.read:
            self._units.append(looked.uri)
        self._excluded += _excluded(looked)
        if looked.accepts and look is not None:
            text = text_of_file(look.path)
            self.comments += comments_in(text, looked.uri, self._options.today)
        looked.seen, looked.canaries = [], []
        self.all.append(looked)

    def identifiers(self) -> ScanResult:
        """What the recognizers saw."""
        return self._result(_tool(self._options), _version(self._options), self._identifiers)

    def canaries(self) -> ScanResult:
        """What was seen of canaries."""
        version = f"{len(self._options.patients)} patients"
        return self._result(CANARY_TOOL, version, self._canaries)

    def _result(self, scanner: str, version: str, findings: Iterable[Found]) -> ScanResult:
        return ScanResult(
            scanner=scanner,
            version=version,
            units=tuple(self._units),
            excluded=tuple(self._excluded),
            findings=tuple(findings),
        )


def _excluded(looked: Looked) -> Iterator[Excluded]:
    for name, reason in (*looked.skipped, *looked.truncated):
        yield Excluded(f"{looked.uri}!/{name}" if name else looked.uri, reason)


def _missing(options: ScanOptions) -> str | None:
    if options.engine != PRESIDIO:
        return None
    try:
        presidio_find(1.0, nlp=options.nlp)
    except MissingExtraError as error:
        return str(error)
    return None


def _tool(options: ScanOptions) -> str:
    return ENGINE if options.engine == PRESIDIO else TOOL


def _version(options: ScanOptions) -> str:
    own = options.engine == FAST
    version = clinigate.__version__ if own else presidio_version()
    return f"{version}, threshold {options.threshold:g}"


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:  # told of when it is opened
        return 0


def _was_seen(acceptance: Acceptance, units: frozenset[str]) -> bool:
    """Whether a file was read of which an acceptance speaks."""
    if acceptance.path in units:
        return True
    is_pattern = acceptance.way in (Way.ALLOW, Way.WAIVER)
    return is_pattern and any(matches(acceptance.path, unit) for unit in units)


def _accepted(
    result: ScanResult,
    acceptances: list[Acceptance],
    options: ScanOptions,
    *,
    scope: tuple[str, ...],
) -> ScanResult:
    """The scan with acceptances applied, and remarks on those that accept nothing."""
    found = accept(result.findings, acceptances, options.today)
    within = frozenset(scope)
    remarks = stale(
        acceptances,
        found,
        in_scope=lambda each: (
            # Comments and rules of [phi] speak of any row, those of the house too.
            (each.rule.startswith(_PREFIX) or each.way in (Way.OK, Way.ALLOW))
            and each.rule != CANARY_RULE
            and _was_seen(each, within)
        ),
        tool=result.scanner,
    )
    return result.having((*found, *remarks))
