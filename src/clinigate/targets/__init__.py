"""Ways to speak to a system under test. Each loads what it needs when it is first used.

`build_target` makes a target from the `[target]` table, `callable_target` from a function,
`as_target` from whatever of the kind it is given;
`check_reachable` says in one sentence why a target cannot be asked, and `probe` shows what it
answers to a greeting. `RecordingTarget` keeps replies in a file, `ReplayTarget` answers from it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from clinigate.targets.attempt import failed_outcomes
    from clinigate.targets.build import build_target
    from clinigate.targets.coercion import as_target
    from clinigate.targets.python_callable import callable_target
    from clinigate.targets.reach import check_reachable, probe
    from clinigate.targets.replay import RecordingTarget, ReplayTarget

__all__ = [
    "RecordingTarget",
    "ReplayTarget",
    "as_target",
    "build_target",
    "callable_target",
    "check_reachable",
    "failed_outcomes",
    "probe",
]

_HOMES = {
    "RecordingTarget": "replay",
    "ReplayTarget": "replay",
    "as_target": "coercion",
    "build_target": "build",
    "callable_target": "python_callable",
    "check_reachable": "reach",
    "failed_outcomes": "attempt",
    "probe": "reach",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
