"""What both exports read of an experiment, and how they refuse what they cannot express."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from clinigate.chaos.model import Experiment
from clinigate.errors import UsageError

__all__ = ["Document", "number", "pods_of", "refuse", "seconds", "text", "whole"]

#: One object, as YAML will hold it.
Document = dict[str, Any]

#: What the local driver labels its processes with; pods carry only the other labels.
_LOCAL_KIND = ("kind", "process")


def pods_of(experiment: Experiment, tool: str) -> dict[str, str]:
    """The labels that select the pods.

    Raises:
        UsageError: the selector names things that are no pods.
    """
    labels = dict(experiment.fault.target.selector)
    if labels.get(_LOCAL_KIND[0]) == _LOCAL_KIND[1]:
        del labels[_LOCAL_KIND[0]]
    if "kind" in labels:
        raise UsageError(
            f"{experiment.name}: its targets are of kind {labels['kind']!r}, which only local "
            f"drivers know; {tool} selects pods"
        )
    if not labels:
        raise UsageError(
            f"{experiment.name}: no label is left to select pods by; name one, as {{app: api}}"
        )
    return labels


def refuse(experiment: Experiment, tool: str, known: Sequence[str]) -> UsageError:
    """The sentence for a fault that the tool doesn't have."""
    return UsageError(
        f"{experiment.name}: {tool} has nothing that does what {experiment.fault.type!r} does; it "
        f"can express {', '.join(known)}"
    )


def seconds(value: float) -> str:
    """A duration as Go reads it: `10s`, `250ms`."""
    milliseconds = round(value * 1000)
    whole_seconds, rest = divmod(milliseconds, 1000)
    return f"{milliseconds}ms" if rest else f"{whole_seconds}s"


def number(experiment: Experiment, name: str, tool: str, *, positive: bool = True) -> float:
    """A parameter of the fault that is a number.

    Raises:
        UsageError: it is missing or none.
    """
    value = experiment.fault.parameters.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or (positive and value <= 0):
        raise _missing(experiment, name, tool, "a number of at least 0.001", value)
    if abs(value) < 0.001:
        raise _missing(experiment, name, tool, "a number of at least 0.001", value)
    return float(value)


def whole(experiment: Experiment, name: str, tool: str) -> int:
    """A parameter of the fault that counts.

    Raises:
        UsageError: it is missing or no whole number above 0.
    """
    value = experiment.fault.parameters.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise _missing(experiment, name, tool, "a whole number above 0", value)
    return value


def text(experiment: Experiment, name: str, tool: str) -> str:
    """A parameter of the fault that is a text.

    Raises:
        UsageError: it is missing or empty.
    """
    value = experiment.fault.parameters.get(name)
    if not isinstance(value, str) or not value:
        raise _missing(experiment, name, tool, "a text", value)
    return value


def _missing(
    experiment: Experiment, name: str, tool: str, wanted: str, value: object
) -> UsageError:
    return UsageError(
        f"{experiment.name}: {tool} needs fault.parameters.{name}, {wanted}; got {value!r}"
    )
