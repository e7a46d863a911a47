"""Compile an experiment to Chaos Toolkit's JSON (its specification 1.0.0 of an experiment)."""

from __future__ import annotations

from typing import Any

from clinigate.chaos.model import Experiment

__all__ = ["ROLLBACKS", "SETTINGS", "STRATEGY", "chaos_toolkit_json"]

_ACTIONS = "clinigate.chaos.actions"
#: Rollbacks run however the experiment ends. By default Chaos Toolkit leaves the fault in place
#: after SIGTERM, SIGINT and a safeguard's trip.
ROLLBACKS = "always"
#: Nothing of the user's own settings: they may send notifications anywhere.
SETTINGS: dict[str, Any] = {"runtime": {"rollbacks": {"strategy": ROLLBACKS}}}
#: After the method the fault is still there, as rollbacks come last; our own prober looks then.
STRATEGY = "before-method-only"


def chaos_toolkit_json(experiment: Experiment, injection: str) -> dict[str, Any]:
    """The experiment as Chaos Toolkit runs it.

    Args:
        experiment: what to compile.
        injection: path of the frozen injection's file, see `clinigate.chaos.injection`.

    Returns:
        Plain JSON without secrets: the driver reads its own from the environment.
    """
    fault = experiment.fault
    arguments = {"injection": injection}
    return {
        "version": "1.0.0",
        "title": experiment.title,
        "description": f"{fault.type} for {fault.duration_s:g} s; compiled from {experiment.name}",
        "tags": ["clinigate", experiment.name],
        "runtime": {
            "hypothesis": {"strategy": STRATEGY},
            "rollbacks": {"strategy": ROLLBACKS},
        },
        "steady-state-hypothesis": {
            "title": "the entry answers",
            "probes": [
                {
                    "type": "probe",
                    "name": "entry-answers",
                    "tolerance": True,
                    "provider": _provider("entry_answers", arguments),
                }
            ],
        },
        "method": [
            {
                "type": "action",
                "name": f"inject {fault.type}",
                "provider": _provider("inject", arguments),
                "pauses": {"after": fault.duration_s},
            }
        ],
        "rollbacks": [
            {
                "type": "action",
                "name": f"undo {fault.type}",
                "provider": _provider("undo", arguments),
            }
        ],
    }


def _provider(function: str, arguments: dict[str, str]) -> dict[str, Any]:
    return {"type": "python", "module": _ACTIONS, "func": function, "arguments": arguments}
