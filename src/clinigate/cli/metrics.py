"""`clinigate metrics`: the figures of delivery, from the ledger."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import click

from clinigate.cli.exits import ExitCode
from clinigate.cli.keys import passphrase_source
from clinigate.cli.options import config_option, environment_option
from clinigate.cli.producing import produce
from clinigate.cli.troubles import complain
from clinigate.config.loader import LoadedConfig, load_config
from clinigate.core.codec import to_plain
from clinigate.core.observation import Observation
from clinigate.core.verdict import Status
from clinigate.delivery.deployments import Deployment, Ended, read_deployments, record_deployment
from clinigate.delivery.exposition import exposition
from clinigate.delivery.figures import FIGURES, Figure, figures
from clinigate.errors import UsageError
from clinigate.evidence.files import naming
from clinigate.evidence.ledger import Ledger
from clinigate.evidence.recorder import Recorder
from clinigate.evidence.times import system_clock, timestamp
from clinigate.pipeline.keys import configured_signer
from clinigate.pipeline.setup import prepare_producer
from clinigate.quality.criteria import DELIVERY_CONTROLS, criterion

__all__ = ["command"]

CHECK = "CG-QUAL-DELIVERY-001"
#: Words of a roll-out that is no deployment: a person decides, or it was never begun.
_NOT_ENDED = ("held", "refused", "started")
_DAY, _HOUR = 86_400.0, 3600.0


@click.group("metrics", invoke_without_command=True)
@click.option("--format", "form", type=click.Choice(["text", "prometheus", "json"]),
              default="text", show_default=True)  # fmt: skip
@click.option("--ledger", "ledgers", multiple=True,
              type=click.Path(exists=True, file_okay=False, path_type=Path),
              help="Another evidence root; may be repeated (default: [run] root).")  # fmt: skip
@click.option("--judge", is_flag=True, help="Exit with 1 unless every figure is PASS.")
@click.option("--record", "recording", is_flag=True, help="Record them as evidence of a run.")
@environment_option
@config_option
@click.pass_context
def command(
    context: click.Context,
    form: str,
    ledgers: tuple[Path, ...],
    judge: bool,
    recording: bool,
    environment: str | None,
    config: Path | None,
) -> int:
    """Show success, change failures, frequency, lead time and recovery of deployments.

    Each is judged by its bounds: so few deployments as a team has in a month seldom show 99.5%, and
    the figure then says how many would. Exit codes: 0; with --judge 1 where one is not PASS; 3 a
    ledger was changed.
    """
    loaded = load_config(config)
    if context.invoked_subcommand is not None:
        context.obj = loaded
        return ExitCode.OK
    shipped = tuple(map(criterion, FIGURES))
    criteria = prepare_producer(loaded, shipped, environment=environment).criteria
    deployments = read_deployments(map(_ledger, ledgers or (loaded.root,)))
    found = figures(deployments, now=system_clock(), criteria=criteria)
    if recording:
        return _record(loaded, found, environment)
    click.echo(_shown(form, found, deployments), nl=False)
    open_ones = [each for each in found if each.verdict.status is not Status.PASS]
    if judge and open_ones:
        first = open_ones[0].verdict
        said = f"{first.criterion} is {first.status}: {first.reason}"
        return complain(said, ExitCode.NOT_PASSED)
    return ExitCode.OK


@command.command("record")
@click.argument("ended", required=False, type=click.Choice([str(each) for each in Ended]))
@click.option("--settled", type=click.Path(dir_okay=False, path_type=Path),
              help="Take it from the file in which a roll-out wrote how it ended.")  # fmt: skip
@click.option("--commit", required=True, help="The source's commit, in hex.")
@click.option("--committed-at", metavar="TIME", help="RFC 3339, as `git log -1 --format=%cI`.")
@click.option("--since", metavar="TIME", help="When it got traffic, or patients were worse off.")
@click.option("--copy", "copy_to", type=click.Path(file_okay=False, path_type=Path),
              help="Copy the ledger into FOLDER/ledger: a runner forgets its disk.")  # fmt: skip
@click.pass_obj
def record(
    loaded: LoadedConfig,
    ended: str | None,
    settled: Path | None,
    commit: str,
    committed_at: str | None,
    since: str | None,
    copy_to: Path | None,
) -> int:
    """Append how a deployment ended to the ledger; degraded is said later of one that succeeded."""
    if (ended is None) == (settled is None):
        raise UsageError("say how it ended, or name the file that says it with --settled")
    if settled is not None:
        ended, since = _settled(settled, since)
    if ended is None or ended in _NOT_ENDED:
        click.echo(f"nothing is recorded: the roll-out {_WORDS[ended]}")
        return ExitCode.OK
    now = system_clock()
    committed = _time("--committed-at", committed_at)
    if committed is not None and committed > now:
        # The deployment counts whatever clock its author has.
        click.echo(f"--committed-at: {timestamp(committed)} is still to come; it is left out")
        committed = None
    deployment = Deployment(
        at=now,
        ended=Ended(ended),
        commit=commit,
        committed_at=committed,
        since=_time("--since", since),
    )
    signer = configured_signer(loaded, passphrase=passphrase_source(None, confirm=False))
    ledger = Ledger(loaded.root / "ledger", signer=signer)
    record_deployment(ledger, deployment)
    if copy_to is not None:
        with naming(copy_to, "written"):
            shutil.copytree(ledger.directory, copy_to / "ledger", dirs_exist_ok=True)
    click.echo(f"recorded: {deployment.ended} at {timestamp(deployment.at)}")
    return ExitCode.OK


_WORDS: Mapping[str | None, str] = {
    None: "never began",
    "held": "waits for a person",
    "refused": "was refused, another one is open",
    "started": "was neither settled nor taken back",
}


def _settled(path: Path, since: str | None) -> tuple[str | None, str | None]:
    """The word that a roll-out wrote, and beside it the time at which it got traffic."""
    if not path.exists():
        return None, since
    word = path.read_text(encoding="utf-8").strip()
    if word not in (*Ended, *_NOT_ENDED):
        raise UsageError(f"{path}: holds {word[:40]!r}, wanted one of {', '.join(Ended)}")
    beside = path.with_name("since")
    if since is None and beside.exists():
        since = beside.read_text(encoding="utf-8").strip()
    return word, since


def _time(option: str, text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise UsageError(f"{option}: got {text[:40]!r}, wanted a time with its zone, as RFC 3339")
    return moment.astimezone(UTC)


def _ledger(path: Path) -> Path:
    """The ledger's own folder; an evidence root holds it."""
    return path / "ledger" if (path / "ledger").is_dir() or path.name != "ledger" else path


