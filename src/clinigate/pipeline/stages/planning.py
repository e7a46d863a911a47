"""From the configuration to stages in the order of their turns; what cannot run is told before."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from clinigate.config.loader import LoadedConfig
from clinigate.config.stages import StageTable
from clinigate.core.plan import Profile
from clinigate.errors import ConfigError, UsageError
from clinigate.gate.policy import nearest
from clinigate.pipeline.stages.known import DEFAULT, Unconfigured, commands_of
from clinigate.pipeline.stages.model import Command, Stage, user_command

__all__ = ["plan_stages"]


def plan_stages(
    config: LoadedConfig, *, only: Sequence[str] = (), profile: Profile = Profile.FULL
) -> tuple[Stage, ...]:
    """Return all stages in the order in which they run: as they stand, needs first.

    Without `[[stage]]` these are the stages that the configuration has something for, from the
    static checks to the experiments.

    Args:
        config: the configuration.
        only: names of the stages that are to run; what they need runs too. None is all.
        profile: `pr` lets the suites draw a sample.

    Raises:
        ConfigError: a stage that cannot be meant; file and field are named.
        UsageError: `only` names no stage, a program is missing, or nothing is left to run.
    """
    tables = config.config.stage
    stages = _configured(config, tables, profile) if tables else _default(config, profile)
    ordered = _selected(_in_order(config, stages), only)
    running = [stage for stage in ordered if stage.selected]
    if not running:
        reasons = "; ".join(f"{stage.name}: {stage.left_out}" for stage in ordered)
        raise UsageError(f"{config.source}: there is no stage to run ({reasons})")
    _check_programs(config, running)
    return ordered


def _configured(
    config: LoadedConfig, tables: Sequence[StageTable], profile: Profile
) -> list[Stage]:
    names = [table.name for table in tables]
    stages = []
    for number, table in enumerate(tables):
        place = f"{config.source}: 'stage.{number}"
        if table.name in names[:number]:
            raise ConfigError(f"{place}.name': two stages are named {table.name!r}; name each once")
        for need in table.needs:
            if need == table.name:
                raise ConfigError(f"{place}.needs': stage {need!r} needs itself")
            if need not in names:
                raise ConfigError(f"{place}.needs': no stage {need!r}; {nearest(need, names)}")
        stages.append(_stage(config, table, profile, place))
    return stages


def _stage(config: LoadedConfig, table: StageTable, profile: Profile, place: str) -> Stage:
    found: tuple[Command, ...] | Unconfigured
    if table.uses is None:
        found = (user_command(table.run or ()),)
    else:
        found = commands_of(table.uses, config, profile)
    if isinstance(found, Unconfigured):
        raise ConfigError(f"{place}.uses': {table.uses} cannot run: {found.reason}")
    return Stage(table.name, found, table.timeout_s, tuple(table.needs), table.required)


def _default(config: LoadedConfig, profile: Profile) -> list[Stage]:
    timeout_s = float(StageTable.model_fields["timeout_s"].default)
    stages = []
    for name in DEFAULT:
        found = commands_of(name, config, profile)
        if isinstance(found, Unconfigured):
            left_out = f"not configured: {found.reason}"
            stages.append(
                Stage(name, (), timeout_s, required=False, selected=False, left_out=left_out)
            )
        else:
            stages.append(Stage(name, found, timeout_s))
    return stages


def _in_order(config: LoadedConfig, stages: Sequence[Stage]) -> list[Stage]:
    """The stages as they stand, each after those that it needs."""
    waiting, ordered = list(stages), list[Stage]()
    while waiting:
        done = {stage.name for stage in ordered}
        ready = next((stage for stage in waiting if done.issuperset(stage.needs)), None)
        if ready is None:
            raise ConfigError(f"{config.source}: 'stage': {_cycle(waiting)}; break the circle")
        waiting.remove(ready)
        ordered.append(ready)
    return ordered


def _cycle(waiting: Sequence[Stage]) -> str:
    """A circle of needs among stages of which each waits for another."""
    known = {stage.name: stage for stage in waiting}
    path = [waiting[0].name]
    while path.count(path[-1]) == 1:
        path.append(next(need for need in known[path[-1]].needs if need in known))
    return " needs ".join(path[path.index(path[-1]) :])


def _selected(stages: Sequence[Stage], only: Sequence[str]) -> tuple[Stage, ...]:
    known = {stage.name: stage for stage in stages}
    for name in only:
        if name not in known:
            raise UsageError(f"--stage {name}: no stage has this name; {nearest(name, known)}")
        if not known[name].commands:
            raise UsageError(f"--stage {name}: {known[name].left_out}")
    if not only:
        return tuple(stages)
    wanted = _with_needs(known, only)
    return tuple(
        stage
        if stage.name in wanted or not stage.selected
        else replace(stage, selected=False, left_out="--stage left it out")
        for stage in stages
    )


def _with_needs(known: dict[str, Stage], names: Iterable[str]) -> set[str]:
    wanted, open_names = set[str](), list(names)
    while open_names:
        name = open_names.pop()
        if name not in wanted:
            wanted.add(name)
            open_names += known[name].needs
    return wanted


def _check_programs(config: LoadedConfig, stages: Iterable[Stage]) -> None:
    for stage in stages:
        for command in stage.commands:
            program = command.argv[0]
            place = program if Path(program).name == program else str(config.base_dir / program)
            if shutil.which(place) is None:
                raise UsageError(
                    f"{config.source}: stage {stage.name!r}: {program}: no such program; "
                    "install it, or give its path"
                )
