"""Advisories in the Open Source Vulnerability form (OSV schema 1.x), read from disk.

A source is one JSON file (a record, a list of records, or `{"vulns": [...]}` as api.osv.dev
answers), a folder of such files, or a zip of them as osv.dev publishes for each ecosystem.
"""

from __future__ import annotations

import json
import os
import re
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from clinigate.core.flaw import FlawSeverity
from clinigate.findings.sarif_text import severity_of_score
from clinigate.findings.troubles import ScannerError
from clinigate.security.scanners.dependencies_cvss import base_score
from clinigate.security.scanners.dependencies_package import NPM, PYPI, normal_name
from clinigate.security.scanners.dependencies_versions import Event

__all__ = ["Advisories", "Advisory", "Affected", "load_advisories"]

_LARGEST_RECORD = 16 * 1024 * 1024
_LARGEST_FILE = 256 * 1024 * 1024
_MOST_RECORDS = 2_000_000
#: By their names in small letters: a record that writes `pypi` means it too.
_ECOSYSTEMS = {each.casefold(): each for each in (PYPI, NPM)}
#: GitHub's words and those of CVSS.
_WORDS = {
    "CRITICAL": FlawSeverity.CRITICAL,
    "HIGH": FlawSeverity.HIGH,
    "MODERATE": FlawSeverity.MEDIUM,
    "MEDIUM": FlawSeverity.MEDIUM,
    "LOW": FlawSeverity.LOW,
}
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")

Wanted = Callable[[str, str], bool]


@dataclass(frozen=True, slots=True)
class Affected:
    """What an advisory says of one package.

    Attributes:
        ecosystem, name: the package.
        versions: versions that it lists by name.
        ranges: events of each range that can be compared.
        elsewhere: whether there are ranges of commits, which say nothing of a released version.
    """

    ecosystem: str
    name: str
    versions: tuple[str, ...]
    ranges: tuple[tuple[Event, ...], ...]
    elsewhere: bool


@dataclass(frozen=True, slots=True)
class Advisory:
    """One record.

    Attributes:
        id, aliases: its names.
        summary: in its own words, one line, shortened.
        severity: None where it states none that is understood.
        cwe: weaknesses.
        affected: the packages that were asked for.
    """

    id: str
    aliases: tuple[str, ...]
    summary: str
    severity: FlawSeverity | None
    cwe: tuple[str, ...]
    affected: tuple[Affected, ...]


@dataclass(frozen=True, slots=True)
class Advisories:
    """A source of advisories.

    Attributes:
        records: those in force that speak of a wanted package.
        count: all records of the source, wanted or not.
        ecosystems: of which it has any record: of the others it says nothing.
        as_of: the last day on which one of them was changed.
    """

    records: tuple[Advisory, ...]
    count: int
    ecosystems: frozenset[str]
    as_of: date


def load_advisories(path: Path, wanted: Wanted, *, today: date) -> Advisories:
    """Read a source.

    Args:
        path: file, folder or zip.
        wanted: whether a package (ecosystem, normalised name) matters.
        today: a record from the future does not make the source younger.

    Raises:
        ScannerError: there is nothing, or a record that cannot be understood: it could be the one
            that matters.
    """
    records: list[Advisory] = []
    count = 0
    as_of = date.min
    ecosystems: set[str] = set()
    for where, raw in _records(path):
        count += 1
        if count > _MOST_RECORDS:
            raise ScannerError(f"{path.name} holds more than {_MOST_RECORDS:,} advisories")
        as_of = max(as_of, min(_day(where, raw), today))
        ecosystems |= _ecosystems(raw)
        if raw.get("withdrawn") is None and (record := _record(where, raw, wanted)) is not None:
            records.append(record)
    if not count:
        raise ScannerError(f"{path.name} holds no advisory in OSV form (*.json)")
    return Advisories(tuple(records), count, frozenset(ecosystems), as_of)


