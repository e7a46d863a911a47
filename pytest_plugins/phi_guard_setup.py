"""From pytest's options and the configuration to a guard; without what only an evaluation needs."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from importlib.metadata import distributions
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from clinigate.errors import ClinigateError
from clinigate.phi.recognizer import ENTRY_POINT_GROUP
from clinigate.phi.watching import Watcher
from clinigate.pytest_plugins.options import value
from clinigate.pytest_plugins.phi_guard_hearing import STREAMS, Hearing

if TYPE_CHECKING:
    from clinigate.phi.canaries import Patient
    from clinigate.pytest_plugins.phi_guard import Guard

__all__ = ["guard_for"]


def guard_for(config: pytest.Config) -> Guard:
    """Return the guard that the configuration describes.

    Raises:
        pytest.UsageError: output is not captured, so that there is nothing to look at; or an
            option or the configuration is wrong.
    """
    from clinigate.pytest_plugins.phi_guard import Guard

    if config.getoption("capture", None) == "no":
        raise pytest.UsageError(
            "clinigate: --phi-guard looks at captured output; leave out -s (--capture=no)"
        )
    streams = _streams(value(config, "phi-guard-streams"))
    try:
        watcher = _watcher(config)
    except ClinigateError as error:
        raise pytest.UsageError(f"clinigate: {error}") from None
    today = datetime.now().astimezone().date()
    return Guard(watcher, Hearing(streams), today=today, root=config.rootpath)


def _watcher(config: pytest.Config) -> Watcher:
    if not (_may_be_configured(config) or _may_bring_rows()):
        return Watcher()
    from clinigate.phi.policy import policy_from
    from clinigate.phi.rows.own import all_rows
    from clinigate.pytest_plugins.configured import load_configured

    loaded = load_configured(config)
    table = loaded.config.phi
    # What a test says stands in no file: patterns of paths have no say.
    level = policy_from(table).base
    return Watcher(
        threshold=level.threshold,
        patients=_patients(loaded.base_dir, table.canaries),
        rows=all_rows(table.recognizer, source=loaded.source),
        names=level.names,
    )


def _patients(base: Path, canaries: str | None) -> Iterable[Patient]:
    if canaries is None:
        return ()
    from clinigate.phi.canary_file import load_canaries

    return load_canaries(base / canaries)


def _may_be_configured(config: pytest.Config) -> bool:
    """Tell whether there is a file to read: to read none takes a quarter of a second too."""
    starts = (config.invocation_params.dir, config.rootpath)
    folders = {folder for start in starts for folder in (start, *start.parents)}
    return value(config, "clinigate-config") is not None or any(map(_has_file, folders))


def _may_bring_rows() -> bool:
    """Tell whether a package may bring rows; to ask for its entry points would read all of them."""
    read = (each.read_text("entry_points.txt") for each in distributions())
    return any(ENTRY_POINT_GROUP in text for text in read if text)


def _has_file(folder: Path) -> bool:
    project = folder / "pyproject.toml"
    named = project.is_file() and b"clinigate" in project.read_bytes()
    return named or (folder / "clinigate.toml").exists()


def _streams(given: str | None) -> frozenset[str]:
    chosen = frozenset(STREAMS if given is None else map(str.strip, given.split(",")))
    if unknown := sorted(chosen - set(STREAMS)):
        raise pytest.UsageError(
            f"clinigate: --phi-guard-streams: {unknown[0]!r} is none of {', '.join(STREAMS)}"
        )
    return chosen
