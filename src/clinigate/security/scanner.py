"""What a scanner is: one file in `security/scanners`, one entry in `security.registry`."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from types import MappingProxyType

from clinigate.config.loader import LoadedConfig
from clinigate.config.security import SecurityTable
from clinigate.core.flaw import FlawSeverity
from clinigate.findings.model import Excluded, ScanResult
from clinigate.findings.tree import relative_uri, unseen, walk

__all__ = ["SEVERITIES", "ScanContext", "Scanner", "Topic", "demanded", "metric_of"]

#: Severities that have a metric each, the mildest demand first.
SEVERITIES = (FlawSeverity.HIGH, FlawSeverity.MEDIUM, FlawSeverity.LOW)


@dataclass(frozen=True, slots=True)
class Topic:
    """What a scanner counts by itself: its metrics are `security.<name>.high`, `.medium`, `.low`.

    Attributes:
        name: as `sast`, `checkov`, `trivy.vuln`.
        title: what must not be there, in plain words: `weaknesses in Python code`.
        nothing: said where there was nothing to look at, and what to do about it.
        controls: clauses that it speaks to.
    """

    name: str
    title: str
    nothing: str = "nothing to look at was found"
    controls: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ScanContext:
    """What one scan looks at, the same for every scanner.

    Attributes:
        base: what findings name their places against; where programs run.
        paths: files and folders, relative to `base`.
        exclude: patterns of what is left out (`clinigate.findings.globs`).
        config: all of the configuration: the target, the roles.
        today: the day of the scan.
        scratch: an empty folder of this scanner's own, gone afterwards.
        stop: set when everybody is to stop; hand it to `run_program`.
        secret_key: under which secrets leave a trace in fingerprints (`findings.secret_token`).
    """

    base: Path
    paths: tuple[str, ...]
    exclude: tuple[str, ...]
    config: LoadedConfig
    today: date
    scratch: Path
    stop: threading.Event = field(default_factory=threading.Event)
    secret_key: bytes | None = None

    @property
    def table(self) -> SecurityTable:
        """`[security]`."""
        return self.config.config.security

    def files(self, wanted: Callable[[Path], bool]) -> tuple[Path, ...]:
        """Return the files of the scan that a scanner wants, in order.

        Raises:
            UsageError: a path does not exist.
        """
        files = walk(self.base, self.paths, exclude=self.exclude, missed=_told_by_unseen)
        return tuple(path for path in files if wanted(path))

    def unseen(self, wanted: Callable[[Path], bool]) -> tuple[Excluded, ...]:
        """Return folders that cannot be read, and links to what is not scanned."""
        return tuple(unseen(self.base, self.paths, exclude=self.exclude, wanted=wanted))

    def uri(self, path: Path) -> str:
        """Return how findings name a file."""
        return relative_uri(path, self.base)


@dataclass(frozen=True, slots=True)
class Scanner:
    """One scanner.

    Attributes:
        id: as `--scanner` names it.
        check: the id under which it observes, as `CG-SEC-BANDIT-001`.
        summary: what it looks for, in one line.
        topics: what it counts.
        rules: matches the ids of its rules, as a whole; acceptances of these are its business.
        missing: says why it cannot look and how to get it, None where it can. Starts nothing.
        scan: looks, and returns a result for each topic, by the topic's name. What could not be
            looked at is `excluded` there; a `ScannerError` makes the scan an ERROR.
        looks_at: whether it would look at a file of this name; None where it looks at no files.
            What of that cannot be reached is excluded from each of its topics.
        same: its rules that another scanner has too, by the name that both give here.
    """

    id: str
    check: str
    summary: str
    topics: tuple[Topic, ...]
    rules: re.Pattern[str]
    missing: Callable[[ScanContext], str | None]
    scan: Callable[[ScanContext], Mapping[str, ScanResult]]
    looks_at: Callable[[Path], bool] | None = None
    same: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


def _told_by_unseen(_path: Path, _reason: str) -> None:
    """What cannot be read is excluded once, for all topics of a scanner."""


def metric_of(topic: Topic, severity: FlawSeverity) -> str:
    """Return the name of a metric, which is that of its criterion too."""
    return f"security.{topic.name}.{severity}"


def demanded(severity: FlawSeverity) -> Sequence[FlawSeverity]:
    """Return the severities that are counted where `severity` is the least that may not be open."""
    return [each for each in SEVERITIES if each.at_least(severity)]
