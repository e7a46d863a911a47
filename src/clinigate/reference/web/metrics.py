"""Counters and histograms in the text format of Prometheus, version 0.0.4."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate

__all__ = ["CONTENT_TYPE", "Counter", "Histogram", "Metrics", "Watched", "watched_lines"]

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_LATENCY_BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 30.0)


class Counter:
    """A number that only grows, for each combination of label values."""

    def __init__(self, name: str, text: str, labels: Sequence[str] = ()) -> None:
        self.name = name
        self._text = text
        self._labels = tuple(labels)
        self._values: dict[tuple[str, ...], int] = {} if labels else {(): 0}

    def inc(self, *values: str) -> None:
        """Add one, under these values of the labels."""
        self._values[values] = self._values.get(values, 0) + 1

    def lines(self) -> list[str]:
        """Return the counter in the text format."""
        head = [f"# HELP {self.name} {self._text}", f"# TYPE {self.name} counter"]
        return head + [
            f"{self.name}{_label_set(self._labels, values)} {count}"
            for values, count in sorted(self._values.items())
        ]


class Histogram:
    """Seconds, counted in fixed buckets for each value of one label."""

    def __init__(self, name: str, text: str, label: str) -> None:
        self.name = name
        self._text = text
        self._label = label
        self._counts: dict[str, list[int]] = {}
        self._sums: dict[str, float] = {}

    def observe(self, value: str, seconds: float) -> None:
        """Count one duration under `value` of the label."""
        counts = self._counts.setdefault(value, [0] * (len(_LATENCY_BUCKETS_S) + 1))
        counts[bisect_left(_LATENCY_BUCKETS_S, seconds)] += 1
        self._sums[value] = self._sums.get(value, 0.0) + seconds

    def lines(self) -> list[str]:
        """Return the histogram in the text format."""
        lines = [f"# HELP {self.name} {self._text}", f"# TYPE {self.name} histogram"]
        for value, counts in sorted(self._counts.items()):
            bounds = [*map(str, _LATENCY_BUCKETS_S), "+Inf"]
            for bound, total in zip(bounds, accumulate(counts), strict=True):
                labels = _label_set((self._label, "le"), (value, bound))
                lines.append(f"{self.name}_bucket{labels} {total}")
            labels = _label_set((self._label,), (value,))
            lines.append(f"{self.name}_sum{labels} {self._sums[value]:.6f}")
            lines.append(f"{self.name}_count{labels} {sum(counts)}")
        return lines


@dataclass(frozen=True, slots=True)
class Watched:
    """A number that is looked at when it is asked for: `kind` is `gauge` or `counter`."""

    name: str
    text: str
    labels: tuple[tuple[str, str], ...]
    value: Callable[[], float]
    kind: str = "gauge"


class Metrics:
    """All that the service counts about itself; no label holds what a client sent."""

    def __init__(self) -> None:
        self.requests = Counter(
            "clinigate_reference_requests_total", "Answers sent.", ["route", "status"]
        )
        self.seconds = Histogram(
            "clinigate_reference_request_seconds", "Time from request to whole answer.", "route"
        )
        self.crises = Counter(
            "clinigate_reference_crisis_flags_total", "Conversations flagged as a crisis."
        )
        self.tokens = Counter("clinigate_reference_tokens_issued_total", "Tokens handed out.")
        self._watched: list[Watched] = []

    def watch(self, *watched: Watched) -> None:
        """Show these numbers too. Those of one name must be given one after the other."""
        self._watched += watched

    def render(self) -> str:
        """Return the page that Prometheus reads."""
        parts = (self.requests, self.seconds, self.crises, self.tokens)
        lines = [line for part in parts for line in part.lines()]
        return "\n".join([*lines, *watched_lines(self._watched)]) + "\n"


def watched_lines(watched: Sequence[Watched]) -> list[str]:
    """Return the numbers in the text format; each name has its heading once."""
    lines: list[str] = []
    for name in dict.fromkeys(one.name for one in watched):
        group = [one for one in watched if one.name == name]
        lines += [f"# HELP {name} {group[0].text}", f"# TYPE {name} {group[0].kind}"]
        for one in group:
            keys, values = [key for key, _ in one.labels], [value for _, value in one.labels]
            lines.append(f"{name}{_label_set(keys, values)} {one.value()!r}")
    return lines


def _label_set(names: Sequence[str], values: Sequence[str]) -> str:
    pairs = ",".join(
        f'{name}="{_escaped(value)}"' for name, value in zip(names, values, strict=True)
    )
    return f"{{{pairs}}}" if pairs else ""


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
