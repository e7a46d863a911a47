"""`clinigate gate`: does the gate open on these bundles?"""

from __future__ import annotations

from pathlib import Path

import click

from clinigate.cli.exits import ExitCode
from clinigate.cli.places import bundle_path
from clinigate.config.loader import load_config
from clinigate.errors import UsageError
from clinigate.evidence.trust import load_trust
from clinigate.gate.decision import Decision
from clinigate.gate.document import decision_bytes, write_decision
from clinigate.gate.entries import Outcome
from clinigate.gate.policy import load_policy
from clinigate.pipeline.gating import decide_on, read_records
from clinigate.pipeline.keys import configured_trust
from clinigate.pipeline.setup import policy_source

__all__ = ["command", "exit_code"]

_CODES = {
    Outcome.OPENED: ExitCode.OK,
    Outcome.SHUT: ExitCode.NOT_PASSED,
    Outcome.UNFINISHED: ExitCode.UNFINISHED,
    Outcome.INTEGRITY: ExitCode.INTEGRITY,
}


@click.command("gate")
@click.argument("bundles", nargs=-1)
@click.option("--config", type=click.Path(dir_okay=False, path_type=Path), help="Configuration.")
@click.option("--policy", help="default, demo, pr or a TOML file (default: [gate] policy).")
@click.option("--environment", help="development, staging or production (default: [gate]).")
@click.option("--trust", type=click.Path(path_type=Path), help="Keys whose signatures count.")
@click.option("--limit", "limits", multiple=True, metavar="CRITERION=X",
              help="Tighten a limit; a looser one is refused.")  # fmt: skip
@click.option("--digest", "digests", multiple=True, metavar="NAME=DIGEST",
              help="What must have been evaluated, as image=sha256:…")  # fmt: skip
@click.option("--record", "records", multiple=True, type=click.Path(exists=True, path_type=Path),
              help="A signed record (waiver, attestation, …) or a folder of them.")  # fmt: skip
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
    out: Path | None,
    as_json: bool,
) -> int:
    """Decide on BUNDLES: run ids, directories, zips, or NAME=PATH for a job's (default: last).

    The measurements are judged again at the policy's limits. Exit codes: 0 the gate opens; 1 it is
    shut; 2 a bundle is missing, INCOMPLETE or stale; 3 a bundle's integrity is broken.
    """
    loaded = load_config(config)
    gate = loaded.config.gate
    store = configured_trust(loaded) if trust is None else load_trust(trust)
    demanded = load_policy(policy or policy_source(loaded), environment or gate.environment)
    demanded = demanded.tightened(
        {name: _number(name, text) for name, text in _pairs(limits, "--limit").items()},
        subject_digests=_pairs(digests, "--digest"),
    )
    named = [_named(bundle) for bundle in bundles or ("last",)]
    decision = decide_on(
        [(name, bundle_path(loaded, place)) for name, place in named],
        demanded,
        trust=store,
        records=read_records(records, store),
    )
    if out is not None:
        write_decision(decision, out)
    click.echo(decision_bytes(decision).decode("utf-8") if as_json else _text(decision))
    return exit_code(decision)


def exit_code(decision: Decision) -> ExitCode:
    """Return the exit code of a decision."""
    return _CODES[decision.outcome]


def _text(decision: Decision) -> str:
    lines = [f"gate to {decision.environment}: {decision.outcome} (policy {decision.policy})"]
    lines += [f"  shut by: {reason}" for reason in decision.reasons]
    lines += [f"  gap: {gap}" for gap in decision.gaps]
    return "\n".join(lines)


def _named(bundle: str) -> tuple[str, str]:
    """`NAME=PATH` names the job that made a bundle; a bare one is named by its file."""
    name, equals, place = bundle.partition("=")
    return (name, place) if equals else (Path(bundle).stem, bundle)


def _pairs(texts: tuple[str, ...], option: str) -> dict[str, str]:
    pairs = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name or not value:
            raise UsageError(f"{option}: got {text!r}, wanted NAME=VALUE")
        pairs[name] = value
    return pairs


def _number(name: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise UsageError(f"--limit {name}: {text!r} is no number") from None
