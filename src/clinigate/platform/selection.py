"""Which rules a scan runs."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

from clinigate.errors import UsageError
from clinigate.platform.rule import Rule, Topic
from clinigate.platform.rules import load_rules
from clinigate.platform.topics import DRIFT, POLICIES

__all__ = ["Selection", "select"]


@dataclass(frozen=True, slots=True)
class Selection:
    """The rules and topics that somebody asked for.

    Attributes:
        rules: of ours.
        drift, policies: whether drift is looked for, and the user's own policies run.
    """

    rules: tuple[Rule, ...]
    drift: bool
    policies: bool

    @property
    def topics(self) -> tuple[Topic, ...]:
        """Topics that the rules speak to, by metric."""
        found = {each.topic.metric: each.topic for each in self.rules}
        return tuple(found[metric] for metric in sorted(found))

    @property
    def kinds(self) -> frozenset[str]:
        """What the rules look at."""
        return frozenset(kind for rule in self.rules for kind in rule.kinds)

    def left_out(self, topic: Topic) -> tuple[str, ...]:
        """Rules of a topic that were not asked for, though others of it were."""
        chosen = {each.id for each in self.rules}
        every = (each for each in load_rules().rules if each.topic == topic)
        return tuple(each.id for each in every if each.id not in chosen)

    def kinds_of(self, topic: Topic) -> tuple[str, ...]:
        """What the rules of a topic look at, in order."""
        kinds = (kind for rule in self.rules if rule.topic == topic for kind in rule.kinds)
        return tuple(dict.fromkeys(kinds))


def select(names: Sequence[str] = ()) -> Selection:
    """Return the rules of these names: rules' ids or topics' metrics; without any, all.

    Raises:
        UsageError: there is none of that name.
    """
    known = load_rules()
    if not names:
        return Selection(known.rules, drift=True, policies=True)
    ids = {each.id for each in known.rules}
    metrics = {each.metric for each in known.topics}
    for name in names:
        if name not in ids | metrics:
            near = difflib.get_close_matches(name, sorted(ids | metrics), n=1)
            hint = f"did you mean {near[0]}?" if near else "`clinigate platform rules` lists them"
            raise UsageError(f"--rule {name}: there is no such rule or topic; {hint}")
    chosen = tuple(each for each in known.rules if each.id in names or each.topic.metric in names)
    return Selection(
        chosen,
        drift=DRIFT.metric in names,
        policies=POLICIES.metric in names,
    )
