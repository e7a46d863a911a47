"""`clinigate controls`: every clause with its state, from a run or from what is installed."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import click

from clinigate.cli.exits import ExitCode
from clinigate.cli.options import (
    config_option,
    demanded_policy,
    environment_option,
    policy_option,
    record_option,
    trust_option,
    trusted_keys,
)
from clinigate.cli.troubles import complain
from clinigate.controls.loader import BUILT_IN
from clinigate.controls.overlay import OVERLAYS

if TYPE_CHECKING:
    from clinigate.cli.controls_seen import Seen
    from clinigate.controls import ControlCatalogue
    from clinigate.reports.clauserows import ClauseRow, ClauseView

__all__ = ["FRAMEWORKS", "command"]

#: What `--framework` takes, and the catalogues that it means.
FRAMEWORKS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "hipaa": tuple(name for name in BUILT_IN if name.startswith("hipaa-")),
        **{name: (name,) for name in BUILT_IN},
        **{name: ("hipaa-security", name) for name in OVERLAYS},
    }
)
_FORMATS = ("table", "json", "csv", "oscal", "oscal-profile")


@click.command("controls")
@click.option("--framework", "frameworks", multiple=True, type=click.Choice(list(FRAMEWORKS)),
              help="hipaa, one catalogue, or a proposal over its base; may be repeated "
              "(default: every catalogue in force).")  # fmt: skip
@click.option("--clause", metavar="ID", help="One clause, as 164.312(b) or 45 CFR 164.312(b).")
@click.option("--run", metavar="RUN", help="A run's id or directory, or a zip (default: the last).")
@click.option("--static", "static_only", is_flag=True, help="What is installed; no run.")
@click.option("--open", "open_only", is_flag=True,
              help="In the table, leave out what is passed or attested.")  # fmt: skip
@click.option("--format", "form", type=click.Choice(_FORMATS), default="table", show_default=True,
              help="csv for officers; oscal: the catalogue; oscal-profile: what is selected of it, "
              "and what a proposal changes.")  # fmt: skip
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="File to write.")
@policy_option
@environment_option
@trust_option
@record_option
@config_option
def command(
    frameworks: tuple[str, ...],
    clause: str | None,
    run: str | None,
    static_only: bool,
    open_only: bool,
    form: str,
    out: Path | None,
    policy: str | None,
    environment: str | None,
    trust: Path | None,
    records: tuple[Path, ...],
    config: Path | None,
) -> int:
    """Show how every clause stands: passed, failed, attested, waived, or why nothing is known.

    Of a run (the last one) by its verdicts and the gate's decision; without one, which checks could
    speak for which clause. Clauses without a check and criteria without a clause are named.

    Exit codes: 0, whatever the states; 3 the run's evidence is broken; 4 usage.
    """
    from clinigate.cli import controls_seen

    names, catalogue = _selected(frameworks)
    if form.startswith("oscal"):
        _write(_oscal(form, names, frameworks), out)
        return ExitCode.OK
    known = _known(clause, catalogue)
    if static_only:
        seen = controls_seen.static(catalogue)
    else:
        from clinigate.config.loader import load_config
        from clinigate.pipeline.gating import read_records

        loaded = load_config(config)
        store = trusted_keys(loaded, trust)
        seen = controls_seen.look(
            loaded,
            run,
            catalogue=catalogue,
            policy=demanded_policy(loaded, policy, environment),
            trust=store,
            records=read_records(records, store),
        )
    view = replace(seen.view, groups=tuple(g for g in seen.view.groups if g.name in names))
    _write(_text(form, seen, view, known, open_only=open_only), out)
    return ExitCode.OK if seen.broken is None else complain(seen.broken, ExitCode.INTEGRITY)


def _selected(frameworks: tuple[str, ...]) -> tuple[frozenset[str], ControlCatalogue]:
    """The catalogues asked for, and every clause, as a proposal has it where one was asked for."""
    from clinigate.controls import load_catalogue
    from clinigate.controls.overlay import load_overlay

    names = {name for each in frameworks or BUILT_IN for name in FRAMEWORKS[each]}
    catalogue = load_catalogue()
    for name in OVERLAYS:
        if name in frameworks:
            catalogue = load_overlay(name).over(catalogue)
    return frozenset(names), catalogue


def _known(clause: str | None, catalogue: ControlCatalogue) -> str | None:
    """The id of a clause that is named by id or citation.

    Raises:
        ControlError: there is none; the nearest are named.
    """
    if clause is None:
        return None
    cited = next((each.id for each in catalogue if each.citation == clause.strip()), None)
    return cited or catalogue.get(clause.strip()).id


def _text(form: str, seen: Seen, view: ClauseView, clause: str | None, *, open_only: bool) -> str:
    from clinigate.reports.clausefiles import clauses_csv, clauses_json
    from clinigate.reports.clausetable import clause_detail, clause_table

    if clause is not None:
        row = next(row for row in seen.view.rows if row.id == clause)
        if form == "table":
            return f"{seen.remark}\n{clause_detail(row, width=_width())}\n"
        view = _alone(seen.view, row)
    if form == "json":
        return clauses_json(view)
    if form == "csv":
        return clauses_csv(view)
    return f"{seen.remark}\n\n{clause_table(view, width=_width(), open_only=open_only)}\n"


def _alone(view: ClauseView, row: ClauseRow) -> ClauseView:
    groups = (replace(group, rows=(row,)) for group in view.groups if row in group.rows)
    return replace(view, groups=tuple(groups))


def _oscal(form: str, names: frozenset[str], frameworks: tuple[str, ...]) -> str:
    from clinigate.controls.oscal import oscal_catalog, oscal_profile, oscal_text

    proposed = next((name for name in OVERLAYS if name in frameworks), None)
    if form == "oscal":
        return oscal_text(oscal_catalog(names, proposed))
    return oscal_text(oscal_profile(names, proposed))


def _write(text: str, out: Path | None) -> None:
    if out is None:
        click.echo(text, nl=False)
        return
    from clinigate.evidence.files import naming, write_atomic

    with naming(out, "written"):
        out.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(out, text.encode("utf-8"))
    click.echo(f"written: {out}")


def _width() -> int:
    return max(60, shutil.get_terminal_size((110, 24)).columns)
