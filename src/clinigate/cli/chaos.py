"""`clinigate chaos`: break things within safe bounds, and measure how the system comes back."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from clinigate.cli.exits import ExitCode
from clinigate.cli.options import config_option, passphrase_option
from clinigate.cli.troubles import complain
from clinigate.errors import MissingExtraError, UsageError

if TYPE_CHECKING:
    from clinigate.chaos.model import Experiment
    from clinigate.chaos.plan import Plan
    from clinigate.chaos.repetition import Interrupt
    from clinigate.chaos.runner import RunOutcome, RunRequest

__all__ = ["command"]

#: What ends a run by its undo; a terminal that is closed too.
_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_FORMATS = ("chaostoolkit", "chaos-mesh", "litmus")


@click.group("chaos")
def command() -> None:
    """Break things within safe bounds, and measure how the system comes back.

    Every fault is written down with its undo before it happens, and a watchdog of its own takes it
    back when the run dies. `clinigate chaos recover` takes back what a dead host left.
    """


def _where(function: Any) -> Any:
    """The options that say on which system."""
    for option in reversed(
        (
            click.option("--environment", help="Name under [chaos.environments] "
                         "(default: [chaos] environment)."),
            click.option("--driver", help="What reaches it (default: the environment's)."),
            click.option("--topology", type=click.Path(dir_okay=False, path_type=Path),
                         help="Topology file of a running local system."),
            click.option("--reference", is_flag=True,
                         help="Start the reference system: the embedded service as a "
                         "cluster of processes, or a PostgreSQL pair."),
            click.option("--defect", help="With --reference: one of its defects."),
            click.option("--setting", "settings", multiple=True, metavar="KEY=VALUE",
                         help="A setting of the driver; may be repeated."),
            config_option,
        )
    ):  # fmt: skip
        function = option(function)
    return function


@command.command("list")
@config_option
def list_experiments(config: Path | None) -> int:
    """List the experiments: those that ship with Clinigate and those of [chaos] experiments."""
    from clinigate.chaos.library import all_experiments
    from clinigate.config.loader import load_config

    found = all_experiments(load_config(config))
    width = max((len(each.name) for each in found), default=0)
    for each in found:
        drivers = ", ".join(each.drivers)
        click.echo(f"{each.name:<{width}}  {each.title} ({each.fault.type}; driver {drivers})")
    return ExitCode.OK


@command.command("plan")
@click.argument("name")
@_where
@click.option("--scheduled", is_flag=True, help="As a scheduled run would be judged.")
@click.option("--approval", type=click.Path(dir_okay=False, path_type=Path),
              help="Two people's approval, for production.")  # fmt: skip
@click.option("--request", "request_file", type=click.Path(dir_okay=False, path_type=Path),
              help="Write a request for approval of exactly this plan.")  # fmt: skip
@click.option("--requester", help="With --request: who asks; cannot approve.")
@click.option("--reason", help="With --request: why production, in a sentence.")
@click.option("--hours", type=click.IntRange(1, 72), default=4, show_default=True,
              help="With --request: how long an approval counts.")  # fmt: skip
def plan(
    name: str,
    scheduled: bool,
    approval: Path | None,
    request_file: Path | None,
    requester: str | None,
    reason: str | None,
    hours: int,
    **where: Any,
) -> int:
    """Show what a run would touch and whether the rails would let it; nothing is touched."""
    from clinigate.chaos.plan import make_plan, plan_lines

    with _request(name, where, scheduled=scheduled, approval=approval) as request:
        made = make_plan(request, for_approval=request_file is not None)
        for line in plan_lines(made):
            click.echo(line)
        if request_file is None:
            return ExitCode.OK if made.rails.passed else ExitCode.NOT_PASSED
        if requester is None or reason is None:
            raise UsageError("--request needs --requester and --reason too")
        _write_request(request, made, request_file, (requester, reason), hours)
    return ExitCode.OK


def _write_request(
    request: RunRequest, made: Plan, path: Path, who_and_why: tuple[str, str], hours: int
) -> None:
    from clinigate.chaos.approval import write_request
    from clinigate.chaos.plan import approval_request
    from clinigate.evidence.times import system_clock, timestamp

    now = system_clock()
    document = approval_request(
        made,
        environment=request.environment,
        requester=who_and_why[0],
        reason=who_and_why[1],
        issued=timestamp(now),
        expires=timestamp(now + timedelta(hours=hours)),
    )
    write_request(document, path)
    click.echo(f"\nrequest: {path}; two people sign it: clinigate chaos approve {path} --key KEY")


@command.command("approve")
@click.argument("request", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--key", required=True, type=click.Path(dir_okay=False, path_type=Path),
              help="The approver's own private key.")  # fmt: skip
@passphrase_option
def approve(request: Path, key: Path, passphrase_fd: int | None) -> int:
    """Read REQUEST and add your signature to it; two people's make an approval."""
    from clinigate.chaos.approval import add_signature, read_approval_document
    from clinigate.cli.keys import passphrase_source
    from clinigate.evidence.files import write_atomic
    from clinigate.evidence.keys import load_key

    document, data = read_approval_document(request)
    click.echo(f"experiment:  {document.experiment} ({document.experiment_digest})")
    click.echo(f"environment: {document.environment} ({document.fingerprint})")
    click.echo(f"targets:     {document.targets_digest}")
    click.echo(f"asked by:    {document.requester}: {document.reason}")
    click.echo(f"counts:      from {document.issued} until {document.expires}")
    signer = load_key(key, passphrase_source(passphrase_fd, confirm=False))
    write_atomic(request, add_signature(document, signer, data))
    click.echo(f"signed by {signer.keyid}")
    return ExitCode.OK


