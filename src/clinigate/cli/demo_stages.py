"""`clinigate demo --all-stages`: the whole pipeline against the embedded reference service."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import click

from clinigate.cli.demo_project import write_project
from clinigate.cli.demo_resilience import trace_words
from clinigate.cli.exits import ExitCode
from clinigate.cli.keys import trust_entry
from clinigate.cli.next_steps import next_steps
from clinigate.cli.reference_hipaa import reference_hipaa_environment
from clinigate.cli.stage_run import Asked, Court, close, ended, run_through
from clinigate.cli.troubles import complain
from clinigate.config.loader import CONFIG_VARIABLE, load_config
from clinigate.core.plan import Profile
from clinigate.evidence.signing import LocalSigner, generate_signer
from clinigate.evidence.trust import TrustStore, load_trust
from clinigate.gate.policy import load_policy
from clinigate.pipeline.stages.model import Stage, own, pytest_command
from clinigate.pipeline.words import attested_words
from clinigate.reference.credentials import PER_HOUR_VARIABLE, PER_MINUTE_VARIABLE
from clinigate.reference.launch import running

__all__ = ["STAGES", "Chosen", "run_all_stages", "stages_of"]

#: How long a session idles there, and how much one client may ask: short, so that nobody waits.
IDLE_S = 2.0
_FEW = {PER_MINUTE_VARIABLE: "20", PER_HOUR_VARIABLE: "30"}

POLICY = "demo-all-stages"
ENVIRONMENT = "development"

#: What runs, in the order in which the platform's pipeline asks for it; each command as a user
#: would type it. Experiments and load bring a service of their own, which they may disturb.
STAGES: tuple[Stage, ...] = (
    Stage("security", (own("security", "scan"),), 300),
    Stage(
        "clinical",
        (
            pytest_command(
                "--pyargs",
                "clinigate.suites.clinical",
                "clinigate.suites.therapeutic",
                "clinigate.suites.instruments",
                "--clinical-grade",
            ),
        ),
        600,
    ),
    Stage(
        "hipaa",
        (
            pytest_command(
                "--pyargs",
                "clinigate.suites.hipaa",
                "--audit-trail-validation",
                "--phi-protection",
                "--consent-management",
                # The service is the demo's own; what is altered there is nobody's.
                "--allow-destructive",
            ),
        ),
        300,
    ),
    Stage("phi", (own("phi", "scan"), own(*trace_words(None))), 120),
    Stage(
        "performance",
        (
            own("load", "run", "--profile", "smoke", "--reference"),
            own("bench", "ai", "--allow-cpu", "--no-sweep", "--scenario-time", "15s"),
        ),
        600,
    ),
    Stage(
        "chaos",
        (
            own("chaos", "run", "kill-replica", "--reference"),
            own("chaos", "run", "crisis-path", "--reference"),
        ),
        600,
    ),
)


@dataclass(frozen=True, slots=True)
class Chosen:
    """What the user chose.

    Attributes:
        model, defect: of the service. seed: of case generation. root: where the evidence goes.
    """

    model: str
    defect: str | None
    seed: int
    root: Path


def stages_of(defect: str | None) -> tuple[Stage, ...]:
    """Return the stages; the hunt for leaks has a service of its own, with the same defect."""
    told = {own(*trace_words(None)): own(*trace_words(defect))}
    return tuple(
        replace(stage, commands=tuple(told.get(each, each) for each in stage.commands))
        for stage in STAGES
    )


def run_all_stages(chosen: Chosen) -> int:
    """Run every stage as one signed run, decide by the policy `demo-all-stages`, and report."""
    signer = generate_signer()
    today = datetime.now(UTC).date()
    run = {"seed": chosen.seed, "root": str(chosen.root.resolve())}
    with (
        running(
            model=chosen.model,
            defect=chosen.defect,
            care=True,
            idle_timeout_s=IDLE_S,
            environ=_FEW,
        ) as service,
        tempfile.TemporaryDirectory(prefix="clinigate-demo-") as folder,
    ):
        click.echo(f"reference service: {service.base_url} (model {chosen.model})")
        path = write_project(Path(folder), service, today=today, run=run)
        config = load_config(path)
        attested = tuple(attested_words(config))
        court = Court(load_policy(POLICY, ENVIRONMENT), None, (), signer, attested)
        environ = {**reference_hipaa_environment(service), CONFIG_VARIABLE: str(path)}
        asked = Asked(keep_going=True, profile=Profile.FULL)
        course = run_through(config, stages_of(chosen.defect), asked, court, environ=environ)
    trusted = course.directory / "exports" / "demo-trust.toml"
    judged = close(course, replace(court, trust=_trust(signer, trusted)))
    if course.unfinished is not None:
        said = f"run {course.run} is not whole: {course.unfinished}; run the demo again"
        return complain(said, ExitCode.UNFINISHED)
    click.echo(next_steps(course.directory, trusted))
    return ended(judged)


def _trust(signer: LocalSigner, path: Path) -> TrustStore:
    """The key lives for this run alone: it shows how verification works, not who made the run."""
    path.parent.mkdir(parents=True, exist_ok=True)
    entry = trust_entry(signer.public, name="demo key, made for this run", role="machine")
    path.write_text(entry, encoding="utf-8")
    return load_trust(path)
