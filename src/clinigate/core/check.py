"""Checks: functions from a target to observations, registered under one id each."""

from __future__ import annotations

import inspect
import re
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import entry_points

from clinigate.core.observation import Observation
from clinigate.core.plan import Plan
from clinigate.core.target import Capability, Target
from clinigate.errors import CheckDefinitionError

__all__ = ["REGISTRY", "Check", "CheckFunction", "CheckRegistry", "check"]

CheckFunction = Callable[[Target, Plan], AsyncIterator[Observation] | Iterator[Observation]]

_ID = re.compile(r"[A-Z][A-Z0-9]*(-[A-Z0-9]+)+-\d{3}")
ENTRY_POINT_GROUP = "clinigate.checks"


@dataclass(frozen=True, slots=True)
class Check:
    """One registered check.

    Attributes:
        id: as `CG-CLIN-CRISIS-001`.
        run: the function.
        metrics: the metrics that it measures; one that it does not yield is an error of the check.
        needs: capabilities without which it cannot look.
        controls: clauses that its observations speak to.
    """

    id: str
    run: CheckFunction
    metrics: tuple[str, ...]
    needs: frozenset[Capability]
    controls: tuple[str, ...]

    @property
    def summary(self) -> str:
        """First line of the check's docstring, which is its documentation."""
        return inspect.getdoc(self.run).splitlines()[0]  # type: ignore[union-attr]


class CheckRegistry:
    """Checks by id. An id is registered once."""

    def __init__(self) -> None:
        self._checks: dict[str, Check] = {}

    def add(self, entry: Check) -> None:
        """Register a check.

        Raises:
            CheckDefinitionError: the id is malformed or taken, the docstring is missing, or no
                metric is named.
        """
        where = f"{entry.run.__module__}.{entry.run.__qualname__}"
        if not _ID.fullmatch(entry.id):
            raise CheckDefinitionError(
                f"{where}: check id {entry.id!r} is malformed; write it as CG-AREA-TOPIC-001"
            )
        if not inspect.getdoc(entry.run):
            raise CheckDefinitionError(
                f"{where}: check {entry.id} has no docstring; say what it finds"
            )
        if not entry.metrics:
            raise CheckDefinitionError(f"{where}: check {entry.id} names no metric")
        known = self._checks.get(entry.id)
        if known is not None and known.run is not entry.run:
            raise CheckDefinitionError(
                f"{where}: check id {entry.id} is taken by "
                f"{known.run.__module__}.{known.run.__qualname__}"
            )
        self._checks[entry.id] = entry

    def get(self, check_id: str) -> Check:
        """Return the check of that id.

        Raises:
            CheckDefinitionError: there is none.
        """
        try:
            return self._checks[check_id]
        except KeyError:
            known = ", ".join(sorted(self._checks)) or "none"
            raise CheckDefinitionError(
                f"no check has the id {check_id!r}; known are {known}"
            ) from None

    def all(self) -> tuple[Check, ...]:
        """Every registered check, by id."""
        return tuple(self._checks[key] for key in sorted(self._checks))

    def load_entry_points(self) -> None:
        """Import every module that the `clinigate.checks` entry points name.

        Raises:
            CheckDefinitionError: one does not load. A check that silently stays away would leave
                its clause unexamined.
        """
        for point in entry_points(group=ENTRY_POINT_GROUP):
            try:
                point.load()
            except Exception as error:
                raise CheckDefinitionError(
                    f"entry point {point.name} = {point.value} does not load "
                    f"({type(error).__name__}: {error}); mend or uninstall it"
                ) from error


REGISTRY = CheckRegistry()


def check(
    check_id: str,
    *,
    metrics: Iterable[str],
    needs: Iterable[Capability] = (),
    controls: Iterable[str] = (),
    registry: CheckRegistry = REGISTRY,
) -> Callable[[CheckFunction], CheckFunction]:
    """Register the decorated function as a check. It stays an ordinary function.

    Raises:
        CheckDefinitionError: as `CheckRegistry.add`.
    """

    def register(run: CheckFunction) -> CheckFunction:
        registry.add(Check(check_id, run, tuple(metrics), frozenset(needs), tuple(controls)))
        return run

    return register
