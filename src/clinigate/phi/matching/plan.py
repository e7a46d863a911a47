"""What of the table is worth looking for, and by which expressions."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from functools import cache, cached_property
from pathlib import Path

import clinigate
from clinigate.phi.matching.cache import cached
from clinigate.phi.matching.compiled import Compiled, Database
from clinigate.phi.matching.outline import cluster, outline
from clinigate.phi.matching.syntax import near_word, portable, trigger
from clinigate.phi.matching.texts import required, worth
from clinigate.phi.nearby import AFTER, BEFORE
from clinigate.phi.recognizer import Form, Recognizer

__all__ = ["Kind", "Live", "Look", "Plan"]

#: So few forms are taken apart anew each time.
_FEW = 8
_MAKERS = ("plan", "outline", "syntax", "texts")
#: Forms that are looked for around digits alone are not wider, in bytes.
_WIDEST = 88
#: An anchor within an expression has become a line feed, and a boundary may be without one.
_SLACK = 8


@dataclass(frozen=True, slots=True)
class Live:
    """A form that can count.

    Attributes:
        row, form: what it is of the table.
        words: of which one has to stand near it for it to count; none where it counts by itself.
    """

    row: Recognizer
    form: Form
    words: tuple[str, ...]


class Kind(Enum):
    """What an automaton waits for: those of one kind are quicker by themselves."""

    #: A text that is rare: an automaton sleeps until it comes.
    TEXT = auto()
    #: Nothing but characters of some classes.
    BARE = auto()
    #: Some digits (`outline.DIGITS`), around which alone they are run.
    DIGITS = auto()


@dataclass(frozen=True, slots=True)
class Look:
    """An expression that an automaton runs.

    Attributes:
        live: which form it is of, as index of `Plan.live`.
        expression: portable; the form's match lies within the expression's, or this within it.
        behind: how far the match of the form may end before that of the expression.
        kind: with which others it is run.
        whole: whether it ends wherever the form does.
    """

    live: int
    expression: str
    behind: int = 0
    kind: Kind = Kind.BARE
    whole: bool = False


class Plan:
    """The forms of some rows that can reach a threshold."""

    def __init__(self, rows: Sequence[Recognizer], threshold: float) -> None:
        self.threshold = threshold
        self.live: tuple[Live, ...] = tuple(
            live for row in rows for form in row.forms if (live := _live(row, form, threshold))
        )

    @cached_property
    def looks(self) -> tuple[Look, ...]:
        """The expressions of all forms.

        A number that needs a word beside it is expressions with the word in them: an automaton
        tells nothing about the many places where the number stands alone. What has a text of its
        own is rare enough without the word.
        """
        if len(self.live) <= _FEW:
            return tuple(self._made())
        about = [json.dumps([each.form.pattern, each.words]) for each in self.live]
        kept = cached(about, f"looks {_code()}", lambda: _kept(self._made()))
        return tuple(
            Look(live, expression, behind, Kind(kind), whole)
            for live, expression, behind, kind, whole in json.loads(kept.databases[0].data)
        )

    @cached_property
    def reach(self) -> int:
        """What has to be seen on either side of digits for their looks to match as in all the text.

        It is the form, and the word beside it with what may stand between; in bytes.
        """
        looked = (self.live[each.live] for each in self.looks if each.kind is Kind.DIGITS)
        widths = (each.form.widest + (max(BEFORE, AFTER) if each.words else 0) for each in looked)
        return max(widths, default=0) + _SLACK

    def _made(self) -> Iterator[Look]:
        for index in range(len(self.live)):
            yield from self._looks(index)

    def _looks(self, index: int) -> Iterator[Look]:
        live = self.live[index]
        pattern = live.form.pattern
        digits = live.form.widest <= _WIDEST and cluster(pattern)
        kind = Kind.DIGITS if digits else Kind.BARE
        if live.words and (digits or not required(pattern)):
            after, *before = near_word(pattern, live.words, BEFORE, AFTER)
            yield Look(index, after, AFTER, kind)
            for expression in before:
                yield Look(index, expression, kind=kind)
            return
        short = None if digits else outline(pattern)
        expression = short or trigger(pattern)
        if not digits and (expression != portable(pattern) or worth(required(pattern))[0] > 1):
            kind = Kind.TEXT
        yield Look(index, expression, kind=kind, whole=short is None)


def _kept(looks: Iterable[Look]) -> Compiled:
    """Return looks as they are kept: taking a table's expressions apart takes a quarter second."""
    plain = [
        (each.live, each.expression, each.behind, each.kind.value, each.whole) for each in looks
    ]
    return Compiled((Database((), json.dumps(plain).encode()),))


@cache
def _code() -> str:
    """Return a digest of what makes looks of forms: with another one they are made anew."""
    files = (Path(__file__).with_name(f"{name}.py") for name in _MAKERS)
    try:
        return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()
    except OSError:  # packed in an archive
        return clinigate.__version__


def _live(row: Recognizer, form: Form, threshold: float) -> Live | None:
    if form.score >= threshold:
        return Live(row, form, ())
    if form.score + row.boost >= threshold:
        return Live(row, form, tuple(sorted(row.context)))
    return None
