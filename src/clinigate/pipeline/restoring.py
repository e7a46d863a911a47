"""The smallest run that restores claims: stages, or a new decision where nothing was measured."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from clinigate.config.loader import LoadedConfig
from clinigate.core.plan import Profile
from clinigate.evidence.recorded import RecordedRun
from clinigate.evidence.stages import read_stages
from clinigate.pipeline.impact import Lost
from clinigate.pipeline.rests import producer_of
from clinigate.pipeline.stages.known import DEFAULT, Unconfigured, commands_of

__all__ = ["JUDGED_AGAIN", "Stages", "restoring_commands", "stages_of_run"]

#: Inputs that change what is asked and nothing that was seen: the gate judges again by them.
JUDGED_AGAIN = frozenset({"policy"})

#: The part of Clinigate that measures the criteria of a producer, where its name is another.
_USES = {"bench": "performance"}
#: Producers that are no stage, and the command that does their work.
_COMMANDS = {
    "production": "clinigate validate-production",
    "model": "clinigate model-gate",
    "delivery": "clinigate metrics",
}

#: What measures where the configuration has nothing for a stage: the user's own tests and names.
_BY_HAND = {
    "clinical": "pytest",
    "hipaa": "pytest",
    "performance": "clinigate bench ai",
    "load": "clinigate load run",
    "chaos": "clinigate chaos run NAME",
}

#: By metric, the stages that measured it, and the commands of each.
Stages = tuple[Mapping[str, tuple[str, ...]], Mapping[str, tuple[str, ...]]]


def stages_of_run(recorded: RecordedRun) -> Stages:
    """Return which stages of a run observed which metric, and what each stage runs.

    Raises:
        IntegrityError: a note about the stages does not read back.
    """
    staged = read_stages(recorded)
    if staged is None:
        return {}, {}
    of_spool = {
        spool: story.spec.name
        for story in staged.stories
        for attempt in story.attempts
        for spool in attempt.spools
    }
    found: dict[str, dict[str, None]] = {}
    for record in recorded.counting("observation"):
        about: Any = record.body.get("about")
        if isinstance(about, dict) and record.spool in of_spool:
            found.setdefault(str(about.get("metric")), {})[of_spool[record.spool]] = None
    commands = {each.name: each.commands for each in staged.plan.stages}
    return {metric: tuple(names) for metric, names in found.items()}, commands


def restoring_commands(
    lost: Sequence[Lost], *, config: LoadedConfig, run: str | None, stages: Stages, one_build: bool
) -> tuple[str, ...]:
    """Return the commands that restore what is undone.

    Args:
        lost: what is undone.
        config: the configuration, with its stages.
        run: id of the run whose claims these are; None where there is none.
        stages: as `stages_of_run` returns it; empty for a revision without a run.
        one_build: False where another build is deployed than the one that was evaluated: a gate
            takes only bundles of one build, and nothing of the old one restores anything.
    """
    again = [each for each in lost if not JUDGED_AGAIN.issuperset(each.because)]
    if not again:
        return (f"clinigate gate {run or 'last'}",) if lost else ()
    if not one_build:
        return ("clinigate run",)
    planned = {name for names in stages[0].values() for name in names}
    chosen = list(dict.fromkeys(_needed(again, config, stages)))
    names = [name for kind, name in chosen if kind == "stage"]
    commands = [name for kind, name in chosen if kind == "command"]
    if planned and not commands and set(names) == planned:
        return ("clinigate run",)
    staged = [f"clinigate run {' '.join(f'--stage {name}' for name in names)}"] if names else []
    return (*staged, *commands)


def _needed(
    lost: Iterable[Lost], config: LoadedConfig, stages: Stages
) -> Iterator[tuple[str, str]]:
    """What measures each claim: a stage that exists, else a command."""
    existing = _existing(config)
    for each in lost:
        criterion = each.claim.criterion
        measured = [name for name in stages[0].get(criterion.metric, ()) if name in existing]
        if measured:
            yield from (("stage", name) for name in measured)
        else:
            yield _by_producer(producer_of(criterion.id), config)


def _existing(config: LoadedConfig) -> set[str]:
    return {table.name for table in config.config.stage} or set(DEFAULT)


def _by_producer(producer: str, config: LoadedConfig) -> tuple[str, str]:
    if producer in _COMMANDS:
        return "command", _COMMANDS[producer]
    uses = _USES.get(producer, producer)
    tables = config.config.stage
    own = next((table.name for table in tables if table.uses == uses), None)
    if own is not None:
        return "stage", own
    commands = commands_of(uses, config, Profile.FULL)
    if isinstance(commands, Unconfigured):
        return "command", _BY_HAND[uses]
    if not tables and uses in DEFAULT:
        return "stage", uses
    return "command", " && ".join(command.shown for command in commands)
