"""Options that several commands share, and what they mean beside the configuration."""

from __future__ import annotations

from pathlib import Path

import click

from clinigate.config.loader import LoadedConfig
from clinigate.evidence.trust import TrustStore, load_trust
from clinigate.gate.policy import Policy, load_policy
from clinigate.pipeline.keys import configured_trust
from clinigate.pipeline.setup import policy_source

__all__ = [
    "config_option",
    "demanded_policy",
    "environment_option",
    "passphrase_option",
    "policy_option",
    "record_option",
    "trust_option",
    "trusted_keys",
]

config_option = click.option(
    "--config", type=click.Path(dir_okay=False, path_type=Path), help="Configuration."
)
policy_option = click.option(
    "--policy", help="default, demo, pr or a TOML file (default: [gate] policy)."
)
environment_option = click.option(
    "--environment", help="development, staging or production (default: [gate] environment)."
)
trust_option = click.option(
    "--trust",
    type=click.Path(path_type=Path),
    help="File of the keys whose signatures count (default: [gate] trust).",
)
record_option = click.option(
    "--record",
    "records",
    multiple=True,
    type=click.Path(exists=True, path_type=Path),
    help="A signed record (waiver, attestation, …) or a folder of them.",
)
passphrase_option = click.option(
    "--passphrase-fd", type=int, help="Read the key's passphrase from this descriptor."
)


def trusted_keys(config: LoadedConfig, given: Path | None) -> TrustStore | None:
    """Return the keys of `--trust`, else those of the configuration; None where neither is given.

    Raises:
        ConfigError: the file is missing or wrong.
    """
    return configured_trust(config) if given is None else load_trust(given)


def demanded_policy(config: LoadedConfig, policy: str | None, environment: str | None) -> Policy:
    """Return the policy that the options name, what they leave out as the configuration says.

    Raises:
        PolicyError: there is no such policy or environment, or the file is wrong.
    """
    named = environment or config.config.gate.environment
    return load_policy(policy or policy_source(config), named)
