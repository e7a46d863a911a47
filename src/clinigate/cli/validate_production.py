"""`clinigate validate-production`: is production what staging passed?"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import click

from clinigate.cli.exits import ExitCode
from clinigate.cli.keys import passphrase_source
from clinigate.cli.naming import named_bundles
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
from clinigate.cli.producing import screen
from clinigate.cli.troubles import complain
from clinigate.config.digests import read_digests
from clinigate.config.loader import LoadedConfig, load_config
from clinigate.config.production import ProductionTable
from clinigate.config.validation import validate
from clinigate.core.criterion import Criterion
from clinigate.core.observation import Finding
from clinigate.core.plan import Plan
from clinigate.core.verdict import Status, Verdict
from clinigate.delivery.reference import recording_work
from clinigate.delivery.rollback import parse_command
from clinigate.delivery.staging import Staging, read_staging
from clinigate.delivery.validation import Check, Outcome, Validation, Wanted, outcome_of
from clinigate.errors import ConfigError, UsageError
from clinigate.gate.policy import BUILT_IN
from clinigate.pipeline.gating import read_records
from clinigate.pipeline.keys import configured_signer
from clinigate.pipeline.process_run import run_from_outside
from clinigate.pipeline.producing import Produced, Work, produce_into_run
from clinigate.pipeline.setup import Overrides, confidence_for, plan_for, prepare_producer
from clinigate.pipeline.showing import results_table
from clinigate.quality.criteria import CRISIS_MISSED, DIGESTS, STAGING

__all__ = ["command", "script"]

PRODUCER = "validate-production"


def script() -> None:
    """Run the command with this process's arguments, and leave with its exit code."""
    from clinigate.cli import main  # it loads this module in its turn

    sys.argv[1:1] = [PRODUCER]
    main()


@click.command(PRODUCER)
@click.option("--clinical-accuracy-check", "accuracy", is_flag=True,
              help="Emotions are recognised as on staging.")  # fmt: skip
@click.option("--safety-validation", "safety", is_flag=True,
              help="Replies are as appropriate as on staging; crises, if diverted.")  # fmt: skip
@click.option("--performance-validation", "performance", is_flag=True,
              help="Replies take as long as on staging.")  # fmt: skip
@click.option("--bundle", "bundles", multiple=True, metavar="[NAME=]PATH",
              help="What staging passed, of each of its jobs (default: last).")  # fmt: skip
@click.option("--digest", "digests", multiple=True, metavar="NAME=DIGEST",
              help="What is deployed, as the cluster says it: image=sha256:…")  # fmt: skip
@click.option("--url", help="Where the new build alone answers ([production] base_url).")
@click.option("--rollback-command", "rollback", metavar="CMD",
              help="Run once where production FAILS; no shell reads it.")  # fmt: skip
@click.option("--record-staging", is_flag=True,
              help="Ask staging the sample instead, and remember its answers.")  # fmt: skip
@policy_option
@environment_option
@trust_option
@record_option
@config_option
def command(
    accuracy: bool,
    safety: bool,
    performance: bool,
    bundles: tuple[str, ...],
    digests: tuple[str, ...],
    url: str | None,
    rollback: str | None,
    record_staging: bool,
    policy: str | None,
    environment: str | None,
    trust: Path | None,
    records: tuple[Path, ...],
    config: Path | None,
) -> int:
    """Ask production, read-only and in minutes, whether it is what staging passed.

    The gate must open on staging's bundles, the deployed digests must be theirs, and a small sample
    must not be answered worse than staging answered it. Absolute rates cannot be certified on so
    few. Exit codes: 0 all traffic may come; 1 production FAILS, and was taken back if a command was
    given; 2 nobody but a person can tell: the roll-out holds.
    """
    loaded = _by(_at(load_config(config), url), policy)
    if record_staging:
        return _record(loaded, environment)
    given = {Check.ACCURACY: accuracy, Check.SAFETY: safety, Check.PERFORMANCE: performance}
    chosen = frozenset(check for check, on in given.items() if on) or frozenset(Check)
    wanted = Wanted(
        chosen,
        digests=read_digests(digests, option="--digest"),
        rollback=None if rollback is None else parse_command(rollback),
    )
    store = trusted_keys(loaded, trust)
    staging = read_staging(
        named_bundles(loaded, bundles or (LAST,)),
        demanded_policy(loaded, policy, environment),
        trust=store,
        records=read_records(records, store),
    )
    if loaded.config.target is None:
        raise ConfigError(f"{loaded.source}: has no [target]; say where production is")
    return _validate(loaded, wanted, staging, environment)


