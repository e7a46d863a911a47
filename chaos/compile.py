"""Compile an experiment to Chaos Toolkit's JSON (its specification 1.0.0 of an experiment)."""

from __future__ import annotations

from typing import Any

from clinigate.chaos.model import Experiment

__all__ = ["ROLLBACKS", "SETTINGS", "STRATEGY", "chaos_toolkit_json", "standalone_json"]

#: Rollbacks run however the experiment ends. By default Chaos Toolkit leaves the fault in place
#: after SIGTERM, SIGINT and a safeguard's trip.
ROLLBACKS = "always"
#: Nothing of the user's own settings: they may send notifications anywhere.
SETTINGS: dict[str, Any] = {"runtime": {"rollbacks": {"strategy": ROLLBACKS}}}
#: After the method the fault is still there, as rollbacks come last; our own prober looks then.
STRATEGY = "before-method-only"


def chaos_toolkit_json(experiment: Experiment, injection: str) -> dict[str, Any]:
    """The experiment as our runner has it run, once the rails have frozen an injection.

    Args:
        experiment: what to compile.
        injection: path of the frozen injection's file, see `clinigate.chaos.injection`.

    Returns:
        Plain JSON without secrets: the driver reads its own from the environment.
    """
    return _compiled(experiment, "clinigate.chaos.actions", {"injection": injection})


def standalone_json(experiment: Experiment, *, source: str, environment: str) -> dict[str, Any]:
    """The experiment for `chaos run`: its first action asks the rails, or injects nothing.

    Args:
        experiment: what to compile.
        source: its name or file, as `clinigate chaos run` would take it.
        environment: name under `[chaos.environments]`.
    """
    arguments = {"experiment": source, "environment": environment}
    return _compiled(experiment, "clinigate.chaos.standalone", arguments)


def _compiled(experiment: Experiment, module: str, arguments: dict[str, str]) -> dict[str, Any]:
    fault = experiment.fault

    def provider(function: str) -> dict[str, Any]:
        return {"type": "python", "module": module, "func": function, "arguments": arguments}

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
                    "provider": provider("entry_answers"),
                }
            ],
        },
        "method": [
            {
                "type": "action",
                "name": f"inject {fault.type}",
                "provider": provider("inject"),
                "pauses": {"after": fault.duration_s},
            }
        ],
        "rollbacks": [
            {"type": "action", "name": f"undo {fault.type}", "provider": provider("undo")}
        ],
    }
