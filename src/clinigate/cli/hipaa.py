"""`clinigate hipaa`: what can be shown of HIPAA's safeguards, in one step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from clinigate.cli.exits import ExitCode
from clinigate.cli.hipaa_parts import SCAN_TYPES
from clinigate.cli.options import config_option, environment_option
from clinigate.errors import UsageError

if TYPE_CHECKING:
    from clinigate.cli.hipaa_parts import Part
    from clinigate.config.loader import LoadedConfig
    from clinigate.evidence.recorder import Recorder
    from clinigate.findings.model import Found
    from clinigate.gate.policy import Policy
    from clinigate.hipaa.probe import Named
    from clinigate.pipeline.producing import Produced

__all__ = ["command"]

_SHOWN = 40
#: Criteria that HIPAA names, so that nobody must require them of a strict scan.
_NAMED = ("hipaa.", "phi.")
_LEVELS = ("strict", "standard", "advisory")


@click.group("hipaa")
def command() -> None:
    """What can be shown of HIPAA's safeguards, in one step."""


@command.command("tests")
@click.argument("names", nargs=-1, metavar="[NAME]...")
def tests(names: tuple[str, ...]) -> int:
    """List the named tests: check, clauses, what must hold, and how it is shown.

    With NAME also what it sends, what it looks at, what it cannot see, and what it needs.
    """
    from clinigate.gate.policy import nearest
    from clinigate.hipaa.named import NAMED

    unknown = next((name for name in names if name not in NAMED), None)
    if unknown is not None:
        raise UsageError(f"no HIPAA test is named {unknown!r}; {nearest(unknown, NAMED)}")
    shown = [NAMED[name] for name in names or NAMED]
    width = max(len(named.name) for named in shown)
    for named in shown:
        how = "attested" if named.attested else "probed"
        clauses = ", ".join(named.controls)
        click.echo(f"{named.name:<{width}}  {named.check}  {named.title} ({how}; {clauses})")
        for line in _details(named) if names else ():
            click.echo(f"  {line}")
    return ExitCode.OK


def _details(named: Named) -> Iterator[str]:
    """What there is to know of a test beside what must hold."""
    yield f"effect: {named.effect}"
    for what, text in (
        ("sends", named.sends),
        ("looks at", named.looks_at),
        ("cannot see", named.cannot_see),
        ("needs", ", ".join(f"[hipaa.{each}]" for each in named.needs)),
    ):
        if text:
            yield f"{what}: {text}"


@command.command("scan")
@click.argument("paths", nargs=-1, metavar="[PATH]...",
                type=click.Path(exists=True, path_type=Path))  # fmt: skip
@click.option("--scan-type", type=click.Choice(list(SCAN_TYPES)), default="comprehensive",
              show_default=True,
              help="comprehensive: security, platform, phi and attestations; or one of them; or "
              "service: the named tests on the running service.")  # fmt: skip
@click.option("--compliance-level", "level", type=click.Choice(_LEVELS), default="strict",
              show_default=True, help="What counts against the exit code; see below.")  # fmt: skip
@click.option("--allow-destructive", is_flag=True,
              help="With --scan-type service: let probes lock out an account of their own, or "
              "alter a record of their own in the store.")  # fmt: skip
@config_option
@environment_option
def scan(
    paths: tuple[Path, ...],
    scan_type: str,
    level: str,
    allow_destructive: bool,
    config: Path | None,
    environment: str | None,
) -> int:
    """Scan code, manifests and files in PATHS, and hold the attestations against today.

    Without PATHS those of [security], [platform] and [phi] are scanned.

    strict: what fails, what could not be decided, and what nobody looked at although the policy
    requires it or HIPAA names it. standard: what fails, and what the policy requires and is not
    shown. advisory: nothing but a scan that broke. In each, a scan that shows nothing at all is not
    passed, and what the policy only wants reported never counts.

    Exit codes: 0 passed; 1 not; 2 interrupted; 4 usage.
    """
    from clinigate.cli.hipaa_parts import parts_of
    from clinigate.config.loader import load_config
    from clinigate.pipeline.setup import prepare_producer

    if allow_destructive and scan_type != "service":
        raise UsageError("--allow-destructive: nothing is disturbed without --scan-type service")
    loaded = load_config(config)
    # The day on which people's words end is that of the place where they are.
    today = datetime.now().astimezone().date()
    policy = prepare_producer(loaded, (), environment=environment).policy
    parts = parts_of(scan_type, loaded, paths, policy=policy, today=today)
    target = f"{scan_type} scan of {', '.join(map(str, paths)) or loaded.source}"
    produced = _carry_out(loaded, parts, target, environment, allow_destructive=allow_destructive)
    return _exit_code(produced, policy, level, parts=[part.name for part in parts])


