"""Abort rules, asked again and again while the fault lasts."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping

from clinigate.chaos.abort_rules import LEAST_REQUESTS, WINDOW_S
from clinigate.chaos.drivers.base import Witness
from clinigate.chaos.model import AbortRule
from clinigate.chaos.slo import SLOS
from clinigate.measure.prober import Timeline

__all__ = ["AbortWatch"]


class AbortWatch:
    """Knows for how long each rule's condition has held without a break."""

    def __init__(
        self, rules: tuple[AbortRule, ...], timeline: Timeline, witnesses: Mapping[str, Witness]
    ) -> None:
        self._rules = rules
        self._timeline = timeline
        self._witnesses = witnesses
        self._since: dict[str, float] = {}
        #: What each witness had counted at which time, back to the last one before the window.
        self._seen: dict[str, deque[tuple[float, int, int]]] = {}

    def tripped(self) -> str | None:
        """The first rule that has fired, in its author's words with the value; None if none has."""
        now = self._timeline.now()
        for rule in self._rules:
            value = self._value(rule, now)
            if value is None or value <= rule.limit:
                self._since.pop(rule.source, None)
                continue
            if now - self._since.setdefault(rule.source, now) >= rule.for_s:
                return f"abort rule '{rule.source}': {value:.4g}"
        return None

    def _value(self, rule: AbortRule, now: float) -> float | None:
        if rule.measure == "errors":
            return float(self._counts(rule.subject)[1])
        if rule.subject in self._witnesses:
            return self._witness_share(rule.subject, now)
        share = self._bad_share(now)
        if share is None or rule.measure == "bad_share":
            return share
        objective = SLOS[rule.subject].objective
        return None if objective is None else share / (1 - objective)

    def _counts(self, subject: str) -> tuple[int, int]:
        if subject in self._witnesses:
            return self._witnesses[subject].counts()
        total = self._timeline.count
        return total, total - self._timeline.outcomes["ok"]

    def _witness_share(self, subject: str, now: float) -> float | None:
        asked, bad = self._counts(subject)
        seen = self._seen.setdefault(subject, deque())
        if not seen or seen[-1][0] < now:
            seen.append((now, asked, bad))
        while len(seen) > 1 and seen[1][0] <= now - WINDOW_S:
            seen.popleft()
        _, asked_before, bad_before = seen[0]
        recent = asked - asked_before
        return (bad - bad_before) / recent if recent >= LEAST_REQUESTS else None

    def _bad_share(self, now: float) -> float | None:
        recent = self._timeline.since(now - WINDOW_S)
        if len(recent) < LEAST_REQUESTS:
            return None
        return sum(not sample.ok for sample in recent) / len(recent)