def _validate(
    loaded: LoadedConfig, wanted: Wanted, staging: Staging, environment: str | None
) -> int:
    setup = prepare_producer(loaded, wanted.criteria, environment=environment)
    all_of_them = loaded.config.production.crises_required

    def waits_for(criterion: str) -> bool:
        return all_of_them or criterion != CRISIS_MISSED

    validation = Validation(
        config=loaded,
        wanted=wanted,
        staging=staging,
        criteria=setup.criteria,
        confidence=confidence_for(loaded, environment=environment),
        plan=_drawing(loaded),
        waits_for=waits_for,
        say=click.echo,
    )
    produced = _produce(
        loaded, "production", validation.work, criteria=wanted.criteria, environment=environment
    )
    return _ended(produced, validation)


def _produce(
    loaded: LoadedConfig,
    target: str,
    work: Work,
    *,
    criteria: Sequence[Criterion] = (),
    environment: str | None,
) -> Produced:
    signer = None
    if not run_from_outside():
        signer = configured_signer(loaded, passphrase=passphrase_source(None, confirm=False))
    return produce_into_run(
        loaded,
        producer=PRODUCER,
        target=target,
        criteria=criteria,
        work=work,
        signer=signer,
        environment=environment,
        on_end=_show,
    )


def _ended(produced: Produced, validation: Validation) -> int:
    outcome = outcome_of(produced.verdicts, waits_for=validation.waits_for)
    match outcome:
        case Outcome.PASSED:
            click.echo("production is what staging passed; all of the traffic may come")
            return ExitCode.OK
        case Outcome.FAILED:
            back = validation.rolled_back
            after = "no --rollback-command was given" if back is None else str(back)
            said = f"production FAILS: {_first(produced, validation, {Status.FAIL})}; {after}"
            return complain(said, ExitCode.NOT_PASSED)
        case Outcome.HELD:
            unsure = set(Status) - {Status.PASS}
            said = (
                f"the roll-out holds, a person must decide: {_first(produced, validation, unsure)}"
            )
            return complain(said, ExitCode.UNFINISHED)


def _first(produced: Produced, validation: Validation, statuses: set[Status]) -> str:
    for verdict in produced.verdicts:
        told = verdict.status is not Status.NOT_ASSESSED or validation.waits_for(verdict.criterion)
        if verdict.status in statuses and told:
            return f"{verdict.criterion} is {verdict.status}: {_detail(produced, verdict)}"
    return "nothing was judged"


def _detail(produced: Produced, verdict: Verdict) -> str:
    """Of what is counted, the first thing that was found says more than the count."""
    if verdict.metric not in (STAGING, DIGESTS):
        return verdict.reason
    told = (
        each.about.message
        for each in produced.results.observations
        if isinstance(each.about, Finding) and each.about.metric == verdict.metric
    )
    return next(told, verdict.reason)


def _record(loaded: LoadedConfig, environment: str | None) -> int:
    work = recording_work(loaded, _drawing(loaded), say=click.echo)
    produced = _produce(loaded, "staging", work, environment=environment)
    click.echo(f"staging's answers are remembered in run {produced.run}")
    return ExitCode.OK


def _show(produced: Produced) -> None:
    if produced.verdicts:
        click.echo(results_table(produced.results, verdicts=produced.verdicts, **screen()))
    if produced.conclusion is not None:
        click.echo(f"sealed: {produced.conclusion.place}")


def _drawing(loaded: LoadedConfig) -> Plan:
    """The plan that draws the sample: the same for staging and production, whatever the policy."""
    return plan_for(loaded, Overrides(), ())


def _at(loaded: LoadedConfig, url: str | None) -> LoadedConfig:
    if url is None:
        return loaded
    asked = {**loaded.config.production.model_dump(exclude_unset=True), "base_url": url}
    table = validate(ProductionTable, asked, file="--url", error=UsageError)
    return replace(loaded, config=loaded.config.model_copy(update={"production": table}))


def _by(loaded: LoadedConfig, policy: str | None) -> LoadedConfig:
    """The limits are of the same policy as the decision on staging."""
    if policy is None:
        return loaded
    named = policy if policy in BUILT_IN else str(Path(policy).resolve())
    gate = loaded.config.gate.model_copy(update={"policy": named})
    return replace(loaded, config=loaded.config.model_copy(update={"gate": gate}))
