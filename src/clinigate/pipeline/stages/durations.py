"""How long stages took in the last runs, for the time that is left; derived, and no evidence."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from statistics import median

from clinigate.core.canonical import parse_json
from clinigate.errors import EvidenceError
from clinigate.evidence.files import write_atomic

__all__ = ["NAME", "read_durations", "remember_durations"]

#: Beside `runs` and `ledger`. It may be deleted at any time.
NAME = "stage-times.json"

#: Runs that count; older ones speak of another system.
_KEPT = 5


def read_durations(root: Path) -> dict[str, float]:
    """Return, by stage, the median of its last durations in seconds; nothing where none is known.

    Args:
        root: the `.clinigate` directory.
    """
    return {name: median(times) for name, times in _read(root).items()}


def remember_durations(root: Path, took: Iterable[tuple[str, float]]) -> None:
    """Add how long stages took. A disk that refuses costs a guess, and no run."""
    known = _read(root)
    for name, seconds in took:
        known[name] = [*known.get(name, []), round(seconds, 1)][-_KEPT:]
    try:
        write_atomic(root / NAME, json.dumps(known, sort_keys=True).encode(), sync=False)
    except EvidenceError:
        return


def _read(root: Path) -> dict[str, list[float]]:
    """What stands in the file, as far as it makes sense: it is nobody's evidence."""
    try:
        value = parse_json((root / NAME).read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    items = value.items() if isinstance(value, Mapping) else ()
    found = {name: _numbers(times) for name, times in items}
    return {name: times for name, times in found.items() if times}


def _numbers(value: object) -> list[float]:
    listed = value if isinstance(value, list) else []
    return [
        float(each)
        for each in listed
        if isinstance(each, int | float) and not isinstance(each, bool) and 0 <= each < 1e6
    ]