@command.command("run")
@click.argument("name")
@_where
@click.option("--scheduled", is_flag=True,
              help="Nobody watches: production is refused, approved or not.")  # fmt: skip
@click.option("--approval", type=click.Path(dir_okay=False, path_type=Path),
              help="Two people's approval, for production.")  # fmt: skip
@click.option("--repeat", type=click.IntRange(1, 1000),
              help="Repetitions (default: the experiment's).")  # fmt: skip
def run(name: str, scheduled: bool, approval: Path | None, repeat: int | None, **where: Any) -> int:
    """Run experiment NAME (a name of `chaos list`, or a YAML file), and seal what was seen.

    Ctrl-C takes the fault back first, and then seals what there is.
    """
    from clinigate.chaos.criteria import experiment_criteria
    from clinigate.chaos.prometheus import prometheus_criteria
    from clinigate.chaos.runner import preflight
    from clinigate.cli.producing import produce
    from clinigate.config.loader import load_config

    config = load_config(where["config"])
    outcomes: list[RunOutcome] = []
    with _request(name, where, scheduled=scheduled, approval=approval, repeat=repeat) as request:
        preflight(request)

        def work(recorder: Any, _environ: Mapping[str, str]) -> str | None:
            from clinigate.chaos.runner import run_experiment

            with _undo_first(request.interrupt):
                outcomes.append(run_experiment(request, recorder))
            return outcomes[-1].stopped

        code = produce(
            config,
            producer="chaos",
            target=f"environment {request.environment}, driver {request.driver_name}",
            criteria=(
                *experiment_criteria(request.experiment),
                *prometheus_criteria(request.experiment, config.config.chaos.prometheus),
            ),
            work=work,
        )
    return _explained(outcomes[-1], code) if outcomes else code


@command.command("recover")
@config_option
def recover(config: Path | None) -> int:
    """Take back every fault that a dead run, watchdog or host left behind."""
    from clinigate.chaos.flight import Flight
    from clinigate.chaos.policy import chaos_policy
    from clinigate.chaos.undo.recover import recover_all
    from clinigate.config.loader import load_config

    policy = chaos_policy(load_config(config))
    flight = Flight(policy.state)
    if not flight.mine:
        return complain(
            f"an experiment is running ({flight.holder}); create {policy.kill_file} to stop it",
            ExitCode.NOT_PASSED,
        )
    try:
        found = recover_all(policy.state / "undo", reason="`clinigate chaos recover`")
    finally:
        flight.land()
    for each in found:
        what = each.failure or ("undone" if each.injected else "nothing had been injected")
        click.echo(f"{each.id}  {each.experiment}: {what}")
    if not found:
        click.echo("nothing is left behind")
    return ExitCode.UNFINISHED if any(each.failure for each in found) else ExitCode.OK


@command.command("export")
@click.argument("name")
@click.option("--format", "form", type=click.Choice(_FORMATS), required=True,
              help="Whose objects.")  # fmt: skip
@click.option("--environment", help="Name under [chaos.environments].")
@click.option("--namespace", default="default", show_default=True,
              help="Where the objects belong, for clusters.")  # fmt: skip
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path),
              help="File to write (default: standard output).")  # fmt: skip
