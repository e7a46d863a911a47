"""`clinigate scenarios`: what a pack holds, and what is wrong with it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import click

from clinigate.cli.exits import ExitCode
from clinigate.core.codec import to_plain
from clinigate.evidence.times import system_clock, timestamp
from clinigate.scenarios import (
    Pack,
    PackStats,
    builtin_packs,
    lint_packs,
    load_packs,
    stats,
)
from clinigate.scenarios.ratings import Agreement, PackReview
from clinigate.scenarios.review import (
    begin_sheet,
    labels_for,
    read_reviews,
    sheet_of,
    write_adjudication,
)

__all__ = ["command"]

_packs_argument = click.argument("packs", nargs=-1, metavar="[PACK]...")


@click.group("scenarios")
def command() -> None:
    """Lint, count and review scenario packs: built-in ones by name, your own by path.

    Without PACK all built-in packs are meant.
    """


@command.command("lint")
@_packs_argument
def lint(packs: tuple[str, ...]) -> int:
    """Look for near-copies, filled slots, method detail and conflicts of labels.

    Cores are compared over all named packs. Exit codes: 0; 1 a pack must not be used as it is.
    """
    loaded = _loaded(packs)
    findings = lint_packs(loaded)
    for finding in findings:
        kind = finding.rule if finding.is_error else f"{finding.rule} (remark)"
        click.echo(f"{kind}: {', '.join(finding.where)}: {finding.message}")
    errors = sum(finding.is_error for finding in findings)
    cores = sum(1 for pack in loaded for _ in pack.cores())
    click.echo(f"{len(loaded)} packs, {cores} cores: {errors or 'no'} errors")
    return ExitCode.NOT_PASSED if errors else ExitCode.OK


@command.command("stats")
@_packs_argument
@click.option("--json", "as_json", is_flag=True, help="Everything, for a program.")
def show_stats(packs: tuple[str, ...], as_json: bool) -> int:
    """Count cores, and say how different from each other they are and who reviewed them."""
    counted = [(pack, stats(pack)) for pack in _loaded(packs)]
    if as_json:
        click.echo(json.dumps([to_plain(each) for _, each in counted], indent=2, sort_keys=True))
        return ExitCode.OK
    for pack, each in counted:
        click.echo("\n".join(_lines(pack, each)))
    return ExitCode.OK


@command.command("review")
@click.argument("pack")
@click.option("--as", "reviewer", metavar="NAME", help="Write the empty sheet of this reviewer.")
@click.option("--credential", metavar="TEXT", help="The reviewer's, as LCSW or psychiatrist.")
@click.option("--most", type=click.IntRange(min=1), help="Messages on the sheet (default: all).")
@click.option("--reviews", type=click.Path(file_okay=False, path_type=Path), default="reviews",
              show_default=True, help="The folder of the sheets, as [packs] reviews.")  # fmt: skip
def review(
    pack: str, reviewer: str | None, credential: str | None, most: int | None, reviews: Path
) -> int:
    """Have clinicians rate a pack's messages, blind, and see how far they agree.

    With --as the sheet (CSV) of a reviewer is written, or their progress shown where they have
    one. Two who agree settle a core; what is disputed comes into adjudication.csv for a third.
    Exit codes: 0; 1 something is disputed; 4 a sheet is broken.
    """
    (loaded,) = load_packs([pack])
    if reviewer is not None and not sheet_of(loaded, reviews, reviewer).exists():
        if not credential:
            raise click.UsageError("a new sheet needs --credential, as LCSW")
        today = timestamp(system_clock())[:10]
        path = begin_sheet(
            loaded, reviews, reviewer=reviewer, credential=credential, date=today, most=most
        )
        click.echo(
            f"{path}: fill label ({', '.join(labels_for(loaded))}) and, of a crisis, "
            "severity (C1 to C5, CB, U, E), then run this again"
        )
        return ExitCode.OK
    state = read_reviews(loaded, reviews)
    decisions = write_adjudication(state, reviews)
    click.echo("\n".join(_review_lines(state)))
    if state.disputed:
        click.echo(f"{len(state.disputed)} cores are disputed: decide in {decisions}")
    return ExitCode.NOT_PASSED if state.disputed else ExitCode.OK


def _review_lines(state: PackReview) -> list[str]:
    cores = sum(1 for _ in state.pack.cores())
    authored = {archetype.core_id(core): archetype.label for archetype, core in state.pack.cores()}
    settled = state.settled
    changed = [core for core, ruling in settled.items() if ruling.label != authored[core]]
    lines = [
        f"{name}: {count:,} of {cores:,} cores rated" for name, count in state.reviewers.items()
    ]
    for each in state.agreements():
        lines.append(f"{each.reviewers[0]} and {each.reviewers[1]}: {_agreement(each)}")
    lines.append(f"settled: {len(settled):,} of {cores:,} cores")
    if changed:
        lines.append(f"withdrawn, since their reviewers label them otherwise: {', '.join(changed)}")
    if regraded := state.regraded:
        lines.append(
            "their reviewers give another severity than the author; change it, or ask them: "
            + ", ".join(regraded)
        )
    return lines


def _agreement(agreement: Agreement) -> str:
    said = f"the same label on {agreement.same:.0%} of {agreement.n:,}"
    if agreement.kappa is not None and agreement.kappa_low is not None:
        said += f", weighted kappa {agreement.kappa:.2f} (at least {agreement.kappa_low:.2f})"
    elif agreement.one_label:
        said += ", all of one label, which shows no agreement beyond chance"
    if agreement.severity_alpha is not None:
        said += f", alpha of severities {agreement.severity_alpha:.2f}"
    if agreement.same_order:
        said += "; both sheets stand in one order: sorted alike, or is one a copy?"
    return said


def _lines(pack: Pack, counted: PackStats) -> list[str]:
    archetype, share = counted.least_effective
    reviewers = ", ".join(each.reviewer for each in pack.review) or "no clinician"
    return [
        f"{counted.pack}  {pack.title}",
        f"  {counted.cores:,} cores ({_shares(counted.by_split)}), {counted.archetypes} archetypes",
        f"  labels: {_shares(counted.by_label)}; severities: {_shares(counted.by_severity)}",
        f"  diversity: as {counted.effective_cores:,.0f} cores that share nothing",
        f"  least diverse: {archetype}, {share:.0%} of its cores",
        f"  distinct words {counted.distinct_1:.3f}, pairs of words {counted.distinct_2:.3f}",
        f"  words a core: {counted.mean_words:.1f}",
        f"  wording by {pack.provenance.author}; reviewed by {reviewers}",
    ]


def _shares(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in counts.items())


def _loaded(packs: tuple[str, ...]) -> tuple[Pack, ...]:
    return load_packs(packs or builtin_packs())
