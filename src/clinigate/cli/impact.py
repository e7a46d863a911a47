"""`clinigate impact`: which claims does a change undo, and what restores them?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from clinigate.cli.exits import ExitCode
from clinigate.cli.options import (
    config_option,
    demanded_policy,
    environment_option,
    policy_option,
)
from clinigate.cli.places import LAST, bundle_path
from clinigate.cli.troubles import complain
from clinigate.config.loader import LoadedConfig, load_config
from clinigate.core.canonical import canonical_text
from clinigate.core.codec import to_plain
from clinigate.pipeline.impact import Impact, Lost
from clinigate.pipeline.undone import last_sealed, since_revision, since_run
from clinigate.reports.overall import WORDS
from clinigate.reports.text import one_line

__all__ = ["command"]

SCHEMA = "clinigate.impact/1"
#: Files and claims that are named on a terminal; `--json` names all.
MOST_FILES, MOST_CLAIMS = 10, 60


@click.command("impact")
@click.argument("bundle", default=LAST)
@config_option
@policy_option
@environment_option
@click.option("--since", metavar="REV",
              help="Compare with a revision of git; BUNDLE says what was claimed.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def command(
    bundle: str,
    config: Path | None,
    policy: str | None,
    environment: str | None,
    since: str | None,
    as_json: bool,
) -> int:
    """Say which claims of BUNDLE (by default the last sealed run) a change undoes.

    Compares what the run rested on (prompt, model, schema, manifests, data, image, policy, packs,
    configuration, our own version) with the working tree, or the tree with a revision. Names the
    criteria and clauses that are not shown any more, and the smallest run that restores them.

    Exit codes: 0 nothing is undone; 1 something is; 2 there is nothing to compare with; 3 the
    run's evidence is broken; 4 usage.
    """
    loaded = load_config(config)
    asked = demanded_policy(loaded, policy, environment)
    path = _path(loaded, bundle)
    if since is not None:
        found: Impact | None = since_revision(loaded, asked, since, path)
    elif path is None:
        said = f"{loaded.root}: no sealed run here; `clinigate run` makes one"
        return complain(said, ExitCode.UNFINISHED)
    else:
        found = since_run(loaded, asked, path)
    if found is None:
        said = f"{path}: took no digests of what it rests on; runs that begin from now on do"
        return complain(said, ExitCode.UNFINISHED)
    click.echo(canonical_text(_plain(found)) if as_json else "\n".join(_lines(found)))
    return ExitCode.NOT_PASSED if found.lost else ExitCode.OK


def _path(loaded: LoadedConfig, bundle: str) -> Path | None:
    return last_sealed(loaded.root) if bundle == LAST else bundle_path(loaded, bundle)


def _plain(found: Impact) -> dict[str, object]:
    return {
        "schema": SCHEMA,
        "since": found.since,
        "inputs": found.inputs,
        "changes": to_plain(found.changes),
        "invalidated": [
            {
                "criterion": each.claim.criterion.id,
                "title": each.claim.criterion.title,
                "status": None if each.claim.verdict is None else each.claim.verdict.status.value,
                "controls": list(each.claim.criterion.controls),
                "because": list(each.because),
            }
            for each in found.lost
        ],
        "kept": list(found.kept),
        "clauses": to_plain(found.clauses),
        "commands": list(found.commands),
        "notes": list(found.notes),
    }


def _lines(found: Impact) -> Iterator[str]:
    yield f"since {one_line(found.since)}: {len(found.changes)} of {found.inputs} inputs changed"
    for change in found.changes:
        yield f"  {one_line(change.name)}: {_HOW[change.how]}"
        yield from _cut([f"    {one_line(each)}" for each in change.files], MOST_FILES)
    if not found.lost:
        yield f"nothing is undone: all {len(found.kept)} criteria rest on what is there still"
    else:
        whole = len(found.lost) + len(found.kept)
        yield f"no longer shown: {len(found.lost)} of {whole} criteria"
        yield from _cut(_claims(found.lost), MOST_CLAIMS)
        yield f"clauses that rested on them: {len(found.clauses)}"
        yield from _cut(
            [
                f"  {one_line(each.citation)}  {one_line(each.title)} "
                f"({len(each.lost)} of {each.of} criteria)"
                for each in found.clauses
            ],
            MOST_CLAIMS,
        )
        yield "the smallest run that restores them:"
        yield from (f"  {one_line(each)}" for each in found.commands)
    yield from (f"note: {one_line(each)}" for each in found.notes)


_HOW = {
    "changed": "changed",
    "new": "is new: no digest of it was taken then",
    "gone": "is named no more",
    "moved": "changed while the run was under way: its parts saw different ones",
    "unknown": "unknown: it is not in git",
}


def _claims(lost: Sequence[Lost]) -> list[str]:
    """The claims below the inputs that undo them; most rest on the same."""
    grouped: dict[tuple[str, ...], list[str]] = {}
    for each in lost:
        verdict = each.claim.verdict
        word = "never judged" if verdict is None else f"was {WORDS[verdict.status]}"
        told = f"    {one_line(each.claim.criterion.id)}  {word}"
        grouped.setdefault(each.because, []).append(told)
    return [
        line
        for because, claims in grouped.items()
        for line in (f"  by {one_line(', '.join(because))}:", *claims)
    ]


def _cut(lines: list[str], most: int) -> Iterator[str]:
    yield from lines[:most]
    if len(lines) > most:
        yield f"  and {len(lines) - most} more; --json names all"