@config_option
def export(
    name: str,
    form: str,
    environment: str | None,
    namespace: str,
    out: Path | None,
    config: Path | None,
) -> int:
    """Write experiment NAME as another tool's objects."""
    from clinigate.chaos.library import experiment_named
    from clinigate.config.loader import load_config

    loaded = load_config(config)
    experiment = experiment_named(loaded, name)
    where = environment or loaded.config.chaos.environment
    text = _exported(experiment, form, environment=where, source=name, namespace=namespace)
    if out is None:
        click.echo(text, nl=False)
    else:
        out.write_text(text, encoding="utf-8")
        click.echo(f"written: {out}")
    return ExitCode.OK


def _exported(
    experiment: Experiment, form: str, *, environment: str, source: str, namespace: str
) -> str:
    if form == "chaostoolkit":
        from clinigate.chaos.compile import standalone_json

        plain = standalone_json(experiment, source=source, environment=environment)
        return json.dumps(plain, indent=2) + "\n"
    from clinigate.chaos.exports import export as objects

    return objects(experiment, form, namespace=namespace)


def _explained(outcome: RunOutcome, code: int) -> int:
    """Say why a run did not do what was asked."""
    if outcome.refused is not None and outcome.refused.refusal is not None:
        refusal = outcome.refused.refusal
        if refusal.rail == "leftovers":
            text = f"THE FAULT IS NOT TAKEN BACK: {refusal.detail}; run `clinigate chaos recover`"
            return complain(text, ExitCode.UNFINISHED)
        return complain(f"refused by rail '{refusal.rail}': {refusal.detail}", ExitCode.NOT_PASSED)
    if outcome.stopped is not None:
        return complain(outcome.stopped, ExitCode.UNFINISHED)
    if outcome.missing is not None:
        return complain(outcome.missing, ExitCode.NOT_PASSED)
    return code


@contextmanager
def _undo_first(interrupt: Interrupt) -> Iterator[None]:
    """Let Ctrl-C and SIGTERM end the experiment by its undo, and not in its middle."""

    def hear(number: int, _frame: object) -> None:
        interrupt.set(signal.Signals(number).name)

    before = {number: signal.signal(number, hear) for number in _ENDING}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _request(
    name: str,
    where: Mapping[str, Any],
    *,
    scheduled: bool,
    approval: Path | None,
    repeat: int | None = None,
) -> Iterator[RunRequest]:
    """What is asked for, with the reference service running where that is meant."""
    from clinigate.chaos.library import experiment_named
    from clinigate.chaos.policy import chaos_policy
    from clinigate.chaos.prometheus import watchers
    from clinigate.chaos.runner import RunRequest
    from clinigate.chaos.where import driver_for, options_for
    from clinigate.config.loader import load_config

    config = load_config(where["config"])
    experiment = experiment_named(config, name)
    if repeat is not None and repeat > experiment.repeat:
        # More of it is another experiment: its digest, its cost and what a pass needs follow.
        experiment = replace(experiment, repeat=repeat)
    if where["defect"] and not where["reference"]:
        raise UsageError("--defect is one of the reference service's; add --reference")
    if where["reference"] and where["topology"]:
        raise UsageError("--reference starts a system and --topology names one; give one of them")
    environment = where["environment"] or config.config.chaos.environment
    driver = where["driver"] or driver_for(config, environment, experiment)
    with ExitStack() as running:
        topology = where["topology"]
        if where["reference"]:
            topology = running.enter_context(_reference(experiment, driver, where["defect"]))
        yield RunRequest(
            experiment=experiment,
            policy=chaos_policy(config),
            environment=environment,
            driver_name=driver,
            options=options_for(config, environment, topology, where["settings"]),
            scheduled=scheduled,
            approval=approval,
            repeat=repeat,
            watchers=watchers(experiment, config.config.chaos.prometheus, config.base_dir),
            tell=lambda text: click.echo(text, err=True),
        )


def _reference(
    experiment: Experiment, driver: str, defect: str | None
) -> AbstractContextManager[Path]:
    """Start a driver's reference system, a pair of databases or the service; its topology file."""
    if driver == "postgres-local":
        from clinigate.chaos.labs.failover import lab_of

        return lab_of(experiment, defect)
    try:
        from clinigate.reference.cluster import running_cluster
    except ImportError:
        raise MissingExtraError("the reference service", "demo") from None
    return running_cluster(defects=[defect] if defect else [])
