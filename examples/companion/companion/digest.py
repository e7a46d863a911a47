"""The nightly digest of a log: how many conversations there were, how many crises."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable


def digest(lines: Iterable[str]) -> Counter[str]:
    """Count the events of a log of JSON lines; a line that is none counts as `unreadable`."""
    counts: Counter[str] = Counter()
    for line in lines:
        try:
            event = str(json.loads(line)["event"])
        except (ValueError, KeyError, TypeError):
            event = "unreadable"
        counts[event] += 1
    return counts
