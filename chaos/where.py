"""Which driver reaches an environment, and with what: by configuration and options."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from pathlib import Path

from clinigate.chaos.drivers.base import DriverOptions
from clinigate.chaos.model import Experiment
from clinigate.chaos.policy import chaos_policy
from clinigate.config.loader import LoadedConfig
from clinigate.errors import UsageError

__all__ = ["driver_for", "options_for"]

#: The setting that tells one run on a cluster from all others; made here, never given.
FLIGHT = "flight"
#: Drivers of this machine's own processes, which one environment may mix.
_OWN = ("local", "postgres-local")
_CLUSTERS = ("kubernetes", "localkube")


def driver_for(config: LoadedConfig, environment: str, experiment: Experiment) -> str:
    """The environment's driver; for a machine's own processes the one that the experiment knows."""
    table = config.config.chaos.environments.get(environment)
    if table is None:
        return experiment.drivers[0]
    if table.driver in _OWN and table.driver not in experiment.drivers:
        return next((name for name in experiment.drivers if name not in _CLUSTERS), table.driver)
    return table.driver


def options_for(
    config: LoadedConfig, environment: str, topology: Path | None, settings: Sequence[str] = ()
) -> DriverOptions:
    """What the driver is connected with.

    Args:
        config: where the environment stands.
        environment: its name.
        topology: another topology file than the configured one.
        settings: more of the driver's settings, each `KEY=VALUE`.

    Raises:
        UsageError: a setting of another form, or one that the configuration states already.
    """
    allowed = chaos_policy(config).environments.get(environment)
    known = DriverOptions(environment=environment) if allowed is None else allowed.options
    pairs = [text.partition("=") for text in settings]
    wrong = next((text for text, pair in zip(settings, pairs, strict=True) if not pair[0]), None)
    wrong = wrong or next((key for key, equals, _ in pairs if not equals), None)
    if wrong is not None:
        raise UsageError(f"--setting {wrong!r} is no KEY=VALUE")
    given = {key: value for key, _, value in pairs}
    stated = sorted((known.settings.keys() | {FLIGHT}) & given.keys())
    if stated:
        # What may be touched is the team's to say, in a file that is reviewed.
        raise UsageError(
            f"--setting {stated[0]} is not for the command line here; "
            f"[chaos.environments.{environment}] decides it, change it there"
        )
    if allowed is not None and allowed.driver in _CLUSTERS:
        given[FLIGHT] = secrets.token_hex(8)
    return DriverOptions(
        topology=str(topology.absolute()) if topology is not None else known.topology,
        environment=environment,
        settings={**known.settings, **given},
    )
