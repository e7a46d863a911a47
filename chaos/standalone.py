"""An exported experiment under plain `chaos run`: the same rails, ledger and watchdog.

What it lacks beside `clinigate chaos run` is the measuring and the evidence. Configuration comes
from the clinigate.toml at or above the folder in which `chaos run` is called.
"""

from __future__ import annotations

import os
import secrets
import threading
from dataclasses import dataclass
from pathlib import Path

from clinigate.chaos import actions
from clinigate.chaos.drivers.base import Driver
from clinigate.chaos.drivers.registry import connect
from clinigate.chaos.flight import Flight
from clinigate.chaos.injection import Injection, write_injection
from clinigate.chaos.library import experiment_named
from clinigate.chaos.policy import chaos_policy
from clinigate.chaos.rails import RailsReport, check_rails
from clinigate.chaos.runner import RunRequest, rail_request
from clinigate.chaos.undo.guard import Guard
from clinigate.chaos.undo.ledger import Ledger
from clinigate.chaos.undo.recover import recover_all
from clinigate.chaos.where import driver_for, options_for
from clinigate.config.loader import load_config
from clinigate.errors import UsageError

__all__ = ["entry_answers", "inject", "undo"]

_BEAT_S = 0.2


@dataclass(slots=True)
class _Flying:
    """What the rollback of this process must end."""

    flight: Flight
    guard: Guard
    injection: Path
    landed: threading.Event

    def land(self) -> None:
        self.landed.set()
        self.guard.release()
        self.flight.land()


_flying: list[_Flying] = []


def entry_answers(experiment: str, environment: str) -> bool:
    """Whether the system's entry answers well."""
    request = _request(experiment, environment)
    return actions.answers_well(connect(request.driver_name, request.options))


def inject(experiment: str, environment: str) -> str:
    """Ask the rails, write the ledger, start the watchdog, and inject.

    Raises:
        UsageError: a rail refused; it is named, and nothing was injected.
    """
    request = _request(experiment, environment)
    flight = Flight(request.policy.state)
    try:
        driver = connect(request.driver_name, request.options)
        left = recover_all(request.policy.state / "undo", reason="chaos run") if flight.mine else ()
        failed = "; ".join(each.id for each in left if each.failure) or None
        rails = check_rails(
            rail_request(request, driver, take_flight=lambda: flight.holder, leftovers=failed)
        )
        if rails.refusal is not None:
            raise UsageError(f"refused by rail '{rails.refusal.rail}': {rails.refusal.detail}")
        flying = _take_off(request, flight, driver, rails)
    except BaseException:
        flight.land()
        raise
    _flying.append(flying)
    return actions.inject(str(flying.injection))


def undo(experiment: str, environment: str) -> str:
    """Take back what `inject` of this process injected, if anything."""
    del experiment, environment  # Chaos Toolkit hands every action the same arguments
    done = []
    while _flying:
        flying = _flying.pop()
        try:
            done.append(actions.undo(str(flying.injection)))
        finally:
            flying.land()
    return ", ".join(done) or "nothing was injected"


def _take_off(request: RunRequest, flight: Flight, driver: Driver, rails: RailsReport) -> _Flying:
    experiment, state = request.experiment, request.policy.state
    injection_id = f"standalone-{os.getpid()}-{secrets.token_hex(4)}"
    ledger = Ledger.plan(
        state / "undo",
        injection_id,
        experiment=experiment.name,
        driver=request.driver_name,
        steps=driver.undo_steps(experiment.fault, rails.victims),
        within_s=experiment.undo.within_s,
    )
    injection = Injection(
        id=injection_id,
        experiment=experiment.name,
        driver_name=request.driver_name,
        options=request.options,
        fault=experiment.fault,
        victims=rails.victims,
        ledger=str(ledger.path),
    )
    path = state / "undo" / f"{injection_id}.injection.json"
    write_injection(injection, path)
    guard = Guard.start(
        ledger.path,
        lease_s=experiment.safety.lease_s,
        longest_s=experiment.safety.max_duration_s,
        kill_file=request.policy.kill_files(experiment.safety.kill_file),
    )
    flying = _Flying(flight, guard, path, threading.Event())
    threading.Thread(target=_beat, args=(guard, flying.landed), daemon=True).start()
    return flying


def _beat(guard: Guard, landed: threading.Event) -> None:
    while not landed.wait(_BEAT_S):
        guard.beat()


def _request(name: str, environment: str) -> RunRequest:
    config = load_config()
    experiment = experiment_named(config, name)
    return RunRequest(
        experiment=experiment,
        policy=chaos_policy(config),
        environment=environment,
        driver_name=driver_for(config, environment, experiment),
        options=options_for(config, environment, None),
    )
