"""People's ratings of conversations, from a file of CSV or JSON lines."""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from clinigate.clinical.judge.rubric import HIGHEST, LOWEST
from clinigate.core.canonical import parse_json
from clinigate.core.statistics.agreement import krippendorff_alpha
from clinigate.errors import UsageError

__all__ = ["Rated", "Ratings", "alpha_of", "read_ratings"]

_NEEDED = ("id", "rater", "empathy")
_KNOWN = (*_NEEDED, "appropriate", "comment")
_WORDS = MappingProxyType({"true": True, "yes": True, "1": True, "false": False, "no": False,
                           "0": False})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Rated:
    """One person's rating of one conversation; `appropriate` None where it was not asked."""

    empathy: int
    appropriate: bool | None


@dataclass(frozen=True, slots=True)
class Ratings:
    """By conversation and rater."""

    by_item: Mapping[str, Mapping[str, Rated]]

    @property
    def raters(self) -> tuple[str, ...]:
        """Everybody who rated something, by name."""
        return tuple(sorted({name for rated in self.by_item.values() for name in rated}))

    @property
    def double(self) -> Mapping[str, Mapping[str, Rated]]:
        """The conversations that two people or more rated."""
        return {item: rated for item, rated in self.by_item.items() if len(rated) > 1}

    @property
    def asks_appropriateness(self) -> bool:
        """Whether of any conversation two people were asked more than empathy."""
        return any(self.appropriate(item) is not None for item in self.double)

    def points(self, item: str) -> float:
        """The mean of people's points."""
        rated = self.by_item[item].values()
        return sum(each.empathy for each in rated) / len(rated)

    def appropriate(self, item: str) -> bool | None:
        """What most people say, in a tie no; None where fewer than two said anything of it."""
        said = [r.appropriate for r in self.by_item[item].values() if r.appropriate is not None]
        return 2 * sum(said) > len(said) if len(said) > 1 else None

    def alpha(self) -> float | None:
        """How far people agree on empathy."""
        return alpha_of(
            [{name: r.empathy for name, r in rated.items()} for rated in self.by_item.values()]
        )


def alpha_of(points: Collection[Mapping[str, int]]) -> float | None:
    """Krippendorff's alpha, on an interval scale, of points by rater, one mapping an item."""
    raters = sorted({name for each in points for name in each})
    return krippendorff_alpha(
        [[float(each[name]) if name in each else None for each in points] for name in raters]
    )


def read_ratings(path: Path, *, known: Collection[str] | None = None) -> Ratings:
    """Read a file of ratings: `id`, `rater`, `empathy` from 1 to 5, `appropriate`, `comment`.

    Args:
        path: `.csv` with a header, or `.jsonl`, one object a line.
        known: ids of the conversations that may be rated; None takes every id.

    Raises:
        UsageError: the file is missing, empty or malformed, one person rated a conversation twice,
            an id is unknown, or all ratings are of one person; file and line are named.
    """
    rows = _csv(path) if path.suffix.lower() == ".csv" else _jsonl(path)
    by_item: dict[str, dict[str, Rated]] = {}
    spelled: dict[str, str] = {}
    for where, row in rows:
        item, name, rated = _rated(row, where)
        rater = spelled.setdefault(_same_name(name), name)
        if known is not None and item not in known:
            raise UsageError(
                f"{where}: no conversation has the id {item[:40]!r}; rate those of the file that "
                "the raters were given"
            )
        if rater in by_item.setdefault(item, {}):
            raise UsageError(
                f"{where}: {rater[:40]!r} rated conversation {item[:40]!r} before; remove one of "
                "the two"
            )
        by_item[item][rater] = rated
    ratings = Ratings(MappingProxyType(by_item))
    if not by_item:
        raise UsageError(f"{path.name}: holds no rating")
    if len(ratings.raters) < 2:
        raise UsageError(
            f"{path.name}: all ratings are by {ratings.raters[0][:40]!r}; two people or more must "
            "rate the same conversations, or nobody can tell what is the rater's own"
        )
    if not ratings.double:
        raise UsageError(
            f"{path.name}: no conversation was rated by two people; let two rate the same ones"
        )
    return ratings


def _same_name(name: str) -> str:
    """Case, blanks and the code of a letter make no second person of one."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def _rated(row: Mapping[str, Any], where: str) -> tuple[str, str, Rated]:
    unknown = sorted(set(row) - set(_KNOWN), key=str)
    if unknown:
        raise UsageError(f"{where}: unknown column {unknown[0]!r}; known are {', '.join(_KNOWN)}")
    missing = [name for name in _NEEDED if str(row.get(name) or "").strip() == ""]
    if missing:
        raise UsageError(f"{where}: {missing[0]} is missing")
    points = str(row["empathy"]).strip()
    if points not in map(str, range(LOWEST, HIGHEST + 1)):
        raise UsageError(f"{where}: empathy must be a whole number from {LOWEST} to {HIGHEST}")
    said = str("" if row.get("appropriate") is None else row["appropriate"]).strip().lower()
    if said and said not in _WORDS:
        raise UsageError(f"{where}: appropriate must be yes or no")
    appropriate = _WORDS[said] if said else None
    return str(row["id"]).strip(), str(row["rater"]).strip(), Rated(int(points), appropriate)


def _csv(path: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    reader = csv.DictReader(io.StringIO(_text(path)), strict=True)
    try:
        header = list(reader.fieldnames or ())
        if len(set(header)) < len(header):
            raise UsageError(f"{path.name}:1: names a column twice; name each once")
        for row in reader:
            where = f"{path.name}:{reader.line_num}"
            if None in row:
                raise UsageError(f"{where}: has more values than the header has names")
            yield where, row
    except csv.Error as error:
        raise UsageError(f"{path.name}:{reader.line_num}: is no CSV ({error})") from None


def _jsonl(path: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for number, line in enumerate(_text(path).split("\n"), start=1):
        if not line.strip():
            continue
        where = f"{path.name}:{number}"
        try:
            row = parse_json(line)
        except (ValueError, RecursionError):
            row = None
        if not isinstance(row, dict):
            raise UsageError(f"{where}: is no JSON object; one rating a line is wanted")
        yield where, row


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror}); name another file") from None
    except UnicodeDecodeError:
        raise UsageError(f"{path.name}: is not UTF-8 text; save it as UTF-8") from None
