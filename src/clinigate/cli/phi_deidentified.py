"""`clinigate phi deidentified`: hold a dataset against safe harbor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from clinigate.cli.options import config_option, environment_option, trust_option
from clinigate.cli.phi_attestations import verified
from clinigate.cli.phi_shown import exit_code, show_some
from clinigate.errors import UsageError

if TYPE_CHECKING:
    from clinigate.config.loader import LoadedConfig
    from clinigate.config.phi_deidentification import DeidentificationTable
    from clinigate.evidence.recorder import Recorder
    from clinigate.phi.deidentification.anonymity import Anonymity
    from clinigate.phi.deidentification.judging import Assessment, Question

__all__ = ["command"]


@click.command("deidentified")
@click.argument("dataset", type=click.Path(path_type=Path))
@click.option("--attestation", "attestations", multiple=True,
              type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="What somebody signed of this dataset (`clinigate phi attest`).")  # fmt: skip
@trust_option
@click.option("--quasi", metavar="A,B", help="Quasi-identifiers: columns, separated by commas.")
@click.option("--sensitive", metavar="A,B", help="Sensitive columns, for l-diversity.")
@click.option("--k", type=click.IntRange(2, 1000), help="Judge: no cell of fewer rows than this.")
@click.option("--l", "diversity", type=click.IntRange(2, 100),
              help="Judge: values of each sensitive column in a cell.")  # fmt: skip
@config_option
@environment_option
def command(
    dataset: Path,
    attestations: tuple[Path, ...],
    trust: Path | None,
    quasi: str | None,
    sensitive: str | None,
    k: int | None,
    diversity: int | None,
    config: Path | None,
    environment: str | None,
) -> int:
    """Judge DATASET by 45 CFR 164.514(b)(2), letter by letter; show figures for an expert.

    DATASET is a file (CSV, TSV, JSON, JSON lines, parquet, SQLite, text) or a folder of them. What
    no scan can see (photographs, biometrics, actual knowledge) is open until somebody attests it.
    Exit codes: 0 shown in all letters; 1 an identifier was found; 2 not shown; 4 usage.
    """
    from clinigate.cli.producing import produce
    from clinigate.config.loader import load_config
    from clinigate.core.judgement import judge_all
    from clinigate.core.verdict import Status
    from clinigate.phi.deidentification.criteria import criteria_for
    from clinigate.phi.deidentification.expert import expert_figures
    from clinigate.phi.deidentification.judging import assess
    from clinigate.phi.deidentification.observed import observed

    loaded = load_config(config)
    table = _tightened(loaded.config.phi.deidentification, quasi, sensitive, k, diversity)
    question = _question(loaded, table, dataset, attestations, trust)

    criteria = criteria_for(table)
    failed: list[str] = []

    def work(recorder: Recorder, _environ: Mapping[str, str]) -> str | None:
        done = assess(question)
        seen = [*observed(done), *expert_figures(done)]
        for observation in seen:
            recorder.observation(observation)
        _show(done)
        judged = judge_all(criteria, seen)
        failed.extend(each.criterion for each in judged if each.status is Status.FAIL)
        return None

    produced = produce(
        loaded,
        producer="phi",
        target=str(dataset),
        criteria=criteria,
        work=work,
        environment=environment,
    )
    return exit_code(produced, found=bool(failed))


def _tightened(
    table: DeidentificationTable,
    quasi: str | None,
    sensitive: str | None,
    k: int | None,
    diversity: int | None,
) -> DeidentificationTable:
    """The configuration's table, with what the options ask for; they may only ask for more."""
    for option, given, set_ in (("--k", k, table.k), ("--l", diversity, table.l)):
        if given is not None and set_ is not None and given < set_:
            raise UsageError(
                f"{option} {given} asks for less than the configuration's {set_}; an option may be "
                "stricter alone"
            )
    asked = {"quasi": _named(quasi), "sensitive": _named(sensitive), "k": k, "l": diversity}
    return table.model_copy(update={name: each for name, each in asked.items() if each})


def _named(columns: str | None) -> list[str]:
    return [name.strip() for name in (columns or "").split(",") if name.strip()]


def _question(
    loaded: LoadedConfig,
    table: DeidentificationTable,
    dataset: Path,
    attestations: Sequence[Path],
    trust: Path | None,
) -> Question:
    from clinigate.findings.accepted_files import read_waivers
    from clinigate.phi.deidentification.judging import Question
    from clinigate.phi.policy import allow_rules
    from clinigate.phi.rows.own import all_rows

    if not dataset.is_file() and not dataset.is_dir():
        raise UsageError(f"{dataset}: no such dataset; name a file or a folder")
    today = datetime.now().astimezone().date()
    acceptances = allow_rules(loaded.config.phi, today, source=loaded.source)
    if loaded.config.phi.waivers is not None:
        waivers = loaded.base_dir / loaded.config.phi.waivers
        acceptances += read_waivers(waivers, today, source=loaded.config.phi.waivers)
    return Question(
        dataset=dataset.absolute(),
        base=loaded.base_dir,
        table=table,
        today=today,
        attested=verified(loaded, dataset, attestations, trust) if attestations else {},
        acceptances=acceptances,
        rows=all_rows(loaded.config.phi.recognizer, source=loaded.source),
    )


def _show(done: Assessment) -> None:
    from clinigate.phi.deidentification.observed import found_of
    from clinigate.phi.model import Letter

    lines = [
        f"{each.flaw.place} {each.flaw.rule}: {each.message}"
        for letter in Letter
        for _, each in found_of(done, letter)
        if each.is_open
    ]
    show_some(lines, "findings")
    show_some((f"not looked at: {each.unit} ({each.reason})" for each in done.census.unread), "")
    census = done.census
    click.echo(
        f"looked at {census.tables} tables, {census.rows} rows, {census.cells} cells; "
        f"{len(census.unread)} not looked at; {census.placeholders} placeholders"
    )
    if done.recall:
        found = " ".join(f"{e.letter.name} {e.found}/{e.planted}" for e in done.recall.values())
        click.echo(f"planted and found: {found}")
    for table in done.anonymity:
        _show_figures(table)


def _show_figures(table: Anonymity) -> None:
    how = "guessed" if table.guessed else "as named"
    cells = ", ".join(f"{rows} rows in cells of {band}" for band, rows in table.bands())
    without = ", ".join(f"{rows} without {name}" for name, rows in table.alone_without.items())
    show_some(
        [
            f"{table.uri}: quasi-identifiers {', '.join(table.quasi)} ({how})",
            f"{table.rows} rows, {table.classes} cells, the smallest of {table.smallest}: {cells}",
            f"{table.alone} rows stand alone: {without}",
            f"average risk {table.average_risk:.3f} within the dataset",
            *(
                f"{each.column}: at least {each.distinct} values in a cell, "
                f"{each.effective:.2f} effective"
                for each in table.diversity
            ),
        ],
        "",
    )