def _carry_out(
    config: LoadedConfig,
    parts: Sequence[Part],
    target: str,
    environment: str | None,
    *,
    allow_destructive: bool,
) -> Produced:
    """Do the parts within one run, and show its verdicts."""
    from clinigate.cli.hipaa_parts import Terms
    from clinigate.cli.keys import passphrase_source
    from clinigate.evidence.runs import RUN_VARIABLE
    from clinigate.pipeline.keys import configured_signer
    from clinigate.pipeline.process_run import run_from_outside
    from clinigate.pipeline.producing import produce_into_run

    signer = None
    if not run_from_outside():
        signer = configured_signer(config, passphrase=passphrase_source(None, confirm=False))

    def work(recorder: Recorder, environ: Mapping[str, str]) -> None:
        terms = Terms(Path(environ[RUN_VARIABLE]).name, allow_destructive)
        for part in parts:
            if part.remark:
                click.echo(f"{part.name}: {part.remark}")
            _show(part.work(recorder, terms))

    return produce_into_run(
        config,
        producer="hipaa",
        target=target,
        criteria=[criterion for part in parts for criterion in part.criteria],
        work=work,
        signer=signer,
        environment=environment,
        on_end=_show_table,
    )


def _show(found: Sequence[Found]) -> None:
    """Name what is open, the gravest first."""
    ranked = sorted(found, key=lambda each: (each.flaw.severity.rank, str(each.flaw.place)))
    for each in ranked[:_SHOWN]:
        flaw = each.flaw
        click.echo(f"{flaw.severity.upper()} {flaw.rule} {flaw.place}: {each.message}")
    if len(ranked) > _SHOWN:
        click.echo(f"and {len(ranked) - _SHOWN} more; the report names all of them")


def _show_table(produced: Produced) -> None:
    from clinigate.cli.producing import screen
    from clinigate.pipeline.showing import results_table, table_of

    if produced.conclusion is not None:
        click.echo(table_of(produced.conclusion, verdicts=produced.verdicts, **screen()))
        return
    click.echo(results_table(produced.results, verdicts=produced.verdicts, **screen()))
    click.echo(f"recorded in run {produced.run}; whoever began it seals it")


def _exit_code(produced: Produced, policy: Policy, level: str, *, parts: Sequence[str]) -> int:
    """Say what counts at this level, and return the exit code."""
    from clinigate.core.verdict import Status
    from clinigate.gate.policy import Demand

    if produced.stopped is not None:
        return ExitCode.UNFINISHED
    against = [] if level == "advisory" else _unseen(produced, policy, parts)
    for verdict in produced.verdicts:
        demand = policy.demand_of(verdict.criterion)
        required = demand is Demand.REQUIRED
        named = demand is None and verdict.criterion.startswith(_NAMED)
        counts = {
            Status.PASS: False,
            Status.ERROR: True,
            Status.FAIL: level != "advisory",
            Status.INCONCLUSIVE: level == "strict" or (level == "standard" and required),
            Status.NOT_ASSESSED: (level == "strict" and (required or named))
            or (level == "standard" and required),
        }[verdict.status]
        if counts and demand is not Demand.REPORT:
            against.append(f"{verdict.criterion} ({verdict.status})")
    shown = any(verdict.status is Status.PASS for verdict in produced.verdicts)
    if not shown:
        click.echo("nothing was shown: no criterion is PASS")
    elif against:
        click.echo(f"counts against compliance level {level}: {', '.join(against)}")
    else:
        click.echo(f"compliance level {level}: nothing counts against it")
    return ExitCode.NOT_PASSED if against or not shown else ExitCode.OK


def _unseen(produced: Produced, policy: Policy, parts: Sequence[str]) -> list[str]:
    """What the policy requires of these parts and nothing was said of."""
    from clinigate.gate.policy import Demand

    seen = {verdict.criterion for verdict in produced.verdicts}
    return [
        f"{each.id} (NOT_ASSESSED)"
        for each in policy.demands
        if each.demand is Demand.REQUIRED
        and each.id.partition(".")[0] in parts
        and each.id not in seen
    ]
