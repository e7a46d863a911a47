"""Which releases of a scanner are known here."""

from __future__ import annotations

import re

from clinigate.findings.troubles import ScannerError

__all__ = ["check_release", "release_of"]


def release_of(version: str) -> tuple[int, ...]:
    """Return the numbers of a version, as (0, 58, 1)."""
    return tuple(int(part) for part in re.findall(r"\d+", version)[:3])


def check_release(
    name: str, version: str, *, at_least: tuple[int, ...], below: tuple[int, ...]
) -> None:
    """Refuse a release whose output or options are not known here.

    Raises:
        ScannerError: it is older or newer.
    """
    if not at_least <= release_of(version) < below:
        raise ScannerError(
            f"{name} is version {version}; {_shown(at_least)} and later are known here, "
            f"below {_shown(below)}"
        )


def _shown(release: tuple[int, ...]) -> str:
    return ".".join(str(part) for part in release)
