"""Search files for identifiers and canaries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import MappingProxyType

from clinigate.core.flaw import FlawSeverity
from clinigate.errors import MissingExtraError
from clinigate.findings.acceptance import Acceptance, accept, stale
from clinigate.findings.inline import inline_acceptances
from clinigate.findings.model import Excluded, Found, ScanResult
from clinigate.findings.tree import relative_uri
from clinigate.phi.canaries import Patient
from clinigate.phi.canary_search import CanarySearch
from clinigate.phi.engine import ENGINE, Find, presidio_find, presidio_version
from clinigate.phi.files import Content, Unreadable, files_of, read_file
from clinigate.phi.finding import DEFAULT_THRESHOLD
from clinigate.phi.found import CANARY_RULE, CANARY_TOOL, Finder
from clinigate.phi.tokens import Tokens

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
        threshold: least score of what counts.
        max_bytes: larger files count as not looked at.
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
    threshold: float = DEFAULT_THRESHOLD
    max_bytes: int = 64 * 2**20
    patients: tuple[Patient, ...] = ()
    canary_file: Path | None = None
    acceptances: tuple[Acceptance, ...] = ()


@dataclass(frozen=True, slots=True)
class PhiScan:
    """What came of a scan.

    Attributes:
        identifiers: of the recognizers; nothing looked at where presidio is missing.
        canaries: of the canaries; None where there are none.
        missing: why the recognizers did not look, if they did not.
        tokens: fingerprint of a finding: the token of its value.
        left_out: patterns of paths that were left out on purpose.
        threshold: least score of what counts.
    """

    identifiers: ScanResult
    canaries: ScanResult | None
    missing: str | None
    tokens: Mapping[str, str]
    left_out: tuple[str, ...]
    threshold: float = DEFAULT_THRESHOLD

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
        UsageError: a path that does not exist.
        ConfigError: an acceptance that is malformed.
    """
    find, missing = _engine(options.threshold)
    own = None if options.canary_file is None else options.canary_file.resolve()
    files = files_of(options.base, options.paths, options.exclude)
    look = _Look(options, find)
    for path in files:
        if own is None or path.resolve() != own:
            look.at(path)
    acceptances = [*options.acceptances, *look.inline]
    canaries = None
    if look.search:
        canaries = _accepted(look.canaries(), acceptances, options, scope=())
    identifiers = look.identifiers() if find is not None else ScanResult(ENGINE, "", ())
    return PhiScan(
        identifiers=_accepted(identifiers, acceptances, options, scope=identifiers.units),
        canaries=canaries,
        missing=missing,
        tokens=MappingProxyType(look.finder.token_of),
        left_out=options.exclude,
        threshold=options.threshold,
    )


class _Look:
    """Goes through the files, one by one."""

    def __init__(self, options: ScanOptions, find: Find | None) -> None:
        self.search = CanarySearch(options.patients)
        self.finder = Finder(options.tokens, find)
        self.inline: list[Acceptance] = []
        self._options = options
        self._finds = find is not None
        self._read: list[str] = []
        self._searched: list[str] = []
        self._unread: list[Excluded] = []
        self._no_text: list[Excluded] = []
        self._identifiers: list[Found] = []
        self._canaries: list[Found] = []

    def at(self, path: Path) -> None:
        """Look at one file."""
        uri = relative_uri(path, self._options.base)
        content = read_file(path, max_bytes=self._options.max_bytes)
        if isinstance(content, Unreadable):
            self._unread.append(Excluded(uri, content.reason))
            return
        self._read.append(uri)
        if self.search:
            hits = self.search.search(content.data)
            self._canaries += self.finder.canaries(uri, content.data, hits)
        self._text(uri, content)

    def identifiers(self) -> ScanResult:
        """What the recognizers saw."""
        return ScanResult(
            scanner=ENGINE,
            version=f"{presidio_version()}, threshold {self._options.threshold:g}",
            units=tuple(self._searched),
            excluded=(*self._unread, *self._no_text),
            findings=tuple(self._identifiers),
        )

    def canaries(self) -> ScanResult:
        """What was seen of canaries: in every file that could be read, text or not."""
        return ScanResult(
            scanner=CANARY_TOOL,
            version=f"{len(self._options.patients)} patients",
            units=tuple(self._read),
            excluded=tuple(self._unread),
            findings=tuple(self._canaries),
        )

    def _text(self, uri: str, content: Content) -> None:
        if content.text is None:
            self._no_text.append(Excluded(uri, content.why_no_text))
            return
        self._searched.append(uri)
        self.inline += inline_acceptances(content.text, uri, self._options.today)
        if self._finds:
            self._identifiers += self.finder.identifiers(uri, content.text)


def _engine(threshold: float) -> tuple[Find | None, str | None]:
    try:
        return presidio_find(threshold), None
    except MissingExtraError as error:
        return None, str(error)


def _accepted(
    result: ScanResult,
    acceptances: list[Acceptance],
    options: ScanOptions,
    *,
    scope: tuple[str, ...],
) -> ScanResult:
    """The scan with acceptances applied, and remarks on those that accept nothing."""
    found = accept(result.findings, acceptances, options.today)
    remarks = stale(
        acceptances,
        found,
        in_scope=lambda each: (
            each.rule.startswith(_PREFIX) and each.rule != CANARY_RULE and each.path in scope
        ),
        tool=ENGINE,
    )
    return result.having((*found, *remarks))
