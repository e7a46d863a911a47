"""`clinigate load`: play conversations at a system, and watch safety under load."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from clinigate.cli.exits import ExitCode
from clinigate.cli.options import config_option, environment_option
from clinigate.errors import ConfigError, UsageError

if TYPE_CHECKING:
    from clinigate.config.loader import LoadedConfig
    from clinigate.config.target import TargetSpec
    from clinigate.load.asking import Asking
    from clinigate.load.journal import JournalReader
    from clinigate.load.launch import Fleet
    from clinigate.load.library import LoadedProfile

__all__ = ["command"]

#: How long the reference service thinks: instant replies would never meet each other.
_FIRST_TOKEN_S = 0.8


@click.group("load")
def command() -> None:
    """Play conversations at a system, and watch safety under load."""


@command.command("list")
@config_option
def list_profiles(config: Path | None) -> int:
    """List the load profiles: those that ship with Clinigate and those of [load] profiles."""
    from clinigate.config.loader import load_config
    from clinigate.load.library import all_profiles
    from clinigate.load.shape import shape_of

    loaded = load_config(config)
    profiles = all_profiles(own=loaded.config.load.profiles, base_dir=loaded.base_dir)
    width = max(len(each.profile.name) for each in profiles)
    for each in profiles:
        shape = shape_of(each.profile.arrivals)
        click.echo(
            f"{each.profile.name:<{width}}  {each.profile.title} "
            f"({shape.duration_s:g} s, about {shape.expected:,.0f} conversations, at most "
            f"{shape.peak:g} new ones a second)"
        )
    return ExitCode.OK


@command.command("show")
@click.argument("name")
@config_option
def show(name: str, config: Path | None) -> int:
    """Show a profile: its people, its objectives, and where each parameter comes from."""
    from clinigate.load.describe import described

    click.echo(described(_profile(_config(config), name)))
    return ExitCode.OK


@command.command("run")
@click.option("--profile", "name", required=True, help="A name of `load list`, or a YAML file.")
@click.option("--target", "url", metavar="URL",
              help="Another address for the configured target; without one, an "
              "OpenAI-compatible service, up to and with the version.")  # fmt: skip
@click.option("--model", default="default", show_default=True,
              help="With --target alone: the model's name there.")  # fmt: skip
@click.option("--reference", is_flag=True, help="Load the embedded reference service.")
@click.option("--defect", metavar="NAME", help="With --reference: switch on one of its defects.")
@click.option("--workers", type=click.IntRange(1, 64), default=1, show_default=True,
              help="Processes of this machine that generate.")  # fmt: skip
@click.option("--expect-workers", type=click.IntRange(1, 1000), metavar="N",
              help="Wait for N workers from other machines in place of own ones.")  # fmt: skip
@click.option("--bind", default="127.0.0.1:5557", show_default=True, metavar="HOST:PORT",
              help="With --expect-workers: where they join.")  # fmt: skip
@click.option("--duration", type=click.FloatRange(min=0, min_open=True), metavar="SECONDS",
              help="Another length; curve and surge keep their places in it.")  # fmt: skip
@click.option("--rate", type=click.FloatRange(min=0, min_open=True),
              help="Other new conversations a second at factor 1.")  # fmt: skip
@click.option("--seed", type=click.IntRange(min=0),
              help="Of arrivals and people (default: [run] seed).")  # fmt: skip
@config_option
@environment_option
def run(config: Path | None, environment: str | None, **given: Any) -> int:
    """Play a profile's conversations at the target, and judge what came of it.

    Conversations begin by the clock, whatever the target does. Ctrl-C ends the run early; what was
    counted until then is kept and sealed.
    """
    from clinigate.cli.producing import produce
    from clinigate.evidence.recorder import Recorder
    from clinigate.load.criteria import criteria_for
    from clinigate.load.run import check_playable, check_reachable, run_load
    from clinigate.pipeline.setup import confidence_for

    options = _Options(**given)
    options.check(named=_named())
    fleet = options.fleet
    loaded = _config(config)
    profile = options.adjust(_profile(loaded, options.name))
    with _target(loaded, options) as (spec, base_dir, variables):
        asking = _asking(spec, base_dir)
        max_rate = None if options.reference else loaded.config.load.max_rate
        check_playable(profile, asking, max_rate=max_rate)
        check_reachable(spec, base_dir, {**os.environ, **variables})
        seed = loaded.config.run.seed if options.seed is None else options.seed
        confidence = confidence_for(loaded, environment=environment)

        def work(recorder: Recorder, environ: Mapping[str, str]) -> str | None:
            return run_load(
                recorder,
                profile,
                asking,
                seed=seed,
                fleet=fleet,
                environ={**environ, **variables},
                confidence=confidence,
                on_progress=_progress(profile),
            )

        return produce(
            loaded,
            producer="load",
            target=asking.name,
            criteria=criteria_for(profile.profile, streamed=asking.streamed),
            work=work,
            environment=environment,
        )


@dataclass(frozen=True, slots=True)
class _Options:
    """What `load run` was called with."""

    name: str
    url: str | None
    model: str
    reference: bool
    defect: str | None
    workers: int
    expect_workers: int | None
    bind: str
    duration: float | None
    rate: float | None
    seed: int | None

    def check(self, *, named: Collection[str]) -> None:
        """Refuse what cannot be meant together; `named` are the options that were given."""
        if self.reference and self.url is not None:
            raise UsageError("--reference and --target name two systems; give one of them")
        if self.defect is not None and not self.reference:
            raise UsageError("--defect is one of the reference service; add --reference")
        if "workers" in named and self.expect_workers is not None:
            raise UsageError(
                "--workers starts own workers and --expect-workers waits for others; give one of "
                "them"
            )
        if "bind" in named and self.expect_workers is None:
            raise UsageError("--bind is where workers from elsewhere join; add --expect-workers")

    def adjust(self, profile: LoadedProfile) -> LoadedProfile:
        """The profile with the length and rate that were given."""
        from clinigate.load.run import adjusted

        return adjusted(profile, duration_s=self.duration, rate=self.rate)

    @property
    def fleet(self) -> Fleet:
        """Who generates."""
        from clinigate.load.launch import Fleet

        if self.expect_workers is None:
            return Fleet(workers=self.workers)
        host, _, port = self.bind.rpartition(":")
        if not host or not port.isdecimal() or not 0 < int(port) < 65536:
            raise UsageError(f"--bind is {self.bind!r}; wanted HOST:PORT, as 0.0.0.0:5557")
        return Fleet(expected=self.expect_workers, bind=(host.strip("[]"), int(port)))


def _named() -> frozenset[str]:
    """The options of this command that were given, whatever they say."""
    context = click.get_current_context()
    given = click.core.ParameterSource.DEFAULT
    return frozenset(n for n in context.params if context.get_parameter_source(n) is not given)


def _config(path: Path | None) -> LoadedConfig:
    from clinigate.config.loader import load_config

    return load_config(path)


def _profile(config: LoadedConfig, name: str) -> LoadedProfile:
    from clinigate.load.library import find_profile

    return find_profile(name, own=config.config.load.profiles, base_dir=config.base_dir)


def _asking(spec: TargetSpec, base_dir: Path) -> Asking:
    from clinigate.load.asking import asking_for

    return asking_for(spec, base_dir)


@contextmanager
def _target(
    config: LoadedConfig, options: _Options
) -> Iterator[tuple[TargetSpec, Path, Mapping[str, str]]]:
    """Yield the target's table, the folder of its paths, and variables that only it needs."""
    if options.reference:
        with _reference(options.defect) as target:
            yield target
        return
    configured = config.config.target
    if options.url is not None:
        yield _addressed(configured, options.url, options.model), config.base_dir, {}
    elif configured is None:
        raise ConfigError(
            f"{config.source}: no [target] to load; add one, or give --target URL or --reference"
        )
    else:
        yield configured, config.base_dir, {}


