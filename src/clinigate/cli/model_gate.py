"""`clinigate model-gate`: may this release of a model go?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from clinigate.cli.exits import ExitCode
from clinigate.cli.keys import passphrase_source
from clinigate.cli.naming import digests_option
from clinigate.cli.options import (
    config_option,
    environment_option,
    policy_option,
    trust_option,
    trusted_keys,
)
from clinigate.cli.places import bundle_path
from clinigate.cli.producing import screen
from clinigate.cli.troubles import complain
from clinigate.config.digests import read_digests
from clinigate.config.loader import LoadedConfig, load_config
from clinigate.core.plan import Profile
from clinigate.errors import ConfigError, UsageError

if TYPE_CHECKING:
    from clinigate.modelgate.release import Release, Released
    from clinigate.modelgate.tracking import Tracker

__all__ = ["command"]


@dataclass(frozen=True, slots=True)
class _Mlflow:
    """What the options say of MLflow: the release's run, the baseline's, the model's place."""

    uri: str | None
    run: str | None
    baseline: str | None
    model: str | None

    @property
    def used(self) -> bool:
        return self.run is not None or self.baseline is not None


@click.command("model-gate")
@click.option("--baseline", metavar="RUN|PATH",
              help="The run in use: its id, folder or zip ([model_gate] baseline).")  # fmt: skip
@click.option("--record-baseline", is_flag=True,
              help="Ask the model in use instead, and remember its answers.")  # fmt: skip
@digests_option
@click.option("--profile", type=click.Choice([str(each) for each in Profile]),
              default=str(Profile.FULL), show_default=True,
              help="pr: a sample, which certifies nothing.")  # fmt: skip
@click.option("--mlflow-uri", metavar="URI",
              help="The tracking store ([model_gate.mlflow] tracking_uri).")  # fmt: skip
@click.option("--mlflow-run", metavar="ID",
              help="The release's run: its digests are read, the verdict is logged.")  # fmt: skip
@click.option("--mlflow-model", metavar="ARTIFACT",
              help="Where --mlflow-run logged its model; its digest is taken.")  # fmt: skip
@click.option("--mlflow-baseline", metavar="ID",
              help="The run in use, by its id in MLflow.")  # fmt: skip
@policy_option
@environment_option
@trust_option
@config_option
def command(
    baseline: str | None,
    record_baseline: bool,
    digests: tuple[str, ...],
    profile: str,
    mlflow_uri: str | None,
    mlflow_run: str | None,
    mlflow_model: str | None,
    mlflow_baseline: str | None,
    policy: str | None,
    environment: str | None,
    trust: Path | None,
    config: Path | None,
) -> int:
    """Judge a model's release: by itself, case by case against its baseline, and by drift.

    The clinical checks ask the configured target; each answer is held against the signed run of the
    model in use. What the policy demands must hold, and every criterion `model.…` must PASS.
    Exit codes: 0 the release may go; 1 it may not; 2 unfinished; 3 the baseline is damaged or not
    signed; 4 usage, and a baseline of other cases.
    """
    mlflow = _Mlflow(mlflow_uri, mlflow_run, mlflow_baseline, mlflow_model)
    loaded = _by_policy(load_config(config), policy)
    held_against = _one_baseline(loaded, baseline, mlflow, record=record_baseline)
    tracker = _tracker(loaded, mlflow)
    loaded = _named(loaded, digests, tracker, mlflow)
    release = _prepared(loaded, profile, environment)
    if held_against is not None or mlflow.baseline is not None:
        with _fetched(loaded, held_against, tracker, mlflow) as bundle:
            release = release.against(bundle, trust=trusted_keys(loaded, trust))
    released = _ask(loaded, release)
    if tracker is not None and mlflow.run is not None:
        against = None if release.baseline is None else release.baseline.statement
        tracker.log(mlflow.run, released, baseline=against)
        click.echo(f"logged to run {mlflow.run} of {tracker.place}")
    return _ended(released, record=record_baseline)


def _one_baseline(
    loaded: LoadedConfig, given: str | None, mlflow: _Mlflow, *, record: bool
) -> str | None:
    """Return the baseline that is meant, where it is none of MLflow's."""
    named = [given is not None, mlflow.baseline is not None, record]
    if sum(named) > 1:
        raise UsageError(
            "--baseline, --mlflow-baseline and --record-baseline: give one of them; a release is "
            "held against one run"
        )
    if mlflow.model is not None and mlflow.run is None:
        raise UsageError("--mlflow-model: give --mlflow-run too, whose model it is")
    if record or mlflow.baseline is not None:
        return None
    return given or loaded.config.model_gate.baseline


