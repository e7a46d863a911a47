"""Compare the working tree with a sealed run, or with a revision, and say what that undoes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from clinigate.clinical.criteria import CRITERIA
from clinigate.config.loader import LoadedConfig
from clinigate.controls import load_catalogue
from clinigate.core.results import PackUse, Results
from clinigate.errors import UsageError
from clinigate.evidence.bundle import Bundle, open_bundle
from clinigate.evidence.inputs import Input, sealed_inputs
from clinigate.evidence.recorded import RecordedRun
from clinigate.evidence.recorder import is_sealed
from clinigate.evidence.runs import RunStore
from clinigate.gate.policy import Policy
from clinigate.pipeline.impact import Claim, Impact, InputChange, changes, impact_of
from clinigate.pipeline.inputs import SUBJECT, current_inputs
from clinigate.pipeline.recording import INPUTS_MOVED
from clinigate.pipeline.restoring import Stages, restoring_commands, stages_of_run
from clinigate.pipeline.revised import revised_inputs
from clinigate.pipeline.setup import Overrides, is_of_producer, plan_for

__all__ = ["last_sealed", "since_revision", "since_run"]

PACKS = "packs"


@dataclass(frozen=True, slots=True)
class _Claimed:
    """What was claimed, where, and by which stages it was measured."""

    claims: tuple[Claim, ...]
    run: str | None = None
    stages: Stages = ({}, {})
    notes: tuple[str, ...] = ()


def last_sealed(root: Path) -> Path | None:
    """Return the directory of the last run that is sealed, None without any."""
    store = RunStore(root)
    directories = (store.directory(run) for run in reversed(store.runs()))
    return next((each for each in directories if is_sealed(each)), None)


def since_run(config: LoadedConfig, policy: Policy, path: Path) -> Impact | None:
    """Say what the working tree undoes of a sealed run; None where it took no digests.

    Raises:
        IncompleteRunError: it is not sealed.
        IntegrityError: its evidence is damaged.
        ConfigError: an input that the configuration names is not there.
    """
    bundle = open_bundle(path)
    then = sealed_inputs(bundle)
    if then is None:
        return None
    results, recorded = bundle.results(), bundle.recorded()
    now = current_inputs(config, policy)
    if results.packs:
        then = {**then, PACKS: _packs(results.packs)}
        now = {**now, PACKS: _packs(_packs_now(config))}
    return _undone(
        f"run {bundle.run}",
        _with_moved(changes(then, now), recorded),
        _claimed(bundle, results, recorded),
        config=config,
        inputs=sorted({*then, *now}),
        one_build=_build(then) == _build(now),
    )


def since_revision(
    config: LoadedConfig, policy: Policy, revision: str, path: Path | None
) -> Impact:
    """Say what the changes since a revision undo of what a run claimed.

    Args:
        config: the configuration, as it is now.
        policy: whose criteria are the claims where there is no run.
        revision: of the repository around the configuration.
        path: of the sealed run whose claims are meant; None takes the policy's.

    Raises:
        UsageError: no repository, or no such revision.
        IntegrityError: the run's evidence is damaged.
    """
    revised = revised_inputs(config, revision)
    if path is None:
        claimed = _Claimed(
            tuple(map(Claim, policy.criteria(CRITERIA, elsewhere=is_of_producer))),
            notes=("there is no sealed run: the claims are those that the policy asks for",),
        )
    else:
        bundle = open_bundle(path)
        claimed = _claimed(bundle, bundle.results(), bundle.recorded())
    impact = _undone(
        f"commit {revised.commit[:12]}",
        revised.changes,
        claimed,
        config=config,
        inputs=revised.names,
        one_build=not revised.other_build,
    )
    return replace(impact, notes=(*impact.notes, *revised.notes))


def _with_moved(changed: tuple[InputChange, ...], recorded: RecordedRun) -> tuple[InputChange, ...]:
    """The changes, and what changed while the run was under way: nothing is what it rested on."""
    notes = (note["about"] for note in recorded.plain("note") if note["topic"] == INPUTS_MOVED)
    moved = {str(name): None for about in notes for name in about["inputs"]}
    others = tuple(each for each in changed if each.name not in moved)
    return (*others, *(InputChange(name, "moved") for name in moved))


def _claimed(bundle: Bundle, results: Results, recorded: RecordedRun) -> _Claimed:
    verdicts = {verdict.criterion: verdict for verdict in results.verdicts}
    claims = tuple(Claim(each, verdicts.get(each.id)) for each in results.criteria)
    notes = ("that run was a sample, which certifies nothing",) if results.plan.is_sample else ()
    return _Claimed(claims, bundle.run, stages_of_run(recorded), notes)


def _undone(
    since: str,
    changed: tuple[InputChange, ...],
    claimed: _Claimed,
    *,
    config: LoadedConfig,
    inputs: Iterable[str],
    one_build: bool,
) -> Impact:
    if not claimed.claims:
        raise UsageError(f"{since}: nothing was claimed, so that nothing can be undone")
    impact = impact_of(
        since,
        changed,
        claimed.claims,
        declared=config.config.inputs,
        inputs=tuple(inputs),
        catalogue=load_catalogue(),
    )
    commands = restoring_commands(
        impact.lost, config=config, run=claimed.run, stages=claimed.stages, one_build=one_build
    )
    return replace(
        impact, commands=commands, notes=(*claimed.notes, *_notes(impact, claimed, one_build))
    )


def _notes(impact: Impact, claimed: _Claimed, one_build: bool) -> Iterator[str]:
    if not impact.lost:
        return
    if not one_build:
        yield (
            "another build is named than the one that was evaluated: a gate takes evidence of one "
            "build alone, so that all of it is measured again"
        )
    elif impact.kept and claimed.run is not None and claimed.stages[1]:
        yield (
            "these are the claims alone: a gate joins stages of one commit, so that a decision on "
            "another commit needs all of them: clinigate run"
        )
    elif impact.kept and claimed.run is not None:
        yield (
            f"what still holds stays in the old bundle: clinigate gate last {claimed.run} decides "
            "on both, and of two verdicts on one criterion the graver counts"
        )


def _packs_now(config: LoadedConfig) -> tuple[PackUse, ...]:
    # Packs are read where a run had some, and nowhere else.
    from clinigate.clinical.draw import packs_used

    return packs_used(plan_for(config, Overrides(), CRITERIA))


def _packs(packs: Iterable[PackUse]) -> Input:
    named = {pack.name: pack.digest for pack in packs}
    digest = ";".join(f"{name}={named[name]}" for name in sorted(named))
    return Input(digest, PACKS, named, len(named))


def _build(inputs: Mapping[str, Input]) -> dict[str, str]:
    """What tells one build from the next: the system's version and digests."""
    return {name: each.digest for name, each in inputs.items() if each.kind == SUBJECT}