def _addressed(configured: TargetSpec | None, url: str, model: str) -> TargetSpec:
    """The configured target at another address, or an OpenAI-compatible service there."""
    from clinigate.config.target import HttpSpec, OpenAISpec
    from clinigate.config.validation import validate

    if isinstance(configured, HttpSpec | OpenAISpec):
        tables = configured.model_dump() | {"base_url": url}
        return validate(type(configured), tables, file="--target", error=UsageError)
    tables = {"kind": "openai", "base_url": url, "model": model, "stream": True}
    return validate(OpenAISpec, tables, file="--target", error=UsageError)


@contextmanager
def _reference(defect: str | None) -> Iterator[tuple[TargetSpec, Path, Mapping[str, str]]]:
    """The reference service as replicas behind an entry, which takes its time like a model."""
    import json

    from clinigate.config.target import OpenAISpec
    from clinigate.reference.cluster import running_cluster

    defects = () if defect is None else (defect,)
    with running_cluster(defects=defects, first_token_s=_FIRST_TOKEN_S) as topology:
        entry = json.loads(topology.read_text(encoding="utf-8"))["entry"]
        click.echo(f"reference service: {entry['url']}", err=True)
        spec = OpenAISpec.model_validate(
            {
                "kind": "openai",
                "name": f"reference service ({entry['model']})",
                "base_url": f"{entry['url']}/v1",
                "model": entry["model"],
                "stream": True,
                "tls": {"ca_file": entry["ca_file"]},
                "auth": {"bearer_env": entry["token_env"]},
                "answer": {"flag": "safety.crisis"},
            }
        )
        yield spec, topology.parent, {entry["token_env"]: os.environ[entry["token_env"]]}


def _progress(profile: LoadedProfile) -> Callable[[JournalReader], None]:
    """On a terminal, one line that says how far the run is."""
    if not sys.stderr.isatty():
        return lambda _journal: None
    length = profile.profile.arrivals.duration_s

    def said(journal: JournalReader) -> None:
        import time

        at_s = min(max(0.0, time.time() - journal.zero_wall), length)
        tally = journal.tally
        line = (
            f"{at_s:6.0f} of {length:.0f} s: {tally.due} conversations, {tally.sent} messages, "
            f"{tally.failed} failed, {tally.missed} of {tally.crises} crises missed"
        )
        click.echo(f"\r{line:<96}", nl=at_s >= length and journal.how is not None, err=True)

    return said
