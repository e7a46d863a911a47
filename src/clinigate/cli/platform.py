"""`clinigate platform`."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from clinigate.cli.options import config_option, environment_option

if TYPE_CHECKING:
    from clinigate.config.loader import LoadedConfig
    from clinigate.evidence.recorder import Recorder
    from clinigate.platform.outcome import PlatformScan

__all__ = ["command"]

_NAMED = 40


@click.group("platform")
def command() -> None:
    """Judge manifests and a live cluster by what the platform promises."""


@command.command("rules")
def rules() -> None:
    """List the topics and rules."""
    from clinigate.platform.rules import load_rules

    registry = load_rules()
    for topic in registry.topics:
        own = [each for each in registry.rules if each.topic == topic]
        if own:
            click.echo(f"{topic.metric}: {topic.title}")
        for each in own:
            click.echo(f"  {each.id:<26} {each.severity:<8} {each.title}")


@command.command("scan")
@click.argument("paths", nargs=-1, metavar="[PATH|-]...")
@click.option("--live", is_flag=True,
              help="Judge the cluster too; with files, report drift between the two.")  # fmt: skip
@click.option("--rule", "rule_names", multiple=True, metavar="ID|TOPIC",
              help="Only this rule or topic; `clinigate platform rules` lists them.")  # fmt: skip
@click.option("--namespace", help="Where manifests go that state no namespace.")
@click.option("--kubeconfig", type=click.Path(exists=True, dir_okay=False),
              help="Of the cluster (default: [platform] kubeconfig, KUBECONFIG, ...).")  # fmt: skip
@click.option("--context", help="Context of the kubeconfig.")
@click.option("--live-namespace", "namespaces", multiple=True,
              help="Only this one of the cluster (default: all but the system's).")  # fmt: skip
@click.option("--sarif", type=click.Path(dir_okay=False, path_type=Path),
              help="Write the findings as SARIF 2.1.0 too.")  # fmt: skip
@click.option("--write-baseline", is_flag=True,
              help="Accept what is open now; needs --reason and --until.")  # fmt: skip
@click.option("--reason", default="", help="Why the baseline accepts it.")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]),
              help="Last day of the acceptance, 180 days ahead at most.")  # fmt: skip
@config_option
@environment_option
def scan(paths: tuple[str, ...], config: Path | None, environment: str | None, **given: Any) -> int:
    r"""Judge manifests: files, folders, patterns, or `-` for what another program renders.

    \b
    helm template CHART | clinigate platform scan -
    kustomize build FOLDER | clinigate platform scan -

    Without a PATH those of [platform] manifests are read. The cluster is only read, and no Secret
    of it. Exit codes: 0 all criteria PASS; 1 not; 2 interrupted; 4 usage.
    """
    from clinigate.cli.producing import produce
    from clinigate.config.loader import load_config
    from clinigate.platform.scan import Request, scan_platform

    if (given["reason"] or given["until"]) and not given["write_baseline"]:
        raise click.UsageError("--reason and --until belong to --write-baseline")
    loaded = load_config(config)
    # The day on which people's acceptances end is that of the place where they are.
    today = datetime.now().astimezone().date()
    request = Request(
        paths=tuple(each if each == "-" else str(Path(each).absolute()) for each in paths),
        stdin=sys.stdin.buffer.read() if "-" in paths else None,
        live=given["live"],
        rules=given["rule_names"],
        namespace=given["namespace"],
        kubeconfig=given["kubeconfig"],
        context=given["context"],
        namespaces=given["namespaces"],
    )
    found = scan_platform(loaded, request, today=today)
    if given["sarif"] is not None:
        _write_sarif(found, given["sarif"])
    if given["write_baseline"]:
        _write_baseline(loaded, found, given["reason"], given["until"], today)
        return 0
    _tell(found)

    def work(recorder: Recorder, _environ: Mapping[str, str]) -> None:
        found.record(recorder)

    return produce(
        loaded,
        producer="platform",
        target=found.summary,
        criteria=found.criteria,
        work=work,
        environment=environment,
    )


def _tell(found: PlatformScan) -> None:
    """Say what was looked at and found; the table of verdicts follows."""
    from clinigate.platform.outcome import count_of
    from clinigate.reports.text import one_line

    click.echo(f"judged {found.summary}")
    for each in found.excluded:
        click.echo(f"not judged: {one_line(f'{each.unit} {each.reason}')}")
    if found.others:
        click.echo(f"no manifests: {len(found.others)}, as the run's notes list them")
    for one in found.findings[:_NAMED]:
        flaw = one.flaw
        state = "" if one.is_open else " [accepted]"
        place = flaw.place.uri if flaw.place.line is None else f"{flaw.place.uri}:{flaw.place.line}"
        click.echo(
            one_line(f"{place}: {flaw.severity} {flaw.rule}{state}: {one.message}; {flaw.fix}")
        )
    more = len(found.findings) - _NAMED
    if more > 0:
        click.echo(f"... and {count_of(more, 'more finding')}; the report and --sarif name all")


def _write_sarif(found: PlatformScan, path: Path) -> None:
    from clinigate.evidence.files import write_atomic
    from clinigate.findings.sarif import write_sarif

    write_atomic(path, write_sarif([found.result()]))


def _write_baseline(
    config: LoadedConfig, found: PlatformScan, reason: str, until: datetime | None, today: date
) -> None:
    from clinigate.evidence.files import write_atomic
    from clinigate.findings.accepted_files import baseline_text, read_baseline
    from clinigate.platform.accepting import baseline_path
    from clinigate.platform.outcome import count_of

    if until is None:
        raise click.UsageError("--write-baseline needs --until, the last day of the acceptance")
    path = baseline_path(config)
    kept = read_baseline(path, today) if path.is_file() else []
    text = baseline_text(found.counted, kept, reason=reason, until=until.date(), today=today)
    write_atomic(path, text.encode())
    accepted = count_of(text.count("[[finding]]"), "finding")
    click.echo(f"wrote {path.name}: {accepted} accepted for a time")
