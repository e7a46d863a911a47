"""What was accepted among the findings of a scan: by comments, by a baseline, by waivers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path

from clinigate.config.loader import LoadedConfig
from clinigate.findings.acceptance import Acceptance, Way
from clinigate.findings.accepted_files import read_baseline, read_waivers
from clinigate.findings.globs import matches
from clinigate.findings.inline import inline_acceptances

__all__ = ["acceptances", "baseline_path", "is_in_scope"]


def baseline_path(config: LoadedConfig) -> Path:
    """Return where the baseline is, or would be."""
    return config.base_dir / config.config.platform.baseline


def acceptances(
    config: LoadedConfig, texts: Mapping[str, str], today: date
) -> tuple[Acceptance, ...]:
    """Return all that was accepted.

    Args:
        config: names the baseline and the waivers; one that it names and that is missing is an
            error, one of the default's name need not be there.
        texts: the manifests that were read, by their name in findings.
        today: against which terms are measured.

    Raises:
        ConfigError: an acceptance is malformed, gives no reason, or reaches too far ahead.
    """
    table = config.config.platform
    found: list[Acceptance] = []
    if _is_there(config, "baseline", table.baseline):
        path = baseline_path(config)
        found += read_baseline(path, today, source=table.baseline)
    if _is_there(config, "waivers", table.waivers):
        found += read_waivers(config.base_dir / table.waivers, today, source=table.waivers)
    for uri, text in texts.items():
        found += inline_acceptances(text, uri, today)
    return tuple(found)


def is_in_scope(acceptance: Acceptance, rules: frozenset[str], uris: frozenset[str]) -> bool:
    """Whether a scan of these rules and places would have found what was accepted."""
    if acceptance.rule not in rules:
        return False
    if acceptance.way is Way.WAIVER:
        return any(matches(acceptance.path, uri) for uri in uris)
    return acceptance.path in uris


def _is_there(config: LoadedConfig, key: str, name: str) -> bool:
    named = key in config.config.platform.model_fields_set
    return named or (config.base_dir / name).is_file()
