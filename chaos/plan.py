"""What a run would do, and whether the rails would let it: nothing is touched."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from clinigate.chaos.approval import ApprovalDocument
from clinigate.chaos.criteria import experiment_criteria
from clinigate.chaos.drivers.base import UndoStep
from clinigate.chaos.drivers.registry import connect
from clinigate.chaos.model import Experiment
from clinigate.chaos.rails import RailsReport, check_rails
from clinigate.chaos.runner import RunRequest, rail_request
from clinigate.chaos.slo import SLOS
from clinigate.chaos.targets import experiment_digest, targets_digest
from clinigate.chaos.undo.recover import open_ledgers
from clinigate.errors import UsageError

__all__ = ["Plan", "approval_request", "make_plan", "plan_lines"]

#: What is asked when it is time to run, and would only be in the way of a plan.
_LATER = frozenset({"single-flight"})
#: What an approval is asked for in spite of.
_FOR_PEOPLE = frozenset({"production", "approval"})
#: What may still change until the run: a later hour, a new period.
_PASSING = frozenset({"window", "blackout", "budget"})


@dataclass(frozen=True, slots=True)
class Plan:
    """One experiment on what its selector resolves to now.

    Attributes:
        experiment: what is planned.
        rails: every rail's answer at this moment.
        undo: how the fault would be taken back; empty where a rail refused before.
        shortages: why an SLO could not be decided by so few requests.
    """

    experiment: Experiment
    rails: RailsReport
    undo: tuple[UndoStep, ...]
    shortages: tuple[str, ...]


def make_plan(request: RunRequest, *, for_approval: bool = False) -> Plan:
    """Plan a run; with `for_approval`, leave out the rails that an approval is there to answer.

    Raises:
        UsageError: no such driver, or one that does not know the fault.
        TargetError: the system cannot be reached.
    """
    driver = connect(request.driver_name, request.options)
    left = open_ledgers(request.policy.state / "undo")
    leftovers = f"{len(left)} ledger(s); run `clinigate chaos recover`" if left else None
    skip = _LATER | _FOR_PEOPLE if for_approval else _LATER
    rails = check_rails(rail_request(request, driver, leftovers=leftovers), skip=skip)
    experiment = request.experiment
    undo = driver.undo_steps(experiment.fault, rails.victims) if rails.passed else ()
    return Plan(experiment, rails, undo, tuple(_shortages(experiment)))


def approval_request(
    plan: Plan, *, environment: str, requester: str, reason: str, issued: str, expires: str
) -> ApprovalDocument:
    """The document that two people would sign for a plan that was made `for_approval`.

    Raises:
        UsageError: a rail other than production's refuses; no approval would help.
        PolicyError: a name, reason or time is malformed.
    """
    stop = plan.rails.refusal
    if (
        (stop is not None and stop.rail not in _PASSING)
        or plan.rails.environment is None
        or not plan.rails.victims
    ):
        what = "no target was found" if stop is None else f"rail '{stop.rail}': {stop.detail}"
        raise UsageError(f"no approval can help: {what}")
    return ApprovalDocument(
        experiment=plan.experiment.name,
        experiment_digest=experiment_digest(plan.experiment),
        environment=environment,
        fingerprint=plan.rails.environment.fingerprint,
        targets_digest=targets_digest(plan.rails.victims),
        requester=requester,
        reason=reason,
        issued=issued,
        expires=expires,
    )


def plan_lines(plan: Plan) -> Iterator[str]:
    """The plan for a reader."""
    experiment, fault = plan.experiment, plan.experiment.fault
    yield f"{experiment.name}: {experiment.title} (owner {experiment.owner})"
    yield f"fault:   {fault.type} for {fault.duration_s:g} s, {experiment.repeat} time(s)"
    for victim in plan.rails.victims:
        yield f"target:  {victim.name} ({victim.id}, uid {victim.uid}, group {victim.group})"
    yield "rails:"
    for check in plan.rails.checks:
        yield f"  {check.outcome:<11}  {check.rail:<13}  {check.detail}"
    if plan.undo:
        yield f"undo, within {experiment.undo.within_s:g} s:"
        for step in reversed(plan.undo):
            yield f"  {step.title or step.action}"
    yield "judged by:"
    for criterion in experiment_criteria(experiment):
        yield f"  {criterion.id} {criterion.relation} {criterion.limit:g}"
    for shortage in plan.shortages:
        yield f"note:    {shortage}"


def _shortages(experiment: Experiment) -> Iterator[str]:
    load = experiment.load
    most = load.rate * (experiment.fault.duration_s + load.after_s) * experiment.repeat
    for name in experiment.slos:
        slo = SLOS[name]
        if slo.name != "time-to-restore" and most < slo.need_n:
            yield (
                f"{slo.name} needs {slo.need_n} requests, and at most {most:.0f} are sent; "
                "raise load.rate, load.after or repeat"
            )
