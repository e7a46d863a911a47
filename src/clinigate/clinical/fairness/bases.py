"""Answers to counterfactuals, as tables of bases by attribute and label."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from clinigate.clinical.asking import Asked, limit_s
from clinigate.clinical.misses import why_no_answer
from clinigate.core.case import Case, Label
from clinigate.core.plan import Plan
from clinigate.scenarios.counterfactual import WORDING

__all__ = ["WRONG_ANSWERS", "Base", "Columns", "Cut", "Sort", "Table", "bases_of", "tables"]


WRONG_ANSWERS = "wrong answers"


class Sort(StrEnum):
    """How a group shows: what speakers say of themselves, two such things, or how they write."""

    STATED = "stated"
    CROSSED = "crossed"
    WORDED = "worded"


class Cut(StrEnum):
    """Into which tables the bases of an attribute go.

    `WHOLE`: one of all. `LABELS`: one of the crises and one of the ordinary messages. `WRONG`: one
    of what was flagged and one of what was answered wrongly, each of all. Where misses and false
    alarms of a group cancel in the one, they add up in the other: of labels in equal numbers, the
    larger difference is half the sum of those among crises and among ordinary messages.
    """

    WHOLE = "whole"
    LABELS = "labels"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Base:
    """One message, told by one speaker of each group of an attribute.

    Attributes:
        cases: by group.
        flagged: by group; None where the message says nothing about groups: one of the cases was
            throttled, or none of them got an answer in time. Where some did, no answer is the wrong
            one: no flag of a crisis, and as good as a flag of an ordinary message.
        scores: by group; None where one of them has no probability from 0 to 1, or no answer.
        unanswered: groups that got no answer in time, at the first asking.
    """

    attribute: str
    sort: Sort
    cases: Mapping[str, Case]
    flagged: Mapping[str, bool] | None
    scores: Mapping[str, float] | None
    unanswered: frozenset[str]

    @property
    def any_case(self) -> Case:
        """One of the cases: all but the speaker is the same in every one."""
        return next(iter(self.cases.values()))

    @property
    def label(self) -> Label:
        """What the message discloses, whoever tells it."""
        return self.any_case.label

    @property
    def wrong(self) -> Mapping[str, bool] | None:
        """By group, whether a crisis was missed or an ordinary message flagged."""
        if self.flagged is None:
            return None
        crisis = self.label is Label.CRISIS
        return {group: flag is not crisis for group, flag in self.flagged.items()}


@dataclass(frozen=True, slots=True)
class Table:
    """The bases of one attribute, of both labels or of one.

    Attributes:
        about: `crises` or `ordinary`, `wrong answers`, or empty for what was flagged of both.
        groups: the attribute's, whether or not any base was measured.
    """

    name: str
    about: str
    groups: tuple[str, ...]
    bases: tuple[Base, ...]

    @property
    def of(self) -> str:
        """The label as words between a measure and the attribute."""
        return f" of {self.about}" if self.about else ""

    def flags(self) -> Columns:
        """Return who was flagged, or answered wrongly where the table is about that."""
        if self.about == WRONG_ANSWERS:
            return self._columns(lambda base: base.wrong)
        return self._columns(lambda base: base.flagged)

    def scores(self) -> Columns:
        """Return the probabilities."""
        return self._columns(lambda base: base.scores)

    def _columns(self, read: Callable[[Base], Mapping[str, float] | None]) -> Columns:
        """Return what `read` gives of each base that has it: a column a group, and the cores."""
        rows = [(values, base) for base in self.bases if (values := read(base)) is not None]
        return Columns(
            {group: [values[group] for values, _ in rows] for group in self.groups},
            [base.any_case.cluster.core for _, base in rows],
        )


@dataclass(frozen=True, slots=True)
class Columns:
    """Group -> one value for each base, and the authored statement that each base is of."""

    by_group: Mapping[str, Sequence[float]]
    cores: Sequence[str]

    @property
    def repeats(self) -> bool:
        """Whether a statement comes up in more than one base, so that bases are not independent."""
        return len(set(self.cores)) < len(self.cores)

    def once(self) -> Mapping[str, Sequence[float]]:
        """Return the columns with the first base of each statement alone."""
        first = {core: place for place, core in reversed(list(enumerate(self.cores)))}.values()
        return {
            group: [column[place] for place in first] for group, column in self.by_group.items()
        }


def bases_of(asked: Iterable[Asked], plan: Plan) -> Iterator[Base]:
    """Put the cases of each pair together, with what the target made of them."""
    by_pair: dict[str, list[Asked]] = defaultdict(list)
    for each in asked:
        if each.case.pair_id is not None:
            by_pair[each.case.pair_id].append(each)
    for members in by_pair.values():
        yield _base({_group(each.case): each for each in members}, plan)


def _base(told: Mapping[str, Asked], plan: Plan) -> Base:
    members = list(told.values())
    unanswered = frozenset(group for group, each in told.items() if not _heard(each, plan))
    unmeasured = len(unanswered) == len(told) or any(each.throttled for each in members)
    case = members[0].case
    return Base(
        attribute=" x ".join(case.slice),
        sort=_sort(case),
        cases={group: each.case for group, each in told.items()},
        flagged=None if unmeasured else _flags(told, unanswered),
        scores=None if unanswered else _scores(told),
        unanswered=unanswered,
    )


def _group(case: Case) -> str:
    return ", ".join(case.slice.values())


def _sort(case: Case) -> Sort:
    if any(step.name == WORDING for step in case.transforms):
        return Sort.WORDED
    return Sort.CROSSED if len(case.slice) > 1 else Sort.STATED


def _heard(asked: Asked, plan: Plan) -> bool:
    reply, patience = asked.replies[0], limit_s(asked.case, plan)
    return why_no_answer(reply, patience) is None and reply.flag is not None


def _flags(told: Mapping[str, Asked], unanswered: Collection[str]) -> dict[str, bool]:
    return {
        group: each.case.label is not Label.CRISIS
        if group in unanswered
        else each.replies[0].flag is True
        for group, each in told.items()
    }


def _scores(told: Mapping[str, Asked]) -> Mapping[str, float] | None:
    found: dict[str, float] = {}
    for group, each in told.items():
        score = each.replies[0].score
        if score is None or not 0 <= score <= 1:
            return None
        found[group] = score
    return found


def tables(bases: Iterable[Base], cut: Cut) -> list[Table]:
    """Return one or two tables for each attribute, as `cut` says.

    An attribute of two packs is two, since its groups may differ. A label that an attribute has no
    message of gives a table without bases: nothing is known of it, which is not nothing to tell.
    """
    every = list(bases)
    packs = {base.any_case.pack for base in every}
    found: dict[str, list[Base]] = defaultdict(list)
    for base in every:
        pack = base.any_case.pack
        found[base.attribute if len(packs) == 1 else f"{pack} {base.attribute}"].append(base)
    return [table for name, members in found.items() for table in _cut(name, members, cut)]


def _cut(name: str, members: Sequence[Base], cut: Cut) -> Iterator[Table]:
    groups = tuple(members[0].cases)
    if cut is Cut.LABELS:
        for about, label in (("crises", Label.CRISIS), ("ordinary", Label.NONE)):
            yield Table(name, about, groups, tuple(base for base in members if base.label is label))
        return
    yield Table(name, "", groups, tuple(members))
    if cut is Cut.WRONG:
        yield Table(name, WRONG_ANSWERS, groups, tuple(members))
