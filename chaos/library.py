"""Which experiments there are: those that Clinigate ships, and the team's own."""

from __future__ import annotations

from pathlib import Path

from clinigate.chaos.model import Experiment
from clinigate.chaos.parse import builtin_experiments, read_experiment
from clinigate.config.loader import LoadedConfig
from clinigate.errors import ConfigError
from clinigate.scenarios.yamlnode import nearest

__all__ = ["all_experiments", "experiment_named"]


def all_experiments(config: LoadedConfig) -> tuple[Experiment, ...]:
    """The built-in experiments and those of `[chaos] experiments`, by name.

    Raises:
        ConfigError: a file is wrong, a glob matches nothing, or a name stands twice.
    """
    found: dict[str, Experiment] = {each.name: each for each in builtin_experiments()}
    for pattern in config.config.chaos.experiments:
        for path in _matching(config.base_dir, pattern):
            experiment = read_experiment(path)
            if experiment.name in found:
                raise ConfigError(
                    f"{path}: experiment {experiment.name!r} stands in "
                    f"{found[experiment.name].source} already; give it another name"
                )
            found[experiment.name] = experiment
    return tuple(found[name] for name in sorted(found))


def experiment_named(config: LoadedConfig, name: str) -> Experiment:
    """The experiment of that name, or of that file.

    Raises:
        ConfigError: there is none, or its file is wrong.
    """
    if name.endswith((".yaml", ".yml")) or "/" in name:
        return read_experiment(Path(name))
    known = {each.name: each for each in all_experiments(config)}
    if name not in known:
        hint = nearest(name, known) if known else "; there are none"
        raise ConfigError(f"no experiment {name!r}{hint}; a file is named by its path")
    return known[name]


def _matching(base: Path, pattern: str) -> list[Path]:
    if not any(mark in pattern for mark in "*?["):
        return [base / pattern]
    found = sorted(base.glob(pattern))
    if not found:
        raise ConfigError(f"[chaos] experiments: {pattern!r} matches no file")
    return found
