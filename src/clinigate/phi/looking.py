"""Look at one file: its parts, what stands in them, and what of them could not be seen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from clinigate.errors import MissingExtraError
from clinigate.phi.canary_lines import CanarySight, CanarySweep
from clinigate.phi.canary_search import CanarySearch
from clinigate.phi.engine import Find, presidio_find
from clinigate.phi.finding import search_for
from clinigate.phi.matching.search import Search
from clinigate.phi.model import Hit
from clinigate.phi.pieces import Lines, find_in_pieces
from clinigate.phi.recognizer import Recognizer
from clinigate.phi.surfaces import Limits, Part, Skipped, TruncatedError, open_path
from clinigate.phi.sweep import Finder, Sight, Sweep, line_finder
from clinigate.phi.table import RECOGNIZERS
from clinigate.phi.tokens import Tokens

if TYPE_CHECKING:
    from clinigate.config.phi_rows import NlpTable

__all__ = ["FAST", "MOST", "PRESIDIO", "Look", "Looked", "Looker", "Seen"]

#: Engines of a scan.
FAST, PRESIDIO = "fast", "presidio"
#: Finds of one file that are told apart; a file with more of them is no file to go through by hand.
MOST = 10_000
_TOO_MANY = f"more than {MOST:,} finds; the rest is not told apart"
_PACKED = "a compressed stream in it holds more than is searched for canaries"
#: What presidio is given at once, at most: it is made for pages.
_TEXT = 64 * 2**20


@dataclass(frozen=True, slots=True)
class Look:
    """One file to look at.

    Attributes:
        path: the file.
        uri: its name in findings.
        threshold: least score of what counts.
        names: whether names and places in prose are looked for.
    """

    path: Path
    uri: str
    threshold: float
    names: bool = False


@dataclass(frozen=True, slots=True)
class Seen:
    """A find in a file, without its value.

    Attributes:
        part: the part's name; "" for the file itself.
        line, column: where, as far as the part has such.
        field: the column, key or segment it stands in.
        rule, score, placeholder: as of `Hit`.
        token: what stands for the value.
    """

    part: str
    line: int | None
    column: int | None
    field: str | None
    rule: str
    score: float
    placeholder: str | None
    token: str


@dataclass(slots=True)
class Looked:
    """What came of one file.

    Attributes:
        uri: its name in findings.
        read: whether anything of it was read.
        size: bytes that were looked at, unpacked.
        media: what its parts are, and how many of each.
        seen: finds, in order of place.
        canaries: data of synthetic patients.
        skipped: parts that were not looked at, and why.
        truncated: parts that end before their source, and why.
        accepts: whether a comment in it may accept something.
    """

    uri: str
    read: bool = False
    size: int = 0
    media: Counter[str] = field(default_factory=Counter)
    seen: list[Seen] = field(default_factory=list)
    canaries: list[CanarySight] = field(default_factory=list)
    skipped: list[tuple[str, str]] = field(default_factory=list)
    truncated: list[tuple[str, str]] = field(default_factory=list)
    accepts: bool = False


#: What the words of a comment that accepts something hold.
_MARKS = (b"clinigate:", b"phi-ok")
_OVERLAP = max(map(len, _MARKS)) - 1


class Looker:
    """Looks at files, one after the other; a process has one."""

    def __init__(
        self,
        tokens: Tokens,
        canaries: CanarySearch,
        *,
        engine: str = FAST,
        limits: Limits = Limits(),  # noqa: B008 - frozen
        identifiers: bool = True,
        rows: Sequence[Recognizer] = RECOGNIZERS,
        nlp: NlpTable | None = None,
    ) -> None:
        """Prepare to look.

        Args:
            tokens: what stands for values.
            canaries: what is looked for in every byte.
            engine: `FAST`, or `PRESIDIO` as the reference.
            limits: how much of one file is opened.
            identifiers: whether the table is looked for at all.
            rows: the table.
            nlp: a language model of the user's, which presidio runs.
        """
        self._tokens = tokens
        self._canaries = canaries
        self._engine = engine
        self._limits = limits
        self._identifiers = identifiers
        self._rows = rows
        self._nlp = nlp
        #: By threshold: the hash of rows of users costs more than a small file.
        self._searches: dict[float, Search] = {}

    def at(self, look: Look) -> Looked:
        """Look at one file. Raises MissingExtraError where the engine is not installed."""
        return self.through(open_path(look.path, self._limits), look)

    def through(self, parts: Iterable[Part | Skipped], look: Look) -> Looked:
        """Look at the parts of something that need be no file."""
        looked = Looked(look.uri)
        names: dict[str, int] = {}
        known: _Known = {}
        for part in parts:
            if isinstance(part, Skipped):
                looked.skipped.append((part.name, part.reason))
                continue
            names.setdefault(part.name, len(names))
            self._part(part, look, looked, known)
        looked.seen.sort(key=lambda seen: (names[seen.part], seen.line or 0, seen.column or 0))
        return looked

    def _part(self, part: Part, look: Look, looked: Looked, known: _Known) -> None:
        looked.read = True
        looked.media[part.media] += 1
        canaries = CanarySweep(self._canaries, part) if self._canaries else None
        search = self._search(part, look)
        marks = _Marks()
        try:
            for chunk in part.chunks:
                looked.size += len(chunk)
                if canaries is not None:
                    looked.canaries += canaries.feed(chunk)
                if search is not None:
                    self._note(part, search.feed(chunk), looked, known)
                if part.name == "":
                    marks.feed(chunk)
        except TruncatedError as problem:
            looked.truncated.append((part.name, str(problem)))
        if canaries is not None:
            looked.canaries += canaries.finish()
            if canaries.cut:
                looked.truncated.append((part.name, _PACKED))
        if search is not None:
            self._note(part, search.finish(), looked, known)
        looked.accepts = looked.accepts or marks.found

    def _search(self, part: Part, look: Look) -> Sweep | _Pages | None:
        if part.literal or not self._identifiers:
            return None
        if self._engine == PRESIDIO:
            return _Pages(presidio_find(look.threshold, rows=self._rows, nlp=self._nlp))
        if look.threshold not in self._searches:
            self._searches[look.threshold] = search_for(look.threshold, self._rows)
        finders: list[Finder] = [self._searches[look.threshold].hits]
        if look.names:
            finders.append(_names(look.threshold))
        return Sweep(finders)

    def _note(self, part: Part, sights: Sequence[Sight], looked: Looked, known: _Known) -> None:
        """Keep what was seen and is not known yet, without what it is."""
        for sight in sights:
            seen = self._seen(part, sight)
            same = (seen.part, seen.line, seen.rule, seen.token)
            other = known.get((*same, seen.field is None))
            if other is not None:
                # Found in a line as it stands, and in one of its fields: it is the same one.
                first = looked.seen[other]
                looked.seen[other] = replace(first, field=first.field or seen.field)
                continue
            if len(looked.seen) >= MOST:
                if not looked.truncated or looked.truncated[-1] != (part.name, _TOO_MANY):
                    looked.truncated.append((part.name, _TOO_MANY))
                return
            known.setdefault((*same, seen.field is not None), len(looked.seen))
            looked.seen.append(seen)

    def _seen(self, part: Part, sight: Sight) -> Seen:
        line, name = part.place(sight.line)
        return Seen(
            part=part.name,
            line=line,
            # Of what stands in a field, the bytes before it on its line are not the source's.
            column=sight.column if name is None and line is not None else None,
            field=name,
            rule=sight.hit.rule,
            score=sight.hit.score,
            placeholder=sight.hit.placeholder,
            token=self._tokens.of(sight.value.decode("utf-8", "backslashreplace")),
        )


#: Where in the list a find stands, by part, line, rule, token, and whether it has a field.
_Known = dict[tuple[str, int | None, str, str, bool], int]


class _Marks:
    """Whether a comment that accepts may stand in bytes that come in chunks."""

    def __init__(self) -> None:
        self.found = False
        self._tail = b""

    def feed(self, chunk: bytes) -> None:
        if not self.found:
            self.found = any(
                mark in chunk or mark in self._tail + chunk[:_OVERLAP] for mark in _MARKS
            )
            self._tail = (self._tail + chunk[-_OVERLAP:])[-_OVERLAP:]


class _Pages:
    """presidio's search, of a text that is gathered first."""

    def __init__(self, find: Find) -> None:
        self._find = find
        self._held: list[bytes] = []
        self._size = 0

    def feed(self, chunk: bytes) -> list[Sight]:
        self._held.append(chunk)
        self._size += len(chunk)
        if self._size > _TEXT:
            self._held = []
            raise TruncatedError(f"presidio is given {_TEXT // 2**20} MB of a file at most")
        return []

    def finish(self) -> list[Sight]:
        return list(self._sights(b"".join(self._held).decode("utf-8", "replace")))

    def _sights(self, text: str) -> Iterator[Sight]:
        lines = Lines(text)
        for hit in find_in_pieces(text, self._find):
            line, column = lines.place(hit.start)
            yield Sight(hit, line, column, text[hit.start : hit.end].encode("utf-8", "replace"))


def _names(threshold: float) -> Finder:
    find = _find_names()
    return line_finder(lambda data: (hit for hit in find(data) if hit.score >= threshold))


def _find_names() -> Callable[[bytes], list[Hit]]:
    try:
        from clinigate.phi.names import find_names
    except ImportError:
        raise MissingExtraError("the search for names in prose", "phi") from None
    return find_names
