"""Look at what a program says while it runs: the table and the canaries alone, no engine."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from clinigate.phi.canaries import Patient
from clinigate.phi.canary_search import CanarySearch
from clinigate.phi.finding import DEFAULT_THRESHOLD, find
from clinigate.phi.found import CANARY_RULE
from clinigate.phi.table import BY_ID

__all__ = ["Seen", "Watcher", "named"]


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen in one text.

    Attributes:
        rules: how often each rule has struck, by its id.
        clean: the text with the rule's id in place of each find.
    """

    rules: Counter[str]
    clean: str


class Watcher:
    """Looks at texts; of values that are nobody's it says nothing."""

    def __init__(
        self, *, threshold: float = DEFAULT_THRESHOLD, patients: Iterable[Patient] = ()
    ) -> None:
        self._threshold = threshold
        self._canaries = CanarySearch(patients)

    def look(self, text: str, *, accepted: Collection[str] = ()) -> Seen:
        """Return what stands in a text, but for the rules in `accepted`."""
        rules: Counter[str] = Counter()
        if self._canaries and CANARY_RULE not in accepted:
            text = self._without_canaries(text, rules)
        parts, at = [], 0
        for hit in find(text, threshold=self._threshold):
            if hit.placeholder is None and hit.rule not in accepted:
                rules[hit.rule] += 1
                parts += [text[at : hit.start], f"[{hit.rule}]"]
                at = hit.end
        return Seen(rules, "".join([*parts, text[at:]]))

    def _without_canaries(self, text: str, rules: Counter[str]) -> str:
        data = text.encode("utf-8", "surrogatepass")
        hits = self._canaries.search(data)
        if not hits:
            return text
        parts, at = [], 0
        for hit in hits:
            rules[CANARY_RULE] += 1
            parts += [data[at : hit.start], f"[{CANARY_RULE}]".encode()]
            at = max(at, hit.end)
        return b"".join([*parts, data[at:]]).decode("utf-8", "surrogatepass")


def named(rules: Counter[str]) -> str:
    """Say what struck how often: `CG-PHI-SSN (letter G) twice`."""
    return ", ".join(f"{_titled(rule)} {_times(n)}" for rule, n in sorted(rules.items()))


def _titled(rule: str) -> str:
    return f"{rule} (letter {BY_ID[rule].letter.name})" if rule in BY_ID else rule


def _times(count: int) -> str:
    return {1: "once", 2: "twice"}.get(count, f"{count} times")
