"""Read a Cobertura report, as coverage.py and others write it; believe no more of it than it shows.

XML can name entities that grow to gigabytes and documents that are fetched. Neither belongs into a
report: an internal subset or an entity is refused, and nothing is ever fetched.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from xml.parsers import expat

from clinigate.errors import UsageError

__all__ = ["CoveredFile", "Report", "read_report"]

_MOST_BYTES = 100_000_000
_CONDITIONS = re.compile(r"\d{1,3}(?:\.\d+)?% \((\d{1,9})/(\d{1,9})\)")


@dataclass(frozen=True, slots=True)
class CoveredFile:
    """One source file: branches that there are, and those that a test took."""

    name: str
    branches: int
    taken: int


@dataclass(frozen=True, slots=True)
class Report:
    """What a report says.

    Attributes:
        written_at: when, by the clock of whoever wrote it; None where it does not say.
        sources: folders that the names of files start from.
        files: with their branches, as the lines count them.
    """

    written_at: datetime | None
    sources: tuple[str, ...]
    files: tuple[CoveredFile, ...]

    @property
    def branches(self) -> int:
        """All branches."""
        return sum(each.branches for each in self.files)

    @property
    def taken(self) -> int:
        """Those that a test took."""
        return sum(each.taken for each in self.files)


@dataclass(slots=True)
class _Reading:
    """What the parser has met so far."""

    about: Mapping[str, str] | None = None
    sources: list[str] = field(default_factory=list)
    files: dict[str, list[int]] = field(default_factory=dict)
    within: list[str] = field(default_factory=list)
    current: str = ""
    text: str = ""

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        if not self.within and name != "coverage":
            raise UsageError(f"its root is <{name[:40]}>, wanted <coverage>: no Cobertura report")
        if name == "coverage":
            self.about = dict(attributes)
        elif name == "class":
            self.current = attributes.get("filename", "")
            if not self.current:
                raise UsageError("a <class> names no file")
            self.files.setdefault(self.current, [0, 0])
        elif name == "line" and attributes.get("branch") == "true" and self._counts:
            taken, branches = _conditions(attributes, self.current)
            self.files[self.current][0] += branches
            self.files[self.current][1] += taken
        self.within.append(name)
        self.text = ""

    @property
    def _counts(self) -> bool:
        """Lines of a class count; those of its methods are the same ones again."""
        return "class" in self.within and "methods" not in self.within

    def end(self, name: str) -> None:
        if name == "source" and self.text.strip():
            self.sources.append(self.text.strip())
        self.within.pop()

    def data(self, text: str) -> None:
        if self.within and self.within[-1] == "source":
            self.text += text


def read_report(path: Path) -> Report:
    """Read a report.

    Raises:
        UsageError: it is truncated, no Cobertura report, holds what no report holds, or contradicts
            itself; the file is named.
        OSError: it cannot be read.
    """
    try:
        return _parsed(_bytes(path))
    except expat.ExpatError as error:
        raise UsageError(
            f"{path.name}: line {error.lineno}: {expat.errors.messages[error.code]}: it is cut off "
            "or no XML; write it again with `coverage xml`"
        ) from None
    except (LookupError, ValueError) as error:
        raise UsageError(f"{path.name}: its encoding is not read ({error}); write UTF-8") from None
    except UsageError as error:
        raise UsageError(f"{path.name}: {error}") from None


def _bytes(path: Path) -> bytes:
    if path.stat().st_size > _MOST_BYTES:
        raise UsageError(f"it is larger than {_MOST_BYTES:,} bytes, which no report is")
    return path.read_bytes()


def _parsed(data: bytes) -> Report:
    reading = _Reading()
    parser = expat.ParserCreate()
    parser.StartElementHandler = reading.start
    parser.EndElementHandler = reading.end
    parser.CharacterDataHandler = reading.data
    parser.StartDoctypeDeclHandler = _doctype
    parser.EntityDeclHandler = _entity
    parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
    parser.Parse(data, True)
    assert reading.about is not None
    report = Report(
        _written_at(reading.about),
        tuple(reading.sources),
        tuple(CoveredFile(name, *counts) for name, counts in sorted(reading.files.items())),
    )
    _agree(report, reading.about)
    return report


def _doctype(_name: str, _system: str | None, _public: str | None, has_subset: bool) -> None:
    if has_subset:
        raise UsageError("it defines a document type of its own, which no report needs")


def _entity(*_about: object) -> None:
    raise UsageError("it defines entities, which no report needs")


def _conditions(attributes: Mapping[str, str], file: str) -> tuple[int, int]:
    said = attributes.get("condition-coverage", "")
    match = _CONDITIONS.fullmatch(said)
    if match is None or int(match[1]) > int(match[2]):
        raise UsageError(f"{file}: a branch covers {said[:40]!r}, wanted as '50% (1/2)'")
    return int(match[1]), int(match[2])


def _written_at(about: Mapping[str, str]) -> datetime | None:
    """coverage.py tells milliseconds since 1970, others seconds."""
    text = about.get("timestamp", "")
    if not re.fullmatch(r"\d{1,14}", text):
        return None
    number = int(text)
    return datetime.fromtimestamp(number / 1000 if number > 10**11 else number, UTC)


def _agree(report: Report, about: Mapping[str, str]) -> None:
    """What the root sums up is what the lines hold: else lines were taken out, or put in."""
    for name, counted in (("branches-valid", report.branches), ("branches-covered", report.taken)):
        said = about.get(name)
        if said is not None and said != str(counted):
            raise UsageError(f"{name} is {said[:20]}, and its lines hold {counted}: it was changed")
