"""What a team's configuration lets experiments touch at most: `[chaos]` of clinigate.toml."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from clinigate.chaos import units
from clinigate.chaos.drivers.base import DriverOptions
from clinigate.config.loader import LoadedConfig
from clinigate.config.resilience import EnvironmentTable
from clinigate.errors import ConfigError
from clinigate.evidence.trust import TrustStore, load_trust

__all__ = ["AllowedEnvironment", "ChaosPolicy", "WeeklySpan", "chaos_policy", "weekly_span"]

_WEEK_MIN = 7 * 24 * 60
_SPAN = re.compile(
    r"(mon|tue|wed|thu|fri|sat|sun)\s+(\d\d):(\d\d)-(mon|tue|wed|thu|fri|sat|sun)\s+(\d\d):(\d\d)"
    r"\s+utc",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class AllowedEnvironment:
    """One environment that experiments may disturb; see `[chaos.environments.NAME]`."""

    name: str
    driver: str
    options: DriverOptions
    fingerprint: str | None = None
    production: bool = False


@dataclass(frozen=True, slots=True)
class WeeklySpan:
    """Minutes of the UTC week, from Monday 00:00; past its end where `end_min` is smaller."""

    source: str
    spans: tuple[tuple[int, int], ...]

    def holds(self, now: datetime) -> bool:
        """Whether an aware time, in UTC, lies in it."""
        minute = now.weekday() * 1440 + now.hour * 60 + now.minute
        return any(
            start <= minute < end if start < end else minute >= start or minute < end
            for start, end in self.spans
        )


@dataclass(frozen=True, slots=True)
class ChaosPolicy:
    """The team's rails; an experiment can be stricter, never looser.

    Attributes:
        environments: what may be disturbed, by name; everything else is refused.
        max_targets, max_share: most victims, and greatest share of a group.
        blackouts: when nothing runs.
        kill_file: while it exists nothing starts, and what runs is undone.
        state: folder of ledgers, the lock and what was spent.
        approvers: whose signatures count for production; None is nobody's.
        base: the configuration's folder, where relative paths begin.
    """

    environments: Mapping[str, AllowedEnvironment]
    max_targets: int
    max_share: float
    blackouts: tuple[WeeklySpan, ...]
    kill_file: Path
    state: Path
    approvers: TrustStore | None = None
    base: Path = field(default_factory=Path.cwd)

    def kill_files(self, own: str | None) -> tuple[Path, ...]:
        """The team's kill file, and an experiment's own where it names one, both absolute."""
        return (self.kill_file,) if own is None else (self.kill_file, self.base / own)


def chaos_policy(config: LoadedConfig) -> ChaosPolicy:
    """Read the rails of a configuration.

    Raises:
        ConfigError: a blackout or the trust file is wrong; the field is named.
    """
    table = config.config.chaos
    return ChaosPolicy(
        environments={
            name: _allowed(name, each, config.base_dir) for name, each in table.environments.items()
        },
        max_targets=table.max_targets,
        max_share=table.max_share,
        blackouts=tuple(_blackout(text) for text in table.blackout),
        kill_file=(config.base_dir / table.kill_file).absolute(),
        state=(config.root / "chaos").absolute(),
        approvers=load_trust(config.base_dir / table.approvers) if table.approvers else None,
        base=config.base_dir.absolute(),
    )


def weekly_span(text: str) -> WeeklySpan:
    """The span of `Fri 16:00-Mon 06:00 UTC`, or of a window such as `Mon-Fri 08:00-18:00 UTC`.

    Raises:
        ValueError: neither.
    """
    match = _SPAN.fullmatch(text.strip())
    if match:
        start, end = _moment(*match.group(1, 2, 3)), _moment(*match.group(4, 5, 6))
        if start == end:
            raise ValueError(f"{text!r} is an empty span; its end must differ from its start")
        return WeeklySpan(text, ((start, end),))
    window = units.window(text)
    days = sorted((day - 1) * 1440 for day in window.days)
    length = (window.end_min - window.start_min) % 1440
    starts = [day + window.start_min for day in days]
    return WeeklySpan(text, tuple((s, (s + length) % _WEEK_MIN) for s in starts))


def _moment(day: str, hours: str, minutes: str) -> int:
    if int(hours) > 23 or int(minutes) > 59:
        raise ValueError(f"{hours}:{minutes} is a time that no clock shows; use 00:00 to 23:59")
    return units.DAYS.index(day.lower()) * 1440 + int(hours) * 60 + int(minutes)


def _blackout(text: str) -> WeeklySpan:
    try:
        return weekly_span(text)
    except ValueError as error:
        raise ConfigError(f"[chaos] blackout: {error}") from None


def _allowed(name: str, table: EnvironmentTable, base: Path) -> AllowedEnvironment:
    settings: dict[str, str] = {}
    if table.namespaces:
        settings["namespaces"] = ",".join(table.namespaces)
    if table.kubeconfig:
        settings["kubeconfig"] = str(base / table.kubeconfig)
    if table.context:
        settings["context"] = table.context
    topology = str(base / table.topology) if table.topology else None
    return AllowedEnvironment(
        name=name,
        driver=table.driver,
        options=DriverOptions(topology=topology, environment=name, settings=settings),
        fingerprint=table.fingerprint,
        production=table.production,
    )
