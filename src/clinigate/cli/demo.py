"""`clinigate demo`: evaluate the embedded reference service, seal, verify, gate, report."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from clinigate.cli.exits import ExitCode
from clinigate.cli.next_steps import next_steps
from clinigate.errors import UsageError

if TYPE_CHECKING:
    from clinigate.config.loader import LoadedConfig
    from clinigate.evidence.signing import LocalSigner
    from clinigate.pipeline.conclude import Conclusion
    from clinigate.pipeline.setup import Overrides
    from clinigate.reference.launch import Connection

__all__ = ["command", "demo_config"]

#: Which policy judges which profile.
_POLICIES = {"full": "demo", "pr": "pr"}


@click.command("demo")
@click.option("--defect", metavar="NAME", help="Switch on one defect of the service.")
@click.option("--list-defects", is_flag=True, help="List the defects and exit.")
@click.option("--model", type=click.Choice(["calibrator", "baseline"]), default="calibrator",
              show_default=True, help="calibrator: fitted to the published packs; baseline: an "
              "honest small model, trained on the dev split and judged on the rest.")  # fmt: skip
@click.option("--profile", type=click.Choice(list(_POLICIES)), default="full", show_default=True,
              help="pr: a sample in seconds, judged by the policy `pr`.")  # fmt: skip
@click.option("--sample", metavar="SHARE",
              help="Ask this share of the cases, as 10%; never certifies.")  # fmt: skip
@click.option("--stop-early", is_flag=True,
              help="Stop asking once a criterion fails whatever the rest would show.")  # fmt: skip
@click.option("--resilience", is_flag=True,
              help="Let experiments, load and a benchmark join the run.")  # fmt: skip
@click.option("--all-stages", is_flag=True,
              help="Run the whole pipeline: security, clinical, HIPAA, PHI, performance, "
              "chaos.")  # fmt: skip
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True,
              help="Seed of case generation.")  # fmt: skip
@click.option("--root", type=click.Path(file_okay=False, path_type=Path),
              default=Path(".clinigate"), show_default=True,
              help="Where the evidence goes.")  # fmt: skip
def command(
    defect: str | None,
    list_defects: bool,
    model: str,
    profile: str,
    sample: str | None,
    stop_early: bool,
    resilience: bool,
    all_stages: bool,
    seed: int,
    root: Path,
) -> int:
    """Evaluate the embedded reference service, end to end, and return the gate's exit code.

    The service runs on the loopback interface over TLS. It is no clinical model: it calibrates
    Clinigate. Clean, everything that the demo's policy requires passes; with a defect, the gate
    shuts on the criterion that exists to find it.
    """
    if list_defects:
        return _list_defects()
    if all_stages:
        if sample or stop_early:
            raise UsageError(
                "--all-stages runs everything in full; leave --sample, --stop-early out"
            )
        return _all_stages(model, defect, profile, resilience, seed=seed, root=root)
    from clinigate.cli.demo_resilience import commands_beside
    from clinigate.core.plan import Profile
    from clinigate.evidence.signing import generate_signer
    from clinigate.pipeline.setup import Overrides, share_of
    from clinigate.reference.launch import running

    overrides = Overrides(
        profile=Profile(profile),
        sample=1.0 if sample is None else share_of(sample),
        stop_early=stop_early,
    )
    signer = generate_signer()
    with running(model=model, defect=defect) as connection:
        click.echo(f"reference service: {connection.base_url} (model {model})")
        policy = _POLICIES[profile] + ("-resilience" if resilience and profile == "full" else "")
        config = demo_config(connection, model=model, policy=policy, seed=seed, root=root)
        beside = commands_beside(defect, is_sample=profile == "pr", resilience=resilience)
        conclusion = _evaluate(config, connection, overrides, signer, beside)
    return _decide(config, conclusion, signer)


def _all_stages(
    model: str, defect: str | None, profile: str, resilience: bool, *, seed: int, root: Path
) -> int:
    from clinigate.cli.demo_stages import Chosen, run_all_stages

    if resilience or profile != "full":
        raise UsageError("--all-stages runs everything in full; leave --resilience, --profile out")
    return run_all_stages(Chosen(model, defect, seed, root))


def _list_defects() -> int:
    from clinigate.reference.defects import DEFECTS
    from clinigate.reference.operational import OPERATIONAL_DEFECTS

    width = max(map(len, (*DEFECTS, *OPERATIONAL_DEFECTS)))
    for name, defect in DEFECTS.items():
        caught = f"(caught by {', '.join(defect.metrics)}){_where(defect.metrics[0])}"
        click.echo(f"{name:<{width}}  {defect.summary} {caught}")
    click.echo("\nOf operation, for `clinigate chaos run` and `clinigate load run` (--reference):")
    for name, fault in OPERATIONAL_DEFECTS.items():
        click.echo(f"{name:<{width}}  {fault.summary} (caught by {', '.join(fault.metrics)})")
    return ExitCode.OK


def _where(metric: str) -> str:
    """What looks for a defect, where the demo by itself does not."""
    if metric.startswith("hipaa.drill_"):
        return " with `clinigate drill breach --reference`"
    # HIPAA's safeguards are looked at in a stage of their own.
    return " with --all-stages" if metric.startswith("hipaa.") else ""


def demo_config(
    connection: Connection, *, model: str, policy: str, seed: int, root: Path
) -> LoadedConfig:
    """The configuration that a team would write for this service."""
    from clinigate.cli.reference_target import reference_tables
    from clinigate.config.loader import LoadedConfig
    from clinigate.config.model import Config

    run = {"seed": seed, "root": str(root.resolve())}
    if model == "baseline":
        run["split"] = "held_out"
    tables = {
        **reference_tables(connection),
        "run": run,
        "gate": {"policy": policy, "environment": "development"},
    }
    return LoadedConfig(Config.model_validate(tables), Path.cwd(), "the demo's configuration")


def _evaluate(
    config: LoadedConfig,
    connection: Connection,
    overrides: Overrides,
    signer: LocalSigner,
    beside: Sequence[tuple[str, ...]],
) -> Conclusion:
    from clinigate.cli.demo_resilience import run_producers
    from clinigate.cli.progress import shown_progress
    from clinigate.cli.reference_target import reference_environment
    from clinigate.pipeline.evaluate import all_checks, evaluate
    from clinigate.pipeline.setup import prepare
    from clinigate.targets import build_target

    setup = prepare(config, overrides)
    assert config.config.target is not None
    target = build_target(
        config.config.target,
        base_dir=config.base_dir,
        environ=reference_environment(connection),
    )
    with shown_progress() as (on_begin, on_end):
        return evaluate(
            setup,
            target,
            checks=all_checks(),
            signer=signer,
            producer="demo",
            on_begin=on_begin,
            on_end=on_end,
            on_sealed=lambda sealed: click.echo(f"sealed:  {sealed.place}"),
            others=lambda joining: run_producers(joining, beside),
        )


def _decide(config: LoadedConfig, conclusion: Conclusion, signer: LocalSigner) -> int:
    """Verify with the demo's own key, decide, report, and say where everything is."""
    from clinigate.cli.gate import exit_code
    from clinigate.cli.keys import trust_entry
    from clinigate.evidence.trust import load_trust
    from clinigate.gate.document import write_decision
    from clinigate.gate.policy import load_policy
    from clinigate.pipeline.examine import examine
    from clinigate.pipeline.gating import decide_on
    from clinigate.pipeline.publish import REPORT_NAME, report_of, write_report
    from clinigate.reports.terminal import report_table

    path = conclusion.bundle.path
    exports = path / "exports"
    # The key lives for this run alone: it shows how verification works, not who made the run.
    trusted = exports / "demo-trust.toml"
    trusted.parent.mkdir(parents=True, exist_ok=True)
    trusted.write_text(
        trust_entry(signer.public, name="demo key, made for this run", role="machine"),
        encoding="utf-8",
    )
    trust = load_trust(trusted)
    gate = config.config.gate
    policy = load_policy(gate.policy, gate.environment)
    decision = decide_on([("demo", path)], policy, trust=trust)
    write_decision(decision, exports)
    report = report_of(examine(path, trust=trust), decision, config=config.config)
    page = write_report(report, exports / REPORT_NAME, signer=signer)
    click.echo(f"\n{report_table(report)}\n")
    click.echo(f"report:  {os.path.relpath(page)}")
    click.echo(f"bundle:  {os.path.relpath(path)}")
    click.echo(next_steps(path, trusted))
    return exit_code(decision)
