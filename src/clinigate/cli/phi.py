"""`clinigate phi`: look for identifiers of patients where none may be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from clinigate.cli.exits import ExitCode
from clinigate.cli.lazy import LazyGroup
from clinigate.cli.options import config_option, environment_option
from clinigate.cli.phi_shown import exit_code, show_scan
from clinigate.errors import EvidenceError, UsageError

if TYPE_CHECKING:
    from clinigate.config.loader import LoadedConfig
    from clinigate.evidence.recorder import Recorder
    from clinigate.phi.recognizer import Recognizer
    from clinigate.phi.scanning import PhiScan, ScanOptions

__all__ = ["command"]

_FILE = click.Path(dir_okay=False, path_type=Path)
_TIERS = ("identifier", "contextual", "name")


#: Command name: the module that holds it as `command`, and its line in `--help`.
_PARTS: Mapping[str, tuple[str, str]] = {
    "watch": ("clinigate.cli.phi_watch", "Follow a log that grows, through its rotations."),
    "staged": ("clinigate.cli.phi_staged", "Search what is staged for a commit; for hooks."),
    "redact": ("clinigate.cli.phi_redact", "Write a copy without what is found."),
    "trace": ("clinigate.cli.phi_trace", "Plant canaries, hunt them: which way does data leak?"),
    "deidentified": ("clinigate.cli.phi_deidentified", "Judge a dataset by safe harbor."),
    "attest": ("clinigate.cli.phi_attest", "Sign what no scan of a dataset can see."),
}


@click.group("phi", cls=LazyGroup, table=_PARTS)
def command() -> None:
    """Look for identifiers of patients where none may be."""


@command.command("scan")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--confidence-threshold", "threshold", type=click.FloatRange(0, 1),
              help="How sure a find must be to count: [phi] threshold (0.8) or less.")  # fmt: skip
@click.option("--tier", type=click.Choice(_TIERS),
              help="In place of the threshold: identifier 0.8, contextual 0.4, name 0.3 with names "
              "and places in prose.")  # fmt: skip
@click.option("--names", is_flag=True, help="Look for names and places in prose too.")
@click.option("--engine", type=click.Choice(("fast", "presidio")),
              help="Who searches: fast, or the reference presidio, which is slow.")  # fmt: skip
@click.option("--jobs", type=click.IntRange(1, 256), help="Processes that search at once.")
@click.option("--since", metavar="REV", help="Only files that changed since a revision of git.")
@click.option("--exclude", multiple=True, metavar="GLOB",
              help="Leave out these paths, beside those of [phi] exclude.")  # fmt: skip
@click.option("--canaries", type=_FILE, help="Synthetic patients whose data may be nowhere.")
@click.option("--sarif", type=_FILE, help="Write the findings as SARIF 2.1.0.")
@click.option("--baseline", type=_FILE, help="Accepted findings (default: [phi] baseline).")
@click.option("--waivers", type=_FILE, help="Waivers (default: [phi] waivers).")
@click.option("--write-baseline", is_flag=True,
              help="Accept what is open now: write the baseline, judge nothing.")  # fmt: skip
@click.option("--reason", help="With --write-baseline: why it may stay for now.")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]),
              help="With --write-baseline: the last day, 180 days ahead at most.")  # fmt: skip
@config_option
@environment_option
def scan_files(config: Path | None, environment: str | None, **given: Any) -> int:
    """Search files for identifiers of patients: names nothing of what it finds, only where.

    PATHS are files and folders (default: [phi] paths); of a folder in a git work tree those that
    git does not ignore. A find is accepted by a comment on its line or the line above:
    `# clinigate: accept CG-PHI-SSN until 2027-01-31: reason`, or `# phi-ok: reason`.
    Exit codes: 0 clean; 1 something was found; 2 incomplete: nothing was found, and something or
    all could not be looked at; 4 usage.
    """
    from clinigate.cli.producing import produce
    from clinigate.config.loader import load_config
    from clinigate.phi.observe import criteria_for, observed
    from clinigate.phi.scanning import scan

    call = _Call(**given)
    call.check()
    loaded = load_config(config)
    if call.write_baseline:
        return _write_baseline(call, loaded)
    options = call.options(loaded)
    found: list[bool] = []
    not_told: list[str] = []

    def work(recorder: Recorder, _environ: Mapping[str, str]) -> str | None:
        done = scan(options)
        for observation in observed(done):
            recorder.observation(observation)
        found.append(bool(done.counted))
        show_scan(done, options.policy)
        if call.sarif is not None:
            not_told.extend(_write_sarif(done, call.sarif))
        return None

    produced = produce(
        loaded,
        producer="phi",
        target=", ".join(map(str, call.paths)) or ", ".join(options.paths),
        criteria=criteria_for(options),
        work=work,
        environment=environment,
    )
    return ExitCode.UNFINISHED if not_told else exit_code(produced, found=any(found))


@command.command("canaries")
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True,
              help="The same seed gives the same patients.")  # fmt: skip
@click.option("--count", type=click.IntRange(1, 1000), default=5, show_default=True,
              help="How many patients.")  # fmt: skip
@click.option("--out", type=_FILE, required=True, help="The file to write; name it in [phi].")
def canaries(seed: int, count: int, out: Path) -> int:
    """Write synthetic patients: feed them to the system, and let `phi scan` look for them."""
    from clinigate.phi.canary_file import canary_bytes

    if out.exists():
        raise UsageError(f"{out} exists; choose another name, or remove it first")
    _write(out, canary_bytes(seed, count))
    click.echo(f"{count} synthetic patients: {out}; name it in [phi] canaries")
    return ExitCode.OK


@command.command("rules")
@config_option
def rules(config: Path | None) -> int:
    """List the recognizers: id, letter of 45 CFR 164.514(b)(2)(i), tier, what it is, best score."""
    from clinigate.config.loader import load_config
    from clinigate.phi.rows.own import all_rows
    from clinigate.reports.text import one_line

    loaded = load_config(config)
    by_id: dict[str, list[Recognizer]] = {}
    for row in all_rows(loaded.config.phi.recognizer, source=loaded.source):
        by_id.setdefault(row.id, []).append(row)
    for name, rows in by_id.items():
        first = rows[0]
        alone = max(form.score for row in rows for form in row.forms)
        best = min(1.0, max(row.best for row in rows))
        beside = f", {best:.2f} beside a word that says so" if best > alone else ""
        tier = first.tier.name.lower()
        title = one_line(first.title)
        click.echo(f"{name:<22} {first.letter.name}  {tier:<10}  {title}: {alone:.2f}{beside}")
    return ExitCode.OK


@dataclass(frozen=True, slots=True)
class _Call:
    """What was asked for on the command line."""

    paths: tuple[Path, ...]
    threshold: float | None
    tier: str | None
    names: bool
    engine: str | None
    jobs: int | None
    since: str | None
    exclude: tuple[str, ...]
    canaries: Path | None
    sarif: Path | None
    baseline: Path | None
    waivers: Path | None
    write_baseline: bool
    reason: str | None
    until: datetime | None

    def check(self) -> None:
        """Refuse what cannot be meant before anything is begun."""
        if not self.write_baseline and (self.reason or self.until):
            raise UsageError("--reason and --until belong to --write-baseline")
        if self.write_baseline and (self.reason is None or self.until is None):
            raise UsageError("--write-baseline needs --reason and --until")
        if self.sarif is not None and not self.sarif.absolute().parent.is_dir():
            raise UsageError(f"--sarif {self.sarif}: there is no such folder; make it first")

    def options(self, loaded: LoadedConfig) -> ScanOptions:
        from clinigate.findings.tree import relative_uri
        from clinigate.phi.setup import options_from

        # What an earlier scan wrote is no part of what is scanned.
        own = () if self.sarif is None else (relative_uri(self.sarif, loaded.base_dir),)
        return options_from(
            loaded,
            paths=self.paths,
            threshold=self.threshold,
            tier=self.tier,
            names=self.names,
            engine=self.engine,
            jobs=self.jobs,
            since=self.since,
            exclude=(*self.exclude, *own),
            canaries=self.canaries,
            baseline=self.baseline,
            waivers=self.waivers,
            renew=self.write_baseline,
        )


def _write_baseline(call: _Call, loaded: LoadedConfig) -> int:
    from clinigate.findings.acceptance import Way
    from clinigate.findings.accepted_files import baseline_text
    from clinigate.phi.scanning import scan

    configured = loaded.config.phi.baseline
    path = call.baseline or (None if configured is None else loaded.base_dir / configured)
    if path is None:
        raise UsageError("--write-baseline needs a file: give --baseline, or set [phi] baseline")
    assert call.until is not None
    assert call.reason is not None
    options = call.options(loaded)
    done = scan(options)
    if done.missing is not None:
        raise UsageError(done.missing)
    kept = [each for each in options.acceptances if each.way is Way.BASELINE]
    text = baseline_text(
        done.counted, kept, reason=call.reason, until=call.until.date(), today=options.today
    )
    _write(path, text.encode("utf-8"))
    click.echo(f"{path.name}: {len(done.counted)} open findings accepted; commit it")
    return ExitCode.OK


def _write_sarif(done: PhiScan, path: Path) -> list[str]:
    """Write SARIF, and return what a reader must know of what is not in it."""
    from clinigate.phi.runtime.code_scanning import upload

    file = upload(done.results)
    _write(path, file.data)
    if not file.left_out:
        return []
    click.echo(file.said)
    return [file.said]


def _write(path: Path, data: bytes) -> None:
    try:
        path.write_bytes(data)
    except OSError as problem:
        raise EvidenceError(f"{path}: cannot be written ({problem.strerror})") from None
