"""From the configuration to what a scan needs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from pathlib import Path

from clinigate.config.loader import LoadedConfig
from clinigate.errors import UsageError
from clinigate.findings.acceptance import Acceptance
from clinigate.findings.accepted_files import read_baseline, read_waivers
from clinigate.findings.tree import relative_uri
from clinigate.phi.canary_file import load_canaries
from clinigate.phi.policy import allow_rules, policy_from
from clinigate.phi.rows.own import all_rows
from clinigate.phi.scanning import ScanOptions
from clinigate.phi.table import RECOGNIZERS
from clinigate.phi.tokens import configured_tokens

__all__ = ["options_from"]


def options_from(
    loaded: LoadedConfig,
    *,
    paths: Sequence[Path] = (),
    threshold: float | None = None,
    tier: str | None = None,
    names: bool = False,
    engine: str | None = None,
    jobs: int | None = None,
    since: str | None = None,
    exclude: Sequence[str] = (),
    canaries: Path | None = None,
    baseline: Path | None = None,
    waivers: Path | None = None,
    today: date | None = None,
    renew: bool = False,
) -> ScanOptions:
    """Return the options of a scan: the configuration's, where nothing else is given.

    Args:
        loaded: the configuration.
        paths: files and folders against the current folder; none takes those of [phi] paths.
        threshold: least score of what counts; the configuration's at most.
        tier: a name for a threshold, in its place.
        names: whether names and places in prose are looked for everywhere.
        engine: who searches, `fast` or `presidio`; the configuration's, where nothing is given.
        jobs: processes that search at once; the configuration's, where nothing is given.
        since: a revision of git: only what has changed since is searched.
        exclude: patterns beside those of [phi] exclude.
        canaries: file of synthetic patients.
        baseline: file of accepted findings.
        waivers: file of waivers.
        today: by default the day of this place.
        renew: the baseline is to be written: it need not exist.

    Raises:
        UsageError: a path that does not exist, or a threshold above the configuration's.
        ConfigError: a file that is missing or malformed.
    """
    table, base = loaded.config.phi, loaded.base_dir
    for path in paths:
        if not path.exists():
            raise UsageError(f"{path}: no such file or folder to scan")
    for name in () if paths else table.paths:
        if not (base / name).exists():
            raise UsageError(f"[phi] paths: {name}: no such file or folder to scan")
    canary_file = canaries or _beside(base, table.canaries)
    # The day on which people's acceptances end is that of the place where they are.
    day = today or datetime.now().astimezone().date()
    known = baseline or _beside(base, table.baseline)
    if renew and known is not None and not known.exists():
        known = None
    accepted = _acceptances(base, known, waivers or _beside(base, table.waivers), day)
    return ScanOptions(
        base=base,
        paths=tuple(str(path.absolute()) for path in paths) or tuple(table.paths),
        exclude=(*table.exclude, *exclude),
        policy=policy_from(table, threshold=threshold, tier=tier, names=names),
        own=tuple(all_rows(table.recognizer, source=loaded.source)[len(RECOGNIZERS) :]),
        engine=engine or table.engine,
        nlp=table.nlp,
        jobs=jobs or table.jobs,
        since=since,
        max_bytes=None if table.max_file_mb is None else table.max_file_mb * 2**20,
        patients=() if canary_file is None else load_canaries(canary_file),
        canary_file=canary_file,
        acceptances=(*accepted, *allow_rules(table, day, source=loaded.source)),
        tokens=configured_tokens(table.key_env),
        today=day,
    )


def _acceptances(
    base: Path, baseline: Path | None, waivers: Path | None, today: date
) -> Iterator[Acceptance]:
    if baseline is not None:
        yield from read_baseline(baseline, today, source=relative_uri(baseline, base))
    if waivers is not None:
        yield from read_waivers(waivers, today, source=relative_uri(waivers, base))


def _beside(base: Path, name: str | None) -> Path | None:
    return None if name is None else base / name
