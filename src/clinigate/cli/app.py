"""The top command. Subcommands load when they are called, so that `--help` stays quick."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence

import click

from clinigate.cli.exits import ExitCode
from clinigate.cli.lazy import LazyGroup
from clinigate.cli.troubles import DEBUG_VARIABLE, complain, told

__all__ = ["app", "run"]

#: Command name: the module that holds it as `command`, and its line in `--help`.
COMMANDS: Mapping[str, tuple[str, str]] = {
    "init": ("clinigate.cli.init", "Write a commented clinigate.toml and the test folders."),
    "doctor": ("clinigate.cli.doctor", "Say what is configured and reachable, and what will run."),
    "demo": ("clinigate.cli.demo", "Evaluate the embedded reference service, end to end."),
    "chaos": ("clinigate.cli.chaos", "Break things within safe bounds, and measure recovery."),
    "load": ("clinigate.cli.load", "Play conversations at a system, and watch safety under load."),
    "bench": ("clinigate.cli.bench", "Time a model or databases, with honest percentiles."),
    "security": ("clinigate.cli.security", "Scan code, dependencies, manifests and interfaces."),
    "platform": ("clinigate.cli.platform", "Judge manifests and a cluster by platform policies."),
    "phi": ("clinigate.cli.phi", "Look for identifiers of patients where none may be."),
    "quality": ("clinigate.cli.quality", "Judge reports of the own build, as its coverage."),
    "hipaa": ("clinigate.cli.hipaa", "Static checks of HIPAA's safeguards, in one step."),
    "sign": ("clinigate.cli.sign", "Sign a sealed run with your own name and meaning."),
    "waive": ("clinigate.cli.waive", "Ask for a risk to be accepted, and accept it as another."),
    "attest": ("clinigate.cli.attest", "Sign attestations of what no program can see."),
    "drill": ("clinigate.cli.drill", "Play through a breach, or a restore of a backup."),
    "run": ("clinigate.cli.run", "Run the stages of clinigate.toml as one run, and decide."),
    "ci": ("clinigate.cli.ci", "Write the pipeline for GitHub, GitLab, Jenkins or Tekton."),
    "model-gate": (
        "clinigate.cli.model_gate",
        "Judge a model's release: absolute, against its baseline, and by drift.",
    ),
    "scenarios": ("clinigate.cli.scenarios", "Lint, count and review scenario packs."),
    "judge": ("clinigate.cli.judge", "Calibrate a judge of replies, and check it."),
    "validate-production": (
        "clinigate.cli.validate_production",
        "Ask production, read-only, whether it is what staging passed.",
    ),
    "metrics": ("clinigate.cli.metrics", "Figures of delivery from the ledger."),
    "collect": ("clinigate.cli.collect", "One run for the evidence of several commands."),
    "trust": ("clinigate.cli.trust", "Show, add, rotate and revoke the keys that count."),
    "keys": ("clinigate.cli.keys", "Generate and show signing keys."),
    "controls": ("clinigate.cli.controls", "Every clause with its state, and who speaks for it."),
    "impact": ("clinigate.cli.impact", "Name the claims that a change undoes."),
    "seal": ("clinigate.cli.seal", "Seal a run: merge, judge, sign."),
    "verify": ("clinigate.cli.verify", "Verify a bundle offline."),
    "gate": ("clinigate.cli.gate", "Decide whether the gate opens on sealed bundles."),
    "report": ("clinigate.cli.report", "Render a bundle as HTML or as a terminal table."),
    "ledger": ("clinigate.cli.ledger", "The log of all runs: show, prove, witness, check."),
    "serve": ("clinigate.cli.serve", "Show the runs to people, read-only, or write them to files."),
    "bundle": ("clinigate.cli.bundle", "Hand bundles on, keep them, and find what they show."),
    "self-test": ("clinigate.cli.self_test", "Qualify this installation, and seal the record."),
    "repro": ("clinigate.cli.repro", "Replay one case against the target with everything shown."),
}


@click.group(
    cls=LazyGroup,
    table=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 ok; 1 not PASS or gate shut; 2 unfinished or stale; "
    "3 integrity broken; 4 usage.",
)
@click.version_option(package_name="clinigate", message="%(prog)s %(version)s")
def app() -> None:
    """The quality gate for healthcare AI: evaluate, seal, verify, gate, report."""


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit code; every error is one sentence on stderr."""
    try:
        result = app.main(arguments, prog_name="clinigate", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show(sys.stderr)
        return ExitCode.USAGE
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - nobody is left above who could tell the user
        if os.environ.get(DEBUG_VARIABLE):
            sys.excepthook(*sys.exc_info())
        return complain(*told(error))
    return int(result or ExitCode.OK)
