"""A project's folder on disk, a scan of it by one scanner, and what its criterion makes of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from clinigate.config.loader import load_config
from clinigate.core.flaw import FlawSeverity
from clinigate.core.measurement import Measurement
from clinigate.core.observation import Fault, Finding, Gap
from clinigate.core.verdict import Status
from clinigate.security.criteria import criterion_of
from clinigate.security.scan import Scan, context_for, perform, record_scan
from clinigate.security.scanner import Scanner, metric_of

TODAY = date(2026, 11, 20)


@dataclass
class Heard:
    """A recorder that keeps what it is handed."""

    observations: list[Any]

    def observation(self, observation: Any) -> None:
        self.observations.append(observation)


@dataclass(frozen=True)
class Outcome:
    """What one scan said of one topic, at the severity that the configuration demands."""

    scan: Scan
    about: list[Any]

    @property
    def status(self) -> Status:
        """PASS, FAIL or INCONCLUSIVE by the criterion; NOT_ASSESSED of a gap, ERROR of a fault."""
        for each in self.about:
            if isinstance(each, Gap):
                return Status.NOT_ASSESSED
            if isinstance(each, Fault):
                return Status.ERROR
        topic = self.scan.looked[0].topic
        return criterion_of(topic, FlawSeverity.HIGH).judge(self.measurement).status

    @property
    def measurement(self) -> Measurement:
        return next(each for each in self.about if isinstance(each, Measurement))

    @property
    def messages(self) -> list[str]:
        return [each.message for each in self.about if isinstance(each, Finding)]

    @property
    def reason(self) -> str:
        return next(each.reason for each in self.about if isinstance(each, Gap | Fault))


Project = Callable[[Mapping[str, str | bytes]], Path]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Write files and return their folder."""

    def write(files: Mapping[str, str | bytes]) -> Path:
        for name, content in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            data = content if isinstance(content, bytes) else content.encode()
            path.write_bytes(data)
        return tmp_path

    return write


@pytest.fixture(scope="session")
def scanned() -> Callable[..., list[Outcome]]:
    """Scan a folder with one scanner as the command does; an outcome for each topic."""

    def scan(scanner: Scanner, folder: Path, table: str = "") -> list[Outcome]:
        settings = folder / "clinigate.toml"
        if not settings.exists() or table:
            settings.write_text(f'[subject]\nname = "sample"\n{table}', encoding="utf-8")
        context = context_for(load_config(settings), today=TODAY)
        done = perform([scanner], context, part=True)
        heard = Heard([])
        record_scan(done, heard, FlawSeverity.HIGH)
        outcomes = []
        for position, looked in enumerate(done.looked):
            metric = metric_of(looked.topic, FlawSeverity.HIGH)
            about = [o.about for o in heard.observations if o.about.metric == metric]
            one = Scan((done.looked[position],), done.merged, ())
            outcomes.append(Outcome(one, about))
        return outcomes

    return scan
