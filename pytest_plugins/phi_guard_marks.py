"""The marker `phi_accept`: what a test may show, until a day and for a reason."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest

from clinigate.errors import UsageError
from clinigate.pytest_plugins.phi_guard_hearing import STREAMS

__all__ = ["NOTHING", "Accepted", "accepted_by", "marked"]

_NAME = "phi_accept"
_SHOWN = "phi_accept('CG-PHI-SSN', until='YYYY-MM-DD', reason='…')"


@dataclass(frozen=True, slots=True)
class Accepted:
    """What one test may show: pairs of a rule and a stream, "" for every stream."""

    pairs: frozenset[tuple[str, str]] = frozenset()

    def by(self, stream: str) -> frozenset[str]:
        """Return the rules that are accepted in a stream."""
        return frozenset(rule for rule, only in self.pairs if only in ("", stream))


NOTHING = Accepted()


def marked(items: Iterable[pytest.Item]) -> Iterator[pytest.Item]:
    """Yield the tests that have the marker, by themselves or by their class or module."""
    above: dict[Any, bool] = {None: False}
    for item in items:
        if _has_marker(item) or _inherits(item.parent, above):
            yield item


def _has_marker(node: Any) -> bool:
    return any(marker.name == _NAME for marker in node.own_markers)


def _inherits(node: Any, above: dict[Any, bool]) -> bool:
    """Tell whether a node has the marker, or one above it; each is looked at once."""
    if node not in above:
        above[node] = _has_marker(node) or _inherits(node.parent, above)
    return above[node]


def accepted_by(item: pytest.Item, today: date) -> Accepted:
    """Return what the test's markers accept today.

    Raises:
        pytest.UsageError: a marker lacks one of the three, or reaches too far ahead.
    """
    found = set()
    for marker in item.iter_markers(_NAME):
        rule, stream, until = _read(item, marker, today)
        if today <= until:
            found.add((rule, stream))
    return Accepted(frozenset(found)) if found else NOTHING


def _read(item: pytest.Item, marker: pytest.Mark, today: date) -> tuple[str, str, date]:
    from clinigate.findings.acceptance import check_term

    where = f"{item.nodeid}: phi_accept"
    given = marker.kwargs
    rule = marker.args[0] if len(marker.args) == 1 else given.get("rule")
    texts = (rule, given.get("until"), given.get("reason"))
    if not all(isinstance(each, str) and each.strip() for each in texts):
        raise pytest.UsageError(f"clinigate: {where}: write it as {_SHOWN}")
    stream = given.get("stream", "")
    if stream and stream not in STREAMS:
        known = ", ".join(STREAMS)
        raise pytest.UsageError(f"clinigate: {where}: 'stream' is none of {known}")
    try:
        return str(rule), stream, check_term(date.fromisoformat(given["until"]), today, where=where)
    except ValueError:
        raise pytest.UsageError(f"clinigate: {where}: 'until' is no day (YYYY-MM-DD)") from None
    except UsageError as error:
        raise pytest.UsageError(f"clinigate: {error}") from None
