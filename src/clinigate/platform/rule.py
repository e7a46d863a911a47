"""What a rule is: a function over manifests that says, of each thing it looked at, how it stands.

A *topic* is what one criterion judges ("workloads survive a drain"); several rules may speak to it.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from clinigate.core.flaw import FlawSeverity, Place
from clinigate.errors import CheckDefinitionError
from clinigate.platform.resource import Field, ManifestShapeError, Resource

if TYPE_CHECKING:
    from clinigate.platform.manifests import Manifests

__all__ = [
    "RULES",
    "Judged",
    "Rule",
    "RuleRegistry",
    "Topic",
    "Unread",
    "breaks",
    "each",
    "keeps",
    "rule",
    "topic",
]

_ID = re.compile(r"CG-PLAT-[A-Z0-9]+(-[A-Z0-9]+)*-\d{3}")
_METRIC = re.compile(r"platform\.[a-z][a-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Topic:
    """What one criterion judges: the open findings of its rules.

    Attributes:
        metric: of the measurement and the criterion, as `platform.disruption`.
        title: what holds when nothing is found, in plain words.
        controls: clauses that it serves.
    """

    metric: str
    title: str
    controls: tuple[str, ...] = ()

    @property
    def check_id(self) -> str:
        """The id under which its measurement stands."""
        return f"CG-PLAT-{self.metric.partition('.')[2].upper().replace('_', '-')}-001"


@dataclass(frozen=True, slots=True)
class Judged:
    """One thing that a rule looked at.

    Attributes:
        unit: what it is, as `Deployment clinic/chat` or `namespace clinic`; each counts once.
        ok: whether it keeps the rule.
        message: what is wanted and what was found; never a secret's value.
        fix: what to do, in one sentence.
        place: where; it must be given where `ok` is False.
        severity: where it is not the rule's own.
        origin: the template that it was rendered from, where that is known.
    """

    unit: str
    ok: bool
    message: str = ""
    fix: str = ""
    place: Place | None = None
    severity: FlawSeverity | None = None
    origin: str = ""


@dataclass(frozen=True, slots=True)
class Unread:
    """Something that a rule could not judge, as it is malformed; it forbids a pass."""

    unit: str
    reason: str


def keeps(what: Resource | str) -> Judged:
    """Say that something keeps the rule."""
    return Judged(what if isinstance(what, str) else what.label, True)


def breaks(
    where: Resource | Field,
    message: str,
    fix: str,
    *,
    unit: str | None = None,
    severity: FlawSeverity | None = None,
) -> Judged:
    """Say that something breaks the rule, at a resource or at a field of it.

    Args:
        where: the field that is wrong, or absent: `resource["spec"]["replicas"]`.
        message: what is wanted and what was found.
        fix: what to do.
        unit: what was looked at, where it is not the resource itself.
        severity: where it is not the rule's own.
    """
    resource = where if isinstance(where, Resource) else where.resource
    place = where.place() if isinstance(where, Resource) else where.place
    unit = unit or resource.label
    return Judged(unit, False, message, fix, place, severity, resource.origin)


SetJudge = Callable[["Manifests"], Iterator[Judged]]
OneJudge = Callable[[Resource, "Manifests"], Iterable[Judged]]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule.

    Attributes:
        id: as `CG-PLAT-PDB-001`.
        topic: whose findings it adds to.
        severity: of its findings, unless one says otherwise.
        kinds: what it must see, as `apps/Deployment`; a live cluster is asked for these.
        title: first line of its docstring.
        judge: what it sees.
    """

    id: str
    topic: Topic
    severity: FlawSeverity
    kinds: tuple[str, ...]
    title: str
    judge: Callable[[Manifests], Iterator[Judged | Unread]]


