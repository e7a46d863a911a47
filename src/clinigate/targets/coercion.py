"""Whatever somebody hands over as the system under test, as a target."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from clinigate.core.target import Target
from clinigate.errors import UsageError
from clinigate.targets.python_callable import callable_target

__all__ = ["as_target"]


def as_target(value: Any) -> Target:
    """Return a target as it is, and make one of a function or a mapping of functions.

    Args:
        value: a target, a function as `callable_target` takes it, or a mapping from capability to
            function.

    Raises:
        UsageError: it is none of these, or a function cannot be asked.
    """
    if isinstance(value, type):
        raise UsageError(
            f"the target is the class {value.__name__}; wanted one of its kind: {value.__name__}()"
        )
    if isinstance(value, Target):
        return value
    if callable(value) or isinstance(value, Mapping):
        return callable_target(value)
    raise UsageError(
        f"the target is of type {type(value).__name__}; wanted a target, a function, "
        "or a mapping from capability ('chat', 'crisis', 'emotion') to function"
    )