def _record(loaded: LoadedConfig, found: Sequence[Figure], environment: str | None) -> int:
    def work(recorder: Recorder, _environ: Mapping[str, str]) -> None:
        for each in found:
            recorder.observation(Observation(CHECK, each.measurement, DELIVERY_CONTROLS))

    return produce(
        loaded,
        producer="metrics",
        target="deliveries",
        criteria=tuple(map(criterion, FIGURES)),
        work=work,
        environment=environment,
    )


def _shown(form: str, found: Sequence[Figure], deployments: Sequence[Deployment]) -> str:
    if form == "prometheus":
        return exposition(found, deployments)
    if form == "json":
        plain = {
            "schema": "clinigate.delivery/1",
            "deployments": len(deployments),
            "figures": [
                {
                    "measurement": to_plain(each.measurement),
                    "verdict": to_plain(each.verdict),
                    "needed": each.needed,
                }
                for each in found
            ],
        }
        return json.dumps(plain, indent=2, ensure_ascii=False) + "\n"
    lines = [f"{len(deployments)} deployments in the ledger"]
    for each in found:
        lines.append(f"{each.verdict.status:<12}  {each.criterion.title}: {_value(each)}")
        lines.append(f"              {each.verdict.reason}")
        if each.needed is not None:
            lines.append(f"              {each.needed} would settle it, if all goes well")
        lines += [f"              {caveat}" for caveat in each.measurement.caveats]
    return "\n".join(lines) + "\n"


def _value(figure: Figure) -> str:
    measured = figure.measurement
    limit = f"wanted {figure.criterion.relation} {_words(measured.unit, figure.criterion.limit)}"
    if measured.value is None:
        return f"nothing measured ({limit})"
    return f"{_words(measured.unit, measured.value)} of {measured.n} ({limit})"


def _words(unit: str, value: float) -> str:
    if unit != "s":
        return f"{value:.1%}"
    if value >= _DAY:
        return f"{value / _DAY:.3g} d"
    return f"{value / _HOUR:.3g} h" if value >= _HOUR else f"{value / 60:.3g} min"
