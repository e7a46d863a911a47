"""What `uses` means: the commands by which each part of Clinigate looks at a configured system."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from clinigate.config.loader import LoadedConfig
from clinigate.core.plan import Profile
from clinigate.pipeline.stages.model import Command, own, pytest_command

__all__ = ["DEFAULT", "Unconfigured", "commands_of"]

#: The stages of a configuration that names none, in the order of their turns.
DEFAULT = ("security", "clinical", "hipaa", "phi", "performance", "chaos")

#: What makes a service one that can be asked over a network.
_REMOTE = ("http", "openai")
#: A benchmark for a pull request: it shows what is broken, and not by how much.
_SHORT = ("--blocks", "5", "--queries", "20", "--scenario-time", "15s")

_SUITES = {
    "tests/clinical": "clinigate.suites.clinical",
    "tests/therapeutic": "clinigate.suites.therapeutic",
}


@dataclass(frozen=True, slots=True)
class Unconfigured:
    """Why there is nothing to run, and what would change that."""

    reason: str


def commands_of(
    uses: str, config: LoadedConfig, profile: Profile
) -> tuple[Command, ...] | Unconfigured:
    """Return the commands of one of `clinigate.config.stages.USES`."""
    return _KNOWN[uses](config, profile)


def _security(_config: LoadedConfig, _profile: Profile) -> tuple[Command, ...]:
    return (own("security", "scan"),)


def _platform(_config: LoadedConfig, _profile: Profile) -> tuple[Command, ...]:
    return (own("platform", "scan"),)


def _quality(_config: LoadedConfig, _profile: Profile) -> tuple[Command, ...]:
    return (own("quality"),)


def _clinical(config: LoadedConfig, profile: Profile) -> tuple[Command, ...] | Unconfigured:
    if config.config.target is None:
        return _NO_TARGET
    folders = [name for name in _SUITES if (config.base_dir / name).is_dir()]
    where = folders or ["--pyargs", *_SUITES.values()]
    return (pytest_command(*where, *_grade(profile)),)


def _hipaa(config: LoadedConfig, profile: Profile) -> tuple[Command, ...] | Unconfigured:
    if config.config.target is None:
        return _NO_TARGET
    own_folder = (config.base_dir / "tests/hipaa").is_dir()
    where = ["tests/hipaa"] if own_folder else ["--pyargs", "clinigate.suites.hipaa"]
    options = ("--audit-trail-validation", "--phi-protection", "--consent-management")
    return (pytest_command(*where, *options, *_sample(profile)),)


def _phi(_config: LoadedConfig, _profile: Profile) -> tuple[Command, ...]:
    return (own("phi", "scan"),)


def _performance(config: LoadedConfig, profile: Profile) -> tuple[Command, ...] | Unconfigured:
    if config.config.target is None:
        return _NO_TARGET
    short = () if profile is Profile.FULL else _SHORT
    return (own("bench", "ai", "--target", "--no-sweep", *short),)


def _load(config: LoadedConfig, _profile: Profile) -> tuple[Command, ...] | Unconfigured:
    target = config.config.target
    if target is None:
        return _NO_TARGET
    if target.kind not in _REMOTE:
        return Unconfigured(
            f"[target] kind is {target.kind!r}, which takes no requests over a network; it needs "
            f"{' or '.join(map(repr, _REMOTE))}"
        )
    return (own("load", "run", "--profile", "smoke"),)


def _chaos(config: LoadedConfig, _profile: Profile) -> tuple[Command, ...] | Unconfigured:
    if not config.config.chaos.experiments:
        return Unconfigured(
            "[chaos] experiments names none of your own; name some, or say in a [[stage]] which "
            "one, as run = ['clinigate', 'chaos', 'run', NAME]"
        )
    # Experiments are read where there are any, not where a stage is looked up.
    from clinigate.chaos.library import all_experiments
    from clinigate.chaos.parse import builtin_experiments

    shipped = {experiment.name for experiment in builtin_experiments()}
    names = [each.name for each in all_experiments(config) if each.name not in shipped]
    return tuple(own("chaos", "run", name) for name in names)


_NO_TARGET = Unconfigured("there is no [target]; `clinigate init` writes one")
_KNOWN: Mapping[str, Callable[[LoadedConfig, Profile], tuple[Command, ...] | Unconfigured]] = (
    MappingProxyType(
        {
            "security": _security,
            "platform": _platform,
            "quality": _quality,
            "clinical": _clinical,
            "hipaa": _hipaa,
            "phi": _phi,
            "performance": _performance,
            "load": _load,
            "chaos": _chaos,
        }
    )
)


def _grade(profile: Profile) -> tuple[str, ...]:
    return ("--clinical-grade",) if profile is Profile.FULL else _sample(profile)


def _sample(profile: Profile) -> tuple[str, ...]:
    return () if profile is Profile.FULL else ("--profile", str(profile))
