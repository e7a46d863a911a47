"""What of the table is worth looking for, and by which expressions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from clinigate.phi.matching.syntax import near_word, trigger
from clinigate.phi.nearby import AFTER, BEFORE
from clinigate.phi.recognizer import Form, Recognizer

__all__ = ["Live", "Look", "Plan"]


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


@dataclass(frozen=True, slots=True)
class Look:
    """An expression that an automaton runs.

    Attributes:
        live: which form it is of, as index of `Plan.live`.
        expression: portable; the form's match lies within the expression's.
        behind: how far the match of the form may end before that of the expression.
    """

    live: int
    expression: str
    behind: int


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

        A form that needs a word beside it is expressions with the word in them: an automaton tells
        nothing about the many places where the form stands alone.
        """
        return tuple(look for index in range(len(self.live)) for look in self._looks(index))

    def _looks(self, index: int) -> Iterator[Look]:
        live = self.live[index]
        if not live.words:
            yield Look(index, trigger(live.form.pattern), 0)
            return
        after, *before = near_word(live.form.pattern, live.words, BEFORE, AFTER)
        yield Look(index, after, AFTER)
        for expression in before:
            yield Look(index, expression, 0)


def _live(row: Recognizer, form: Form, threshold: float) -> Live | None:
    if form.score >= threshold:
        return Live(row, form, ())
    if form.score + row.boost >= threshold:
        return Live(row, form, tuple(sorted(row.context)))
    return None
