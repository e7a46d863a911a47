"""What the searches for identifiers show alike: finds, what was not looked at, the exit code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from clinigate.cli.exits import ExitCode

if TYPE_CHECKING:
    from clinigate.phi.policy import Policy
    from clinigate.phi.scanning import PhiScan

__all__ = ["exit_code", "show_scan", "show_some"]

_SHOWN = 40


def exit_code(produced: int, *, found: bool) -> int:
    """Tell what was found (1) from what could not be shown (2); all else stays as it is."""
    if produced == ExitCode.NOT_PASSED and not found:
        return ExitCode.UNFINISHED
    return produced


def show_some(lines: Iterable[str], what: str) -> None:
    """Print the first lines, and how many more there are of what."""
    # Names come from what was searched: none of them may steer the terminal.
    from clinigate.reports.text import one_line

    listed = list(lines)
    for line in listed[:_SHOWN]:
        click.echo(one_line(line))
    if len(listed) > _SHOWN:
        click.echo(f"and {len(listed) - _SHOWN} more {what}")


def show_scan(done: PhiScan, policy: Policy) -> None:
    """Print what counts, what is accepted, what could not be looked at, and how much was searched.

    The last line is there always: a scan that searched nothing must not look like a clean one.
    """
    show_some(_found(done), "findings")
    accepted = [each for each in done.found if not each.is_open]
    show_some(
        (
            f"accepted: {each.flaw.place} {each.flaw.rule} ({each.flaw.accepted})"
            for each in accepted
        ),
        "that are accepted",
    )
    excluded = [each for result in done.results for each in result.excluded]
    named = dict.fromkeys((each.unit, each.reason) for each in excluded)
    show_some(
        (f"not looked at: {unit} ({reason})" for unit, reason in named),
        "files that were not looked at",
    )
    ways = Counter((each.flaw.accepted or "").partition(":")[0].partition(" until ")[0]
                   for each in accepted)  # fmt: skip
    by = "".join(f", {count} by {way}" for way, count in sorted(ways.items()))
    click.echo(
        f"{done.counts}; {len(done.counted)} count at {policy.threshold:g}"
        f"{' with names' if policy.names else ''}, {len(accepted)} accepted{by}"
    )


def _found(done: PhiScan) -> Iterable[str]:
    for each in done.counted:
        flaw = each.flaw
        token = done.tokens.get(flaw.fingerprint)
        shown = "" if token is None else f", value {token}"
        yield f"{flaw.place} {flaw.rule}: {each.message}{shown}"
