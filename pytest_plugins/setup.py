"""From pytest's options and the configuration to all that one evaluation needs."""

from __future__ import annotations

import pytest

from clinigate.clinical.equipment import Equipment, equipment_of
from clinigate.config.loader import LoadedConfig
from clinigate.core.plan import Profile
from clinigate.errors import UsageError
from clinigate.pipeline.reading import last_failed
from clinigate.pipeline.setup import Overrides, Setup, prepare, share_of
from clinigate.pytest_plugins.clinical import LIMITS
from clinigate.pytest_plugins.configured import load_configured
from clinigate.pytest_plugins.options import value
from clinigate.pytest_plugins.workers import inherited, is_worker

__all__ = ["read_equipment", "read_setup"]


def read_setup(config: pytest.Config) -> Setup:
    """Combine configuration, policy and options.

    Raises:
        ClinigateError: one of them cannot be meant.
    """
    loaded = load_configured(config)
    profile = value(config, "profile")
    seed, cases = _chosen(config, loaded)
    return prepare(
        loaded,
        Overrides(
            limits=_limits(config),
            confidence=value(config, "confidence"),
            seed=seed,
            profile=None if profile is None else Profile(profile),
            only_cases=cases,
            safety_critical=bool(value(config, "safety-critical")),
            environment=value(config, "clinigate-environment"),
            sample=1.0 if (share := value(config, "sample")) is None else share_of(share),
            stop_early=bool(value(config, "stop-early")),
            reply_cache=bool(value(config, "reply-cache")),
        ),
    )


def read_equipment(config: pytest.Config, loaded: LoadedConfig) -> Equipment:
    """Return who judges and talks beside the rules and scripts; no judge with `--judge off`.

    Raises:
        ClinigateError: a file or variable that [judge] or [dialogue] names is not there.
    """
    return equipment_of(loaded, judges=value(config, "judge") != "off")


def _chosen(config: pytest.Config, loaded: LoadedConfig) -> tuple[int | None, frozenset[str]]:
    """Return the seed, if one was chosen, and the cases to ask again, if any."""
    seed: int | None = value(config, "clinigate-seed")
    if seed is not None and seed < 0:
        raise UsageError(f"--clinigate-seed is {seed}; it is 0 or more")
    if not value(config, "clinigate-rerun-failed"):
        return seed, frozenset()
    if is_worker(config):
        given = inherited(config)
        return given.seed, frozenset(given.cases)
    last = last_failed(loaded.root)
    if seed not in (None, last.seed):
        raise UsageError(
            f"--clinigate-seed is {seed}, and the cases that run {last.run} found wrong were drawn "
            f"with seed {last.seed}; leave one of the options out"
        )
    return last.seed, last.cases


def _limits(config: pytest.Config) -> dict[str, float]:
    given = {name: value(config, name) for name in LIMITS}
    return {
        LIMITS[name][0]: number * LIMITS[name][1]
        for name, number in given.items()
        if number is not None
    }
