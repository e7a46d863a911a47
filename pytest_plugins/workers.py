"""What pytest-xdist's controller and its workers tell each other. Plain values alone pass."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import pytest

__all__ = ["UNFINISHED", "Inherited", "Report", "inherited", "is_worker", "producer_of"]

#: Our key among what pytest-xdist passes along, in both directions.
KEY = "clinigate"

#: Exit code of an evaluation that was not finished.
UNFINISHED = 2


@dataclass(frozen=True, slots=True)
class Inherited:
    """What a worker is given.

    Attributes:
        run: the variables by which it joins the controller's run; none leaves it on its own.
        cases, seed: what `--clinigate-rerun-failed` found. The controller alone looks: once the
            new run has begun, a worker would take it for the last one.
    """

    run: Mapping[str, str] = field(default_factory=dict)
    cases: tuple[str, ...] = ()
    seed: int | None = None

    def hand_to(self, node: Any) -> None:
        """Pass it to a worker that is about to start."""
        node.workerinput[KEY] = {**asdict(self), "cases": list(self.cases)}


@dataclass(frozen=True, slots=True)
class Report:
    """What a worker says when it ends.

    Attributes:
        summary: of the run that it had of its own; empty where it joined the controller's.
        code: exit code of what went wrong for the evaluation as a whole, if something did.
        violation: the sentence of the safety violation that stopped it.
        assessed: whether anything was.
    """

    summary: str = ""
    code: int | None = None
    violation: str | None = None
    assessed: bool = False

    def send(self, config: pytest.Config) -> None:
        """Leave it where pytest-xdist takes it to the controller."""
        config.workeroutput[KEY] = asdict(self)  # type: ignore[attr-defined]

    @classmethod
    def of(cls, node: Any, *, crashed: bool) -> Report | None:
        """Return what a worker left, None where it took no part.

        One that crashed in the midst of an evaluation left it unfinished.
        """
        if crashed:
            return cls(code=UNFINISHED)
        left = getattr(node, "workeroutput", {}).get(KEY)
        return None if left is None else cls(**left)


def is_worker(config: pytest.Config) -> bool:
    """Whether this process is one of pytest-xdist's workers."""
    return hasattr(config, "workerinput")


def producer_of(config: pytest.Config) -> str:
    """Return the name under which this process writes into a run."""
    if not is_worker(config):
        return "pytest"
    return f"pytest-{config.workerinput['workerid']}"  # type: ignore[attr-defined]


def inherited(config: pytest.Config) -> Inherited:
    """Return what the controller passed to this process; nothing outside of a worker."""
    given = getattr(config, "workerinput", {}).get(KEY, {})
    return Inherited(**{**given, "cases": tuple(given.get("cases", ()))})
