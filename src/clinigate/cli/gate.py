"""`clinigate gate`: does the gate open on these bundles?"""

from __future__ import annotations

import math
from pathlib import Path

import click

from clinigate.cli.exits import ExitCode
from clinigate.cli.naming import named_bundles, pairs
from clinigate.cli.options import (
    config_option,
    demanded_policy,
    environment_option,
    policy_option,
    record_option,
    trust_option,
    trusted_keys,
)
from clinigate.cli.places import LAST
from clinigate.cli.troubles import complain
from clinigate.clinical.criteria import CRITERIA
from clinigate.config.digests import read_digests
from clinigate.config.loader import load_config
from clinigate.errors import UsageError
from clinigate.gate.decision import Decision
from clinigate.gate.document import decision_bytes, write_decision
from clinigate.gate.entries import Outcome
from clinigate.gate.policy import nearest
from clinigate.pipeline.gating import decide_on, read_records
from clinigate.pipeline.keys import configured_stamp_roots
from clinigate.reports.grouping import grouped
from clinigate.reports.text import visible

__all__ = ["command", "exit_code", "why_not"]

_CODES = {
    Outcome.OPENED: ExitCode.OK,
    Outcome.SHUT: ExitCode.NOT_PASSED,
    Outcome.UNFINISHED: ExitCode.UNFINISHED,
    Outcome.INTEGRITY: ExitCode.INTEGRITY,
}


@click.command("gate")
@click.argument("bundles", nargs=-1)
@config_option
@policy_option
@environment_option
@trust_option
@click.option("--limit", "limits", multiple=True, metavar="CRITERION=X",
              help="Tighten a limit; a looser one is refused.")  # fmt: skip
@click.option("--digest", "digests", multiple=True, metavar="NAME=DIGEST",
              help="What must have been evaluated, as image=sha256:…")  # fmt: skip
@record_option
@click.option("--tsa-roots", type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="PEM of time-stamping authorities (default: [gate] tsa_roots).")  # fmt: skip
@click.option("--out", type=click.Path(file_okay=False, path_type=Path),
              help="Write decision.json and svr.json into this folder.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print the decision as JSON.")
def command(
    bundles: tuple[str, ...],
    config: Path | None,
    policy: str | None,
    environment: str | None,
    trust: Path | None,
    limits: tuple[str, ...],
    digests: tuple[str, ...],
    records: tuple[Path, ...],
    tsa_roots: Path | None,
    out: Path | None,
    as_json: bool,
) -> int:
    """Decide on BUNDLES: run ids, directories, zips, or NAME=PATH for a job's (default: last).

    The measurements are judged again at the policy's limits. Records of people that lie with the
    bundles and in the evidence root are read by themselves; --record adds others.

    Exit codes: 0 the gate opens; 1 it is shut; 2 a bundle is missing, INCOMPLETE or stale; 3 a
    bundle's integrity is broken.
    """
    loaded = load_config(config)
    store = trusted_keys(loaded, trust)
    demanded = demanded_policy(loaded, policy, environment).tightened(
        {name: _limit(name, text) for name, text in pairs(limits, "--limit").items()},
        subject_digests=read_digests(digests, option="--digest"),
    )
    decision = decide_on(
        named_bundles(loaded, bundles or (LAST,)),
        demanded,
        trust=store,
        records=read_records(records, store),
        root=loaded.root,
        stamp_roots=configured_stamp_roots(loaded, tsa_roots),
    )
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        write_decision(decision, out)
    click.echo(decision_bytes(decision).decode("utf-8") if as_json else _text(decision))
    code = exit_code(decision)
    return code if code is ExitCode.OK else complain(why_not(decision), code)


def exit_code(decision: Decision) -> ExitCode:
    """Return the exit code of a decision."""
    return _CODES[decision.outcome]


def _text(decision: Decision) -> str:
    lines = [f"gate to {decision.environment}: {decision.outcome} (policy {decision.policy})"]
    lines += [f"  shut by: {reason}" for reason in decision.reasons]
    lines += [f"  gap: {gap}" for gap in grouped(decision.gaps)]
    return visible("\n".join(lines))


def why_not(decision: Decision) -> str:
    """Return why the gate is not open: the gravest reason, and how many more there are."""
    first, *others = decision.reasons
    more = f" (and {len(others)} more reason(s))" if others else ""
    return f"gate to {decision.environment}: {decision.outcome}: {first}{more}"


def _limit(name: str, text: str) -> float:
    known = [criterion.id for criterion in CRITERIA]
    if name not in known:
        raise UsageError(f"--limit {name}: no criterion has this id; {nearest(name, known)}")
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise UsageError(f"--limit {name}: {text!r} is no number")
    return number
