"""The acceptances that concern a scan: comments in what was looked at, baseline, waivers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from clinigate.config.security import SecurityTable
from clinigate.errors import ConfigError
from clinigate.findings.acceptance import Acceptance
from clinigate.findings.accepted_files import read_baseline, read_waivers
from clinigate.findings.inline import inline_acceptances
from clinigate.findings.model import ScanResult
from clinigate.security.scanner import ScanContext

__all__ = ["acceptances_in", "baseline_of", "baseline_path", "check_files"]

#: A larger file was not written by hand.
_LARGEST = 4 * 2**20


def acceptances_in(context: ScanContext, scans: Iterable[ScanResult]) -> list[Acceptance]:
    """Return all acceptances that may speak of what was found.

    Raises:
        ConfigError: one is malformed; file, line and field are named.
    """
    uris = {uri for scan in scans for uri in _files_of(scan)}
    inline = [each for uri in sorted(uris) for each in _inline(context, uri)]
    return [*inline, *baseline_of(context), *_waivers(context)]


def check_files(context: ScanContext) -> None:
    """Read baseline and waivers, so that a mistake in them is told before anything is begun.

    Raises:
        ConfigError: as `acceptances_in`, but for comments.
    """
    baseline_of(context)
    _waivers(context)


def baseline_path(context: ScanContext) -> Path:
    """Return where the baseline is, or would be."""
    return context.config.base_dir / context.table.baseline


def baseline_of(context: ScanContext) -> list[Acceptance]:
    """Return the entries of the baseline; none where the default file is missing.

    Raises:
        ConfigError: an entry is malformed, or a file that the configuration names is missing.
    """
    path = _there(context, "baseline")
    return [] if path is None else read_baseline(path, context.today, source=context.table.baseline)


def _waivers(context: ScanContext) -> list[Acceptance]:
    path = _there(context, "waivers")
    return [] if path is None else read_waivers(path, context.today, source=context.table.waivers)


def _there(context: ScanContext, key: str) -> Path | None:
    name: str = getattr(context.table, key)
    path = context.config.base_dir / name
    if path.is_file():
        return path
    if name != SecurityTable.model_fields[key].default:
        raise ConfigError(
            f"{context.config.source}: [security] {key} is {name}, which is no file; correct it, "
            "or leave it out"
        )
    return None


def _files_of(scan: ScanResult) -> Iterator[str]:
    yield from scan.units
    yield from (each.flaw.place.uri for each in scan.findings)


def _inline(context: ScanContext, uri: str) -> Sequence[Acceptance]:
    path = context.base / uri
    try:
        if not path.is_file() or path.stat().st_size > _LARGEST:
            return ()
        text = path.read_text(encoding="utf-8", errors="replace")
    except (OSError, ValueError):
        return ()  # an address, or a file that is gone by now
    return inline_acceptances(text, uri, context.today)