class RuleRegistry:
    """Rules by id, topics by metric; both are registered once."""

    def __init__(self) -> None:
        self._rules: dict[str, Rule] = {}
        self._topics: dict[str, Topic] = {}

    def add_topic(self, entry: Topic) -> None:
        """Register a topic.

        Raises:
            CheckDefinitionError: the metric is malformed, or taken by another topic.
        """
        if not _METRIC.fullmatch(entry.metric):
            raise CheckDefinitionError(f"topic {entry.metric!r}: write it as platform.some_words")
        if self._topics.setdefault(entry.metric, entry) != entry:
            raise CheckDefinitionError(f"topic {entry.metric} is defined twice, and differently")

    def add(self, entry: Rule) -> None:
        """Register a rule.

        Raises:
            CheckDefinitionError: the id is malformed or taken, or there is no title.
        """
        if not _ID.fullmatch(entry.id):
            raise CheckDefinitionError(f"rule {entry.id!r}: write it as CG-PLAT-TOPIC-001")
        if not entry.title:
            raise CheckDefinitionError(f"rule {entry.id} has no docstring; say what it wants")
        if entry.topic.metric not in self._topics:
            raise CheckDefinitionError(f"rule {entry.id}: its topic was not made by topic(…)")
        if entry.id in self._rules:
            raise CheckDefinitionError(f"rule {entry.id} is defined twice")
        self._rules[entry.id] = entry

    @property
    def rules(self) -> tuple[Rule, ...]:
        """Every rule, by id."""
        return tuple(self._rules[key] for key in sorted(self._rules))

    @property
    def topics(self) -> tuple[Topic, ...]:
        """Every topic, by metric."""
        return tuple(self._topics[key] for key in sorted(self._topics))


RULES = RuleRegistry()


def topic(
    metric: str, *, title: str, controls: Iterable[str] = (), registry: RuleRegistry = RULES
) -> Topic:
    """Define what one criterion judges: no open finding of the rules that speak to it.

    Raises:
        CheckDefinitionError: as `RuleRegistry.add_topic`.
    """
    made = Topic(metric, title, tuple(controls))
    registry.add_topic(made)
    return made


def rule(
    rule_id: str,
    about: Topic,
    *,
    kinds: Iterable[str],
    severity: FlawSeverity = FlawSeverity.MEDIUM,
    registry: RuleRegistry = RULES,
) -> Callable[[SetJudge], SetJudge]:
    """Register a function over all manifests as a rule. It stays an ordinary function.

    It yields one `Judged` or more for each thing that it looks at. What is malformed ends it, and
    the topic cannot pass then; where resources stand for themselves, `each` is the better choice.

    Raises:
        CheckDefinitionError: as `RuleRegistry.add`.
    """

    def register(judge: SetJudge) -> SetJudge:
        def guarded(manifests: Manifests) -> Iterator[Judged | Unread]:
            try:
                yield from judge(manifests)
            except ManifestShapeError as error:
                yield Unread(rule_id, str(error))

        title = _title(judge)
        registry.add(Rule(rule_id, about, severity, tuple(kinds), title, guarded))
        return judge

    return register


def each(
    rule_id: str,
    about: Topic,
    *,
    kinds: Iterable[str],
    also: Iterable[str] = (),
    severity: FlawSeverity = FlawSeverity.MEDIUM,
    registry: RuleRegistry = RULES,
) -> Callable[[OneJudge], OneJudge]:
    """Register a function over one resource and its surroundings, called for each of `kinds`.

    What is malformed is left out, and the rest is judged. A resource of which it says nothing was
    not looked at: end with `keeps(resource)`, which does no harm after a `breaks`.

    Takes what `rule` takes; `kinds` are those that are judged, `also` names what else the function
    looks at, as disruption budgets beside workloads.

    Raises:
        CheckDefinitionError: as `RuleRegistry.add`.
    """
    judged = tuple(kinds)

    def register(judge: OneJudge) -> OneJudge:
        def all_of_them(manifests: Manifests) -> Iterator[Judged | Unread]:
            for resource in manifests.of(*judged):
                try:
                    yield from tuple(judge(resource, manifests))
                except ManifestShapeError as error:
                    yield Unread(resource.label, str(error))

        title = _title(judge)
        registry.add(Rule(rule_id, about, severity, (*judged, *also), title, all_of_them))
        return judge

    return register


def _title(judge: Callable[..., object]) -> str:
    lines = (inspect.getdoc(judge) or "").splitlines()
    return lines[0].rstrip(".") if lines else ""
