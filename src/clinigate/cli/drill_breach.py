"""`clinigate drill breach`: a leak of synthetic patients, and who is found to be affected."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from clinigate.cli.drill_record import (
    carried_out,
    key_option,
    leave,
    out_option,
    run_of,
    signer_of,
    write,
)
from clinigate.cli.drill_supposed import breach_of, supposed_options
from clinigate.cli.options import config_option, environment_option, passphrase_option
from clinigate.errors import UsageError

if TYPE_CHECKING:
    from clinigate.config.loader import LoadedConfig
    from clinigate.evidence.envelope import Signer
    from clinigate.evidence.recorder import Recorder
    from clinigate.hipaa.drills.breach import Plan, Played
    from clinigate.hipaa.premises import Premises

__all__ = ["command"]

_COUNT = click.IntRange(1, 1000)
#: Whoever reads charts in the reference service; a service of one's own names its role.
_REFERENCE_ROLE = "clinician_north"


@dataclass(frozen=True, slots=True)
class _Kept:
    """Where the record goes, who signs it, and of which system it is."""

    out: Path
    signer: Signer | None
    system: str


@dataclass(frozen=True, slots=True)
class _Scene:
    """Where the breach is played: a configuration, and the variables that it names."""

    config: LoadedConfig
    environ: Mapping[str, str]

    @contextmanager
    def opened(self, run: str = "") -> Iterator[Premises]:
        """Prepare what the configuration names; every request carries the run's id."""
        from clinigate.hipaa.premises import opened

        today = datetime.now().astimezone().date()
        with opened(self.config, today=today, environ=self.environ, run=run) as premises:
            yield premises


@click.command("breach")
@click.option("--as", "role", metavar="ROLE",
              help="Role of [hipaa.roles] whose credentials are in the wrong hands.")  # fmt: skip
@click.option("--actor", help="How the audit log names it, where its rows do not tell.")
@click.option("--leaked", type=_COUNT, default=3, show_default=True,
              help="Synthetic patients that get out.")  # fmt: skip
@click.option("--spared", type=_COUNT, default=3, show_default=True,
              help="Synthetic patients that do not.")  # fmt: skip
@supposed_options
@click.option("--reference", is_flag=True,
              help="Drill the embedded reference service, started for this alone.")  # fmt: skip
@click.option("--defect", metavar="NAME", help="With --reference: switch on one of its defects.")
@out_option
@key_option
@passphrase_option
@config_option
@environment_option
def command(
    role: str | None,
    actor: str | None,
    leaked: int,
    spared: int,
    reference: bool,
    defect: str | None,
    out: Path,
    key: Path | None,
    passphrase_fd: int | None,
    config: Path | None,
    environment: str | None,
    **supposed: Any,
) -> int:
    """Plant a leak, and find who is affected from the audit log alone.

    Synthetic patients are written; somebody who may read records reads some of them without a
    reason. Whom the audit log names must be exactly those whose values got out. The record has the
    worksheet of four factors (45 CFR 164.402) and who must be told until when (164.404 to 164.412,
    GDPR Art. 33); it is signed, and part of a sealed run.

    Exit codes: 0 exactly the affected were found; 1 not, or it could not be tried; 4 usage.
    """
    if defect is not None and not reference:
        raise UsageError("--defect belongs to --reference")
    if reference and config is not None:
        raise UsageError("--reference needs no --config; leave one of them out")
    # What the options say wrong is told before anything is begun.
    breach_of(supposed, 1)
    with _of_reference(defect) if reference else _of_config(config) as scene:
        from clinigate.hipaa.drills.breach import Plan

        loaded = scene.config
        plan = Plan(_role(loaded, role, reference=reference), actor, leaked, spared)
        kept = _Kept(out, signer_of(loaded, key, passphrase_fd), loaded.config.subject.name)
        return _produce(scene, plan, supposed, kept=kept, environment=environment)


def _produce(
    scene: _Scene,
    plan: Plan,
    supposed: Mapping[str, Any],
    *,
    kept: _Kept,
    environment: str | None,
) -> int:
    from clinigate.cli.producing import produce
    from clinigate.hipaa.drills.named import BREACH, criterion_of

    with scene.opened():
        pass  # what is missing is told before a run is begun

    def work(recorder: Recorder, environ: Mapping[str, str]) -> None:
        run = run_of(environ)

        def drill() -> None:
            with scene.opened(run) as premises:
                _drill(recorder, premises, plan, supposed, kept=kept, run=run)

        carried_out(drill, recorder, BREACH)

    return produce(
        scene.config,
        producer="drill",
        target=f"breach drill of {kept.system}",
        criteria=[criterion_of(BREACH)],
        work=work,
        environment=environment,
    )


def _drill(
    recorder: Recorder,
    premises: Premises,
    plan: Plan,
    supposed: Mapping[str, Any],
    *,
    kept: _Kept,
    run: str,
) -> None:
    from clinigate.hipaa.drills.breach import play
    from clinigate.hipaa.drills.named import BREACH
    from clinigate.hipaa.drills.papers import breach_page, breach_record
    from clinigate.hipaa.premises import withheld_from
    from clinigate.hipaa.tally import gap

    reason = withheld_from(BREACH, premises)
    if reason is not None:
        recorder.observation(gap(BREACH, reason))
        click.echo(f"not drilled: {reason}")
        return
    played = play(BREACH, premises, plan)
    breach = breach_of(supposed, max(1, len(played.affected | played.got_out)))
    now = datetime.now().astimezone()
    record = breach_record(played, breach, system=kept.system, run=run, ended=now)
    observations = played.tally.observations()
    path = leave(recorder, observations, record, signer=kept.signer, out=kept.out)
    page = path.with_suffix(".md")
    write(page, breach_page(record).encode())
    click.echo(f"to read and fill in: {page}")
    _show(played, record)


def _show(played: Played, record: Mapping[str, Any]) -> None:
    from clinigate.reports.text import one_line

    click.echo(
        f"{len(played.got_out)} got out, {len(played.affected)} are named by the audit log; "
        f"{len(played.missed)} would not be told, {len(played.in_vain)} in vain"
    )
    for each in record["duties"]:
        until = each["due_at"] or each["due"] or "without undue delay"
        click.echo(one_line(f"{each['clause']}: {each['whom']}, {until} ({each['reason']})"))


def _role(loaded: LoadedConfig, role: str | None, *, reference: bool) -> str:
    """Return the role whose credentials are abused."""
    if role is None and reference:
        return _REFERENCE_ROLE
    if role is None:
        known = ", ".join(loaded.config.hipaa.roles) or "none"
        raise UsageError(f"--as: name a role of [hipaa.roles] that may read records ({known})")
    return role


@contextmanager
def _of_config(config: Path | None) -> Iterator[_Scene]:
    from clinigate.config.loader import load_config

    yield _Scene(load_config(config), os.environ)


@contextmanager
def _of_reference(defect: str | None) -> Iterator[_Scene]:
    from clinigate.cli.reference_hipaa import reference_hipaa_environment, reference_hipaa_tables
    from clinigate.cli.reference_target import reference_tables
    from clinigate.config.loader import LoadedConfig
    from clinigate.config.model import Config
    from clinigate.reference.launch import running

    with running(defect=defect, care=True) as connection:
        tables = {
            **reference_tables(connection),
            "run": {"root": str(Path(".clinigate").resolve())},
            "hipaa": reference_hipaa_tables(connection),
        }
        loaded = LoadedConfig(Config.model_validate(tables), Path.cwd(), "the reference service")
        click.echo(f"reference service: {connection.base_url}")
        yield _Scene(loaded, reference_hipaa_environment(connection))
