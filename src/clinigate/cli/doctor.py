"""`clinigate doctor`: what is configured and reachable, which checks will run, and why not."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import click

from clinigate.cli.doctor_evidence import evidence_readiness
from clinigate.cli.doctor_hipaa import hipaa_readiness
from clinigate.cli.exits import ExitCode
from clinigate.cli.exposure import exposures
from clinigate.cli.options import config_option, environment_option
from clinigate.cli.readiness import readiness
from clinigate.cli.troubles import complain
from clinigate.config.loader import LoadedConfig, load_config
from clinigate.core.check import REGISTRY
from clinigate.core.target import Target
from clinigate.errors import ClinigateError
from clinigate.evidence.keys import PASSPHRASE_VARIABLE
from clinigate.pipeline.keys import configured_signer, configured_trust
from clinigate.pipeline.setup import Overrides, Setup, prepare
from clinigate.targets.build import build_target
from clinigate.targets.reach import check_reachable

__all__ = ["command"]


class Mark(StrEnum):
    """How one line of the diagnosis came out; a problem makes the exit code 1."""

    OK = "ok"
    NOTE = "note"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the diagnosis."""

    mark: Mark
    topic: str
    text: str


@click.command("doctor")
@config_option
@environment_option
@click.option("--offline", is_flag=True, help="Do not contact the target.")
def command(config: Path | None, environment: str | None, offline: bool) -> int:
    """Say what is configured and reachable, and which checks will run or not, and why."""
    loaded = load_config(config)
    setup = prepare(loaded, Overrides(environment=environment))
    lines = list(_diagnose(setup, offline=offline))
    width = max(len(line.topic) for line in lines)
    for line in lines:
        click.echo(f"{line.mark.value:<8} {line.topic:<{width}}  {line.text}")
    problems = [line for line in lines if line.mark is Mark.PROBLEM]
    if problems:
        others = f" (and {len(problems) - 1} more)" if problems[1:] else ""
        said = f"not ready: {problems[0].topic}: {problems[0].text}{others}"
        return complain(said, ExitCode.NOT_PASSED)
    click.echo("\nready")
    return ExitCode.OK


def _diagnose(setup: Setup, *, offline: bool) -> Iterator[Line]:
    loaded = setup.config
    yield Line(Mark.OK, "configuration", loaded.source)
    yield _subject(setup)
    policy = setup.policy
    yield Line(Mark.OK, "policy", f"{policy.name}, environment {policy.environment}")
    yield _said("packs", lambda: _packs(setup))
    yield _signing(loaded)
    yield _said("trust", lambda: _trust(loaded), absent="no [gate] trust: no signature can count")
    yield from _evidence(loaded)
    yield from _target(loaded, offline=offline)
    for topic, ready, text in (*readiness(loaded), *hipaa_readiness(loaded)):
        yield Line(Mark.OK if ready else Mark.NOTE, topic, text)


def _subject(setup: Setup) -> Line:
    subject = setup.subject
    if not subject.digests:
        text = f"{subject.name} {subject.version}: no digests, evidence cannot be tied to a build"
        return Line(Mark.NOTE, "subject", text)
    digests = ", ".join(f"{name} {digest}" for name, digest in subject.digests.items())
    return Line(Mark.OK, "subject", f"{subject.name} {subject.version} ({digests})")


def _packs(setup: Setup) -> str:
    from clinigate.clinical.draw import packs_used

    used = packs_used(setup.plan)
    unreviewed = sum(pack.review == "none" for pack in used)
    names = ", ".join(f"{pack.name}@{pack.version} ({pack.cores} cores)" for pack in used)
    return f"{names}; {unreviewed} of {len(used)} reviewed by no clinician"


class _NotAskedError(Exception):
    """A passphrase would be needed: the diagnosis asks nobody for one."""


def _signing(loaded: LoadedConfig) -> Line:
    try:
        named = loaded.config.signing.key
        why = "no key" if named is None else f"{named} is not set"
        return _said("signing", lambda: _key(loaded), absent=f"{why}: runs are UNSIGNED")
    except _NotAskedError:
        text = f"{loaded.config.signing.key} (encrypted; the passphrase was not tried)"
        return Line(Mark.OK, "signing", text)


def _key(loaded: LoadedConfig) -> str | None:
    known = bool(os.environ.get(PASSPHRASE_VARIABLE))
    signer = configured_signer(loaded, passphrase=None if known else _ask_nobody)
    return None if signer is None else f"key {signer.keyid}"


def _ask_nobody() -> str:
    raise _NotAskedError


def _trust(loaded: LoadedConfig) -> str | None:
    store = configured_trust(loaded)
    if store is None:
        return None
    return ", ".join(f"{key.name} ({key.role})" for key in store.keys)


def _said(topic: str, say: Callable[[], str | None], *, absent: str = "") -> Line:
    try:
        text = say()
    except ClinigateError as error:
        return Line(Mark.PROBLEM, topic, str(error))
    return Line(Mark.OK, topic, text) if text else Line(Mark.NOTE, topic, absent)


def _evidence(loaded: LoadedConfig) -> Iterator[Line]:
    try:
        for topic, ready, text in evidence_readiness(loaded):
            yield Line(Mark.OK if ready else Mark.NOTE, topic, text)
    except ClinigateError as error:
        yield Line(Mark.PROBLEM, "evidence", str(error))


def _target(loaded: LoadedConfig, *, offline: bool) -> Iterator[Line]:
    if loaded.config.target is None:
        yield Line(
            Mark.PROBLEM, "target", f"{loaded.source}: no [target]; `clinigate init` writes one"
        )
        return
    try:
        target = build_target(loaded.config.target, base_dir=loaded.base_dir)
        trouble = None if offline else asyncio.run(_reach(target))
    except ClinigateError as error:
        yield Line(Mark.PROBLEM, "target", str(error))
        return
    if trouble:
        yield Line(Mark.PROBLEM, "target", trouble)
    else:
        yield Line(Mark.OK, "target", f"{target.name}{'' if offline else ', reachable'}")
    for sentence in exposures(loaded.config.target):
        yield Line(Mark.WARNING, "target", sentence)
    yield from _checks(target)


async def _reach(target: Target) -> str | None:
    try:
        return await check_reachable(target)
    finally:
        await target.aclose()


def _checks(target: Target) -> Iterator[Line]:
    REGISTRY.load_entry_points()
    for check in REGISTRY.all():
        missing = sorted(check.needs - target.capabilities)
        if missing:
            text = f"will be NOT_ASSESSED: the target offers no {', '.join(missing)}"
            yield Line(Mark.NOTE, check.id, text)
        else:
            yield Line(Mark.OK, check.id, "will run")
