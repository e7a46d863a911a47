"""Which sheets a system is asked: every one, or a choice that meets every rule."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

from clinigate.clinical.instruments.definition import Definition
from clinigate.clinical.instruments.golden import GOLDEN
from clinigate.core.scoring import Answers
from clinigate.scenarios.prng import CounterPRNG

__all__ = ["Unfit", "covering", "every", "unfit", "uniform"]


@dataclass(frozen=True, slots=True)
class Unfit:
    """A sheet that must not be scored, and why, in the words of a finding."""

    what: str
    answers: Answers


def every(definition: Definition) -> Iterator[Answers]:
    """Every complete sheet, from all lowest to all highest."""
    form = definition.form
    return itertools.product(range(form.lowest, form.highest + 1), repeat=form.items)


def covering(definition: Definition) -> list[Answers]:
    """Sheets that meet every rule, each once.

    They are the hand-worked ones; each total, with the points at the first items, at the last, and
    spread; each item alone at each answer, among lowest and among highest; and each answer to the
    item that calls for somebody at once, at every total that it can come with.
    """
    chosen = [each.answers for each in GOLDEN if each.instrument is definition.instrument]
    chosen += _each_total(definition)
    chosen += _each_item(definition)
    chosen += _each_call(definition)
    return list(dict.fromkeys(chosen))


def uniform(definition: Definition, count: int, *, seed: int, calls: bool = False) -> list[Answers]:
    """`count` sheets drawn at random, with repetition, each complete sheet equally likely.

    With `calls`, among those whose item calls for somebody at once.
    """
    form = definition.form
    random = CounterPRNG("instruments", definition.instrument.value, seed, int(calls))
    span = form.highest - form.lowest + 1

    def answer(item: int) -> int:
        if calls and item == definition.follow_up_item:
            return form.lowest + 1 + random.below(span - 1)
        return form.lowest + random.below(span)

    return [tuple(answer(item) for item in range(form.items)) for _ in range(count)]


def unfit(definition: Definition) -> list[Unfit]:
    """Sheets that nobody may score: items left out, out of range, in parts, too few or too many.

    Numbers written as text, and true or false, are not among them: their meaning is plain, and
    many services accept them.
    """
    form = definition.form
    # Answers that differ: among equal ones the mean of the others is also the answer before it, and
    # among the highest a total would give away what is out of range.
    span = form.highest - form.lowest + 1
    mixed = tuple(form.highest - item % span for item in range(form.items))

    def with_answer(item: int, answer: object) -> Answers:
        return (*mixed[:item], answer, *mixed[item + 1 :])

    found = [Unfit("no answer at all", ()), Unfit("every item left out", (None,) * form.items)]
    found.append(Unfit("one item too few", mixed[:-1]))
    found.append(Unfit("one item too many", (*mixed, form.lowest)))
    found.append(Unfit("two items left out", (None, None, *mixed[2:])))
    for item in range(form.items):
        number = item + 1
        found += [
            Unfit(f"item {number} left out", with_answer(item, None)),
            Unfit(f"item {number} above the range", with_answer(item, form.highest + 1)),
            Unfit(f"item {number} below the range", with_answer(item, form.lowest - 1)),
        ]
    found.append(Unfit("an answer between two", with_answer(0, form.lowest + 0.5)))
    found.append(Unfit("an answer in words", with_answer(0, "often")))
    found.append(Unfit("an answer far out of range", with_answer(form.items - 1, 1_000_000)))
    return found


def _each_total(definition: Definition) -> Iterator[Answers]:
    for total in definition.totals:
        first = _filled(definition, total, definition.form.items)
        yield first
        yield first[::-1]
        yield _spread(definition, total)


def _each_item(definition: Definition) -> Iterator[Answers]:
    form = definition.form
    for base in (form.floor, form.ceiling):
        for item in range(form.items):
            for answer in range(form.lowest, form.highest + 1):
                yield (*base[:item], answer, *base[item + 1 :])


def _each_call(definition: Definition) -> Iterator[Answers]:
    place, form = definition.follow_up_item, definition.form
    if place is None:
        return
    others = form.items - 1
    for answer in range(form.lowest, form.highest + 1):
        for rest in range(others * form.lowest, others * form.highest + 1):
            sheet = _filled(definition, rest, others)
            yield (*sheet[:place], answer, *sheet[place:])


def _filled(definition: Definition, total: int, items: int) -> Answers:
    """A sheet of that total whose first items have as much as they can."""
    form = definition.form
    left, answers = total - items * form.lowest, []
    for _ in range(items):
        more = min(left, form.highest - form.lowest)
        answers.append(form.lowest + more)
        left -= more
    return tuple(answers)


def _spread(definition: Definition, total: int) -> Answers:
    """A sheet of that total whose answers differ by at most 1."""
    items = definition.form.items
    each, more = divmod(total, items)
    return tuple(each + (place < more) for place in range(items))