def _records(path: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    if path.is_dir():
        for file in _files_below(path):
            yield from _of_file(file.relative_to(path).as_posix(), _bytes_of(file))
    elif zipfile.is_zipfile(path):
        yield from _of_zip(path)
    else:
        yield from _of_file(path.name, _bytes_of(path))


def _files_below(folder: Path) -> list[Path]:
    def refuse(error: OSError) -> None:
        raise ScannerError(f"{folder.name}: a folder in it cannot be read: {error.strerror}")

    below = os.walk(folder, onerror=refuse)
    return sorted(Path(here, name) for here, _, names in below for name in names if _is_json(name))


def _is_json(name: str) -> bool:
    return name.lower().endswith(".json")


def _bytes_of(file: Path) -> bytes:
    try:
        if file.stat().st_size > _LARGEST_FILE:
            raise ScannerError(f"{file.name} is larger than {_LARGEST_FILE:,} bytes")
        return file.read_bytes()
    except OSError as error:
        raise ScannerError(f"{file.name} cannot be read: {error.strerror}") from None


def _of_zip(path: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    try:
        with zipfile.ZipFile(path) as archive:
            for info in archive.infolist():
                if info.is_dir() or not _is_json(info.filename):
                    continue
                if info.file_size > _LARGEST_RECORD:
                    raise ScannerError(
                        f"{path.name}: {info.filename} is larger than {_LARGEST_RECORD:,} bytes"
                    )
                yield from _of_file(f"{path.name}/{info.filename}", archive.read(info))
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError) as error:
        raise ScannerError(f"{path.name} is a damaged zip: {type(error).__name__}") from None


def _of_file(where: str, data: bytes) -> Iterator[tuple[str, Mapping[str, Any]]]:
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        raise ScannerError(f"{where} is no whole JSON document") from None
    if isinstance(document, dict) and "vulns" in document and "id" not in document:
        document = document["vulns"]
    entries = document if isinstance(document, list) else [document]
    for entry in entries:
        if not isinstance(entry, dict):
            raise ScannerError(f"{where} holds {type(entry).__name__} where an advisory was wanted")
        yield where, entry


def _day(where: str, raw: Mapping[str, Any]) -> date:
    modified = raw.get("modified")
    found = _DAY.match(modified) if isinstance(modified, str) else None
    try:
        return date.fromisoformat(found.group() if found else "")
    except ValueError:
        raise ScannerError(f"{where}: {_name(raw)} has no date in `modified`") from None


def _record(where: str, raw: Mapping[str, Any], wanted: Wanted) -> Advisory | None:
    version = raw.get("schema_version", "1.0.0")
    if not str(version).startswith("1."):
        raise ScannerError(f"{where}: schema_version is {version!r}; 1.x is known here")
    if not isinstance(raw.get("id"), str):
        raise ScannerError(f"{where}: an advisory has no id")
    try:
        affected = tuple(_affected(raw.get("affected") or (), wanted))
        if not affected:
            return None
        return Advisory(
            id=raw["id"],
            aliases=tuple(sorted(str(alias) for alias in raw.get("aliases") or ())),
            summary=_summary(raw),
            severity=_severity(raw),
            cwe=_cwe(raw),
            affected=affected,
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        problem = f"{type(error).__name__} at a field that is not as OSV has it"
        raise ScannerError(f"{where}: {_name(raw)} cannot be understood ({problem})") from None


def _ecosystems(raw: Mapping[str, Any]) -> set[str]:
    """Those that a record speaks of; one that is malformed is refused where it matters."""
    entries = raw.get("affected")
    packages = [
        entry.get("package")
        for entry in (entries if isinstance(entries, list) else ())
        if isinstance(entry, dict)
    ]
    named = (_ecosystem(package) for package in packages if isinstance(package, dict))
    return {each for each in named if each is not None}


def _ecosystem(package: Mapping[str, Any]) -> str | None:
    """One of those that are read here; `Debian:12` and its like are none."""
    name = str(package.get("ecosystem", "")).partition(":")[0]
    return _ECOSYSTEMS.get(name.casefold())


def _affected(entries: Iterable[Mapping[str, Any]], wanted: Wanted) -> Iterator[Affected]:
    for entry in entries:
        package = entry.get("package") or {}
        ecosystem = _ecosystem(package)
        if ecosystem is None:
            continue
        name = normal_name(ecosystem, package["name"])
        if not wanted(ecosystem, name):
            continue
        ranges = list(entry.get("ranges") or ())
        yield Affected(
            ecosystem=ecosystem,
            name=name,
            versions=tuple(str(version) for version in entry.get("versions") or ()),
            ranges=tuple(_events(each) for each in ranges if each["type"] != "GIT"),
            elsewhere=any(each["type"] == "GIT" for each in ranges),
        )


def _events(entry: Mapping[str, Any]) -> tuple[Event, ...]:
    return tuple(
        Event(str(kind), str(version))
        for event in entry["events"]
        for kind, version in event.items()
    )


def _severity(raw: Mapping[str, Any]) -> FlawSeverity | None:
    scores = [
        score
        for entry in (raw.get("severity") or ())
        if (score := base_score(str(entry.get("score", "")))) is not None
    ]
    if scores:
        return severity_of_score(max(scores))
    specific = raw.get("database_specific") or {}
    return _WORDS.get(str(specific.get("severity", "")).upper())


def _cwe(raw: Mapping[str, Any]) -> tuple[str, ...]:
    listed = (raw.get("database_specific") or {}).get("cwe_ids") or ()
    return tuple(sorted({str(cwe) for cwe in listed if str(cwe).startswith("CWE-")}))


def _summary(raw: Mapping[str, Any]) -> str:
    text = str(raw.get("summary") or raw.get("details") or "")
    return " ".join(text.split())[:160]


def _name(raw: Mapping[str, Any]) -> str:
    return str(raw.get("id", "an advisory"))[:60]
