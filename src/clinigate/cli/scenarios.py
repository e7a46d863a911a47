"""`clinigate scenarios`: what a pack holds, and what is wrong with it."""

from __future__ import annotations

import json
from collections.abc import Mapping

import click

from clinigate.cli.exits import ExitCode
from clinigate.core.codec import to_plain
from clinigate.scenarios import (
    Pack,
    PackStats,
    builtin_packs,
    lint_packs,
    load_packs,
    stats,
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
