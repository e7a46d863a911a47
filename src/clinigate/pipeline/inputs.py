"""Everything that the claims of a run would rest on if it began now."""

from __future__ import annotations

from collections.abc import Mapping

from clinigate import __version__
from clinigate.config.inputs import InputTable
from clinigate.config.loader import LoadedConfig
from clinigate.core.canonical import canonical_bytes, sha256_hex
from clinigate.errors import ConfigError, EvidenceError
from clinigate.evidence.inputs import CONFIGURED, Input, tree_input
from clinigate.gate.policy import Policy

__all__ = [
    "CONFIG_PREFIX",
    "SUBJECT",
    "TABLES",
    "config_inputs",
    "current_inputs",
    "moved_inputs",
    "named_inputs",
]

CONFIG_PREFIX = "config:"
#: Kind of the inputs by which a gate tells one build from the next.
SUBJECT = "subject"

#: Tables of the configuration by which something is looked at; what they ask for is an input.
#: `[packs]` and `[gate]` are inputs by what they lead to, `[subject]` by its digests.
TABLES = (
    "target",
    "run",
    "chaos",
    "load",
    "bench",
    "security",
    "platform",
    "phi",
    "hipaa",
    "quality",
    "judge",
    "dialogue",
    "model_gate",
    "production",
)
#: Where evidence goes is nothing that a claim rests on.
_NO_INPUT = {"run": {"root"}}


def current_inputs(config: LoadedConfig, policy: Policy) -> dict[str, Input]:
    """Return every input by name: what `[inputs]` and `[subject]` name, and our own.

    Raises:
        ConfigError: an input of `[inputs]` has no file, or its digest is another than that of
            `[subject]`.
        EvidenceError: a file cannot be read.
    """
    trees = {
        name: _tree(config, name, table)
        for name, table in config.config.inputs.items()
        if table.paths
    }
    return {
        **named_inputs(config),
        **trees,
        "policy": Input(policy.digest, "policy"),
        "clinigate": Input(f"version:{__version__}", "tool"),
        **config_inputs(config),
    }


def named_inputs(config: LoadedConfig) -> dict[str, Input]:
    """Return what the configuration names by a digest, and the system's version.

    Raises:
        ConfigError: `[inputs]` and `[subject]` name different digests.
    """
    found = {"version": Input(f"version:{config.config.subject.version}", SUBJECT)}
    found |= {
        name: Input(digest, SUBJECT) for name, digest in config.config.subject.digests.items()
    }
    for name, table in config.config.inputs.items():
        if table.digest is None:
            continue
        known = found.setdefault(name, Input(table.digest, "declared"))
        if known.digest != table.digest:
            raise ConfigError(
                f"{config.source}: [inputs.{name}] digest is {table.digest}, and [subject] says "
                f"{known.digest}; leave one of them out"
            )
    return found


def moved_inputs(config: LoadedConfig, then: Mapping[str, Input]) -> tuple[str, ...]:
    """Return the trees that are other ones than when a run began: its parts saw different things.

    Args:
        config: the configuration, which a run reads once.
        then: what was taken at the beginning.
    """
    moved = []
    for name, table in config.config.inputs.items():
        if table.paths and name in then:
            try:
                now = tree_input(config.base_dir, table.paths)
            except EvidenceError:  # not to be read any more is another one
                now = None
            if now is None or now.digest != then[name].digest:
                moved.append(name)
    return tuple(moved)


def config_inputs(config: LoadedConfig) -> dict[str, Input]:
    """Return the tables of the configuration that are inputs, by name."""
    tables = config.config.model_dump(mode="json", include=set(TABLES))
    found = {}
    for name in TABLES:
        table = tables[name]
        if isinstance(table, dict):
            table = {key: table[key] for key in table if key not in _NO_INPUT.get(name, ())}
        digest = f"sha256:{sha256_hex(canonical_bytes({name: table}))}"
        found[f"{CONFIG_PREFIX}{name}"] = Input(digest, CONFIGURED)
    return found


def _tree(config: LoadedConfig, name: str, table: InputTable) -> Input:
    found = tree_input(config.base_dir, table.paths)
    if found is None:
        raise ConfigError(
            f"{config.source}: [inputs.{name}] paths: no file fits {', '.join(table.paths)}; "
            "what rests on it would rest on nothing"
        )
    return found