def _tracker(loaded: LoadedConfig, mlflow: _Mlflow) -> Tracker | None:
    """Open MLflow's store where a run of it is named, before anything is asked."""
    if not mlflow.used:
        return None
    from clinigate.modelgate.tracking import open_tracker

    uri = mlflow.uri or loaded.config.model_gate.mlflow.tracking_uri
    return open_tracker(uri, loaded.base_dir)


def _named(
    loaded: LoadedConfig, given: tuple[str, ...], tracker: Tracker | None, mlflow: _Mlflow
) -> LoadedConfig:
    """Add to `[subject] digests` what options, files and MLflow name."""
    from clinigate.modelgate.files import with_digests

    loaded = with_digests(loaded)
    sources: list[tuple[str, Mapping[str, str]]] = [
        ("--digest", read_digests(given, option="--digest")),
    ]
    if tracker is not None and mlflow.run is not None:
        told = [f"{name}={value}" for name, value in tracker.digests(mlflow.run).items()]
        sources.append(("--mlflow-run", read_digests(told, option="--mlflow-run: tag")))
        if mlflow.model is not None:
            digest = tracker.model_digest(mlflow.run, mlflow.model)
            sources.append(("--mlflow-model", {"model": digest}))
    for option, digests in sources:
        loaded = loaded.naming(digests, option=option)
    return loaded


def _prepared(loaded: LoadedConfig, profile: str, environment: str | None) -> Release:
    from clinigate.modelgate.release import prepare_release
    from clinigate.pipeline.setup import Overrides

    if loaded.config.target is None:
        raise ConfigError(f"{loaded.source}: has no [target]; say where the release answers")
    overrides = Overrides(profile=Profile(profile), environment=environment)
    return prepare_release(loaded, loaded.config.model_gate.digests, overrides)


@contextmanager
def _fetched(
    loaded: LoadedConfig, given: str | None, tracker: Tracker | None, mlflow: _Mlflow
) -> Iterator[Path]:
    if tracker is not None and mlflow.baseline is not None:
        with tracker.bundle(mlflow.baseline) as path:
            yield path
        return
    assert given is not None
    with nullcontext(bundle_path(loaded, given)) as path:
        yield path


def _ask(loaded: LoadedConfig, release: Release) -> Released:
    from clinigate.cli.progress import shown_progress
    from clinigate.pipeline.keys import configured_signer
    from clinigate.pipeline.process_run import run_from_outside
    from clinigate.targets import build_target

    assert loaded.config.target is not None
    signer = None
    if not run_from_outside():
        signer = configured_signer(loaded, passphrase=passphrase_source(None, confirm=False))
    target = build_target(loaded.config.target, base_dir=loaded.base_dir)
    with shown_progress() as (on_begin, on_end):
        return release.run(target, signer=signer, on_begin=on_begin, on_end=on_end, on_sealed=_show)


def _show(released: Released) -> None:
    from clinigate.pipeline.showing import results_table, table_of

    if released.conclusion is not None:
        click.echo(table_of(released.conclusion, verdicts=released.verdicts, **screen()))
    else:
        click.echo(results_table(released.results, verdicts=released.verdicts, **screen()))
        click.echo(f"recorded in run {released.run}; whoever began it seals it")


def _ended(released: Released, *, record: bool) -> int:
    if released.stopped is not None:
        return complain(f"the run ended early: {released.stopped}", ExitCode.UNFINISHED)
    if record:
        click.echo(
            f"its answers are remembered; hold a release against them: --baseline {released.run}"
        )
        return ExitCode.OK
    if released.decision.opens:
        click.echo("the release may go")
        return ExitCode.OK
    for reason in released.decision.reasons[1:]:
        click.echo(f"also: {reason}", err=True)
    return complain(f"the release may not go: {released.decision.reasons[0]}", ExitCode.NOT_PASSED)


def _by_policy(loaded: LoadedConfig, policy: str | None) -> LoadedConfig:
    if policy is None:
        return loaded
    from clinigate.gate.policy import BUILT_IN

    named = policy if policy in BUILT_IN else str(Path(policy).resolve())
    gate = loaded.config.gate.model_copy(update={"policy": named})
    return replace(loaded, config=loaded.config.model_copy(update={"gate": gate}))
