"""Each rail as a function: what it saw where it passes, `RefusedError` where it does not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from importlib import import_module

from clinigate.chaos import targets
from clinigate.chaos.approval import ApprovalDocument, who_approved
from clinigate.chaos.model import Experiment, Window
from clinigate.chaos.rail_request import RailRequest, RefusedError, Seen, is_production
from clinigate.chaos.slo import BUDGET_SLO, SLOS
from clinigate.evidence.times import timestamp

__all__ = ["RAILS", "worst_cost_s"]


def _kill_file(request: RailRequest, _: Seen) -> str:
    for path in request.policy.kill_files(request.experiment.safety.kill_file):
        if path.exists():
            raise RefusedError(f"the kill file {path} is there; remove it when it is safe again")
    return "no kill file"


def _leftovers(request: RailRequest, _: Seen) -> str:
    if request.leftovers is not None:
        raise RefusedError(f"an earlier fault is not undone: {request.leftovers}")
    return "nothing is left behind"


def _single_flight(request: RailRequest, _: Seen) -> str:
    holder = request.take_flight()
    if holder is not None:
        raise RefusedError(f"another experiment is running ({holder}); one at a time")
    return "the only one"


def _environment(request: RailRequest, seen: Seen) -> str:
    name, experiment = request.environment, request.experiment
    allowed = request.policy.environments.get(name)
    if allowed is None:
        known = ", ".join(sorted(request.policy.environments)) or "none"
        raise RefusedError(
            f"environment {name!r} is not in [chaos.environments]; there are {known}"
        )
    if name not in experiment.safety.environments:
        raise RefusedError(
            f"the experiment may run in {', '.join(experiment.safety.environments)}, not in {name}"
        )
    if request.driver_name not in experiment.drivers:
        raise RefusedError(
            f"the experiment runs on {', '.join(experiment.drivers)}, not on {request.driver_name}"
        )
    found = request.driver.environment()
    if found.name not in experiment.safety.environments:
        raise RefusedError(
            f"the system says it is {found.name}, and the experiment may run in "
            f"{', '.join(experiment.safety.environments)}"
        )
    if allowed.fingerprint is None and not found.fingerprint.startswith("local"):
        raise RefusedError(
            f"environment {name!r} states no fingerprint; if {found.fingerprint} is meant, put it "
            f"into [chaos.environments.{name}]"
        )
    if allowed.fingerprint not in (None, found.fingerprint):
        raise RefusedError(
            f"environment {name!r} must be {allowed.fingerprint}, and this is {found.fingerprint}"
        )
    seen.allowed, seen.environment = allowed, found
    return f"{name} ({found.fingerprint}) on driver {request.driver_name}"


def _production(request: RailRequest, seen: Seen) -> str:
    if not is_production(request, seen):
        return "not production"
    if request.scheduled:
        raise RefusedError("scheduled runs never touch production, approved or not")
    if request.approval is None:
        raise RefusedError(
            "production needs an approval signed by two people; see `clinigate chaos approve`"
        )
    return "production, with an approval to verify"


def _selector(request: RailRequest, _: Seen) -> str:
    selector = request.experiment.fault.target.selector
    if not selector or not all(key.strip() and value.strip() for key, value in selector.items()):
        raise RefusedError("the selector is empty; name at least one label with its value")
    return ", ".join(f"{key}={value}" for key, value in sorted(selector.items()))


def _targets(request: RailRequest, seen: Seen) -> str:
    spec = request.experiment.fault.target
    found = request.driver.resolve(spec.selector)
    stray = [v.name for v in found if any(v.labels.get(k) != x for k, x in spec.selector.items())]
    if stray:
        raise RefusedError(f"the driver gave {stray[0]!r}, which the selector does not match")
    victims = targets.choose(spec, found)
    if not victims:
        raise RefusedError("the selector matches nothing")
    if len({victim.uid for victim in victims}) != len(victims):
        raise RefusedError("two targets have one uid, so that neither can be told apart")
    seen.victims = victims
    seen.groups = targets.group_members(request.driver, victims)
    names = ", ".join(victim.name for victim in victims)
    return f"{names} ({targets.targets_digest(victims)})"


def _cap(request: RailRequest, seen: Seen) -> str:
    spec, policy = request.experiment.fault.target, request.policy
    # An all-kill that says so is meant to take everyone; in production the team's caps stand.
    if spec.all_kill and not is_production(request, seen):
        most, share = spec.max_count, spec.max_share
    else:
        most, share = min(spec.max_count, policy.max_targets), min(spec.max_share, policy.max_share)
    problem = targets.over_cap(seen.victims, seen.groups, most=most, share=share)
    if problem:
        raise RefusedError(problem)
    return f"{len(seen.victims)} of at most {most}, at most {share:.0%} of a group"


def _survivors(request: RailRequest, seen: Seen) -> str:
    spec = request.experiment.fault.target
    least = spec.min_survivors if spec.all_kill else max(1, spec.min_survivors)
    problem = targets.too_few_survivors(seen.victims, seen.groups, least)
    if problem:
        raise RefusedError(problem)
    return f"all may be hit: {spec.all_kill}" if spec.all_kill else f"at least {least} left"


def _undo(request: RailRequest, seen: Seen) -> str:
    steps = request.driver.undo_steps(request.experiment.fault, seen.victims)
    if not steps:
        raise RefusedError("the driver names no undo step; what cannot be undone is not done")
    for name in (name for step in steps for name in (step.action, step.verify)):
        module, _, function = name.partition(":")
        if not callable(getattr(import_module(module), function, None)):
            raise RefusedError(f"undo step {name!r} is no function that a new process could call")
    return "; ".join(step.title or step.action for step in steps)


def _approval(request: RailRequest, seen: Seen) -> str:
    if not is_production(request, seen):
        return "not needed"
    if request.approval is None or seen.environment is None:
        raise RefusedError("no approval")
    wanted = ApprovalDocument(
        experiment=request.experiment.name,
        experiment_digest=targets.experiment_digest(request.experiment),
        environment=request.environment,
        fingerprint=seen.environment.fingerprint,
        targets_digest=targets.targets_digest(seen.victims),
        requester="-",
        reason="-",
        issued=timestamp(request.now),
        expires=timestamp(request.now + timedelta(hours=1)),
    )
    names = who_approved(request.approval, request.policy.approvers, wanted, request.now)
    return f"approved by {' and '.join(names)}"


def _window(request: RailRequest, _: Seen) -> str:
    window = request.experiment.safety.window
    if window is None:
        return "any time"
    if not _inside(window, request.now):
        raise RefusedError(f"it is {request.now:%a %H:%M} UTC, outside of {window.source}")
    return window.source


def _blackout(request: RailRequest, _: Seen) -> str:
    for span in request.policy.blackouts:
        if span.holds(request.now):
            raise RefusedError(f"it is {request.now:%a %H:%M} UTC, in the blackout {span.source}")
    for own in request.experiment.safety.blackout:
        if own.start <= request.now < own.end:
            raise RefusedError(f"blackout until {own.end:%Y-%m-%d %H:%M} UTC: {own.reason}")
    return "no blackout"


def _budget(request: RailRequest, seen: Seen) -> str:
    experiment, budget = request.experiment, SLOS[BUDGET_SLO].budget_s
    if budget is None or seen.environment is None:
        raise RefusedError("no error budget is known")
    if seen.environment.fingerprint.startswith("local") and not is_production(request, seen):
        return "nobody's: processes of this machine"
    cost = worst_cost_s(experiment)
    share = 100 * cost / budget
    if share > experiment.safety.max_budget_pct:
        raise RefusedError(
            f"it may cost {cost:g} s of outage, {share:.3g}% of 30 days' error budget, and "
            f"maxBudgetPct is {experiment.safety.max_budget_pct:g}"
        )
    spent = request.spent_s(seen.environment)
    if spent + cost > budget:
        raise RefusedError(
            f"{spent:.0f} of {budget:.0f} s of error budget are spent; {cost:g} s are not left"
        )
    return f"at worst {cost:g} s ({share:.3g}%), {budget - spent:.0f} s left"


def worst_cost_s(experiment: Experiment) -> float:
    """Seconds of outage that an experiment may cost by its own objectives, in each repetition."""
    objectives = experiment.objectives
    once = objectives.rto_s
    if once is None:
        once = experiment.fault.duration_s + experiment.undo.within_s
    return once * experiment.repeat


def _inside(window: Window, now: datetime) -> bool:
    minute = now.hour * 60 + now.minute
    today, yesterday = now.isoweekday(), (now.isoweekday() - 2) % 7 + 1
    if window.start_min < window.end_min:
        return today in window.days and window.start_min <= minute < window.end_min
    late = today in window.days and minute >= window.start_min
    return late or (yesterday in window.days and minute < window.end_min)


#: Every rail by its name in evidence, in the order in which they are asked. The steady state is the
#: last one: the runner watches it with its prober.
RAILS: Mapping[str, Callable[[RailRequest, Seen], str]] = {
    "kill-file": _kill_file,
    "single-flight": _single_flight,
    "leftovers": _leftovers,
    "environment": _environment,
    "production": _production,
    "selector": _selector,
    "targets": _targets,
    "cap": _cap,
    "survivors": _survivors,
    "undo": _undo,
    "approval": _approval,
    "window": _window,
    "blackout": _blackout,
    "budget": _budget,
}
