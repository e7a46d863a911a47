"""The rails: what must hold before anything is broken. They fail closed.

They are asked in order, and the first refusal ends it, because the later ones look at a system that
the earlier ones may not allow to be looked at. Each answer is kept: passed, refused with the
reason, or not reached. Whatever goes wrong while a rail is asked is a refusal.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from importlib import import_module
from pathlib import Path

from clinigate.chaos import targets
from clinigate.chaos.approval import ApprovalDocument, who_approved
from clinigate.chaos.drivers.base import Driver, Environment, NotAvailableError, Victim
from clinigate.chaos.model import Experiment, Window
from clinigate.chaos.policy import AllowedEnvironment, ChaosPolicy
from clinigate.chaos.slo import BUDGET_SLO, SLOS
from clinigate.evidence.times import timestamp

__all__ = [
    "RAILS",
    "RailCheck",
    "RailOutcome",
    "RailRequest",
    "RailsReport",
    "RefusedError",
    "check_rails",
    "looks_like_production",
]

_PRODUCTION_WORDS = ("prod", "prd", "live")


class RefusedError(Exception):
    """A rail's answer is no; the text says why."""


class RailOutcome(StrEnum):
    """How a rail answered."""

    PASSED = "passed"
    REFUSED = "refused"
    NOT_REACHED = "not reached"


@dataclass(frozen=True, slots=True)
class RailCheck:
    """One rail's answer, with what it saw."""

    rail: str
    outcome: RailOutcome
    detail: str


@dataclass(frozen=True, slots=True)
class RailRequest:
    """What is asked for.

    Attributes:
        experiment, policy: what is to run, and what the team allows.
        environment: the name that the user gave.
        driver_name, driver: the name and the connected driver; connecting it touches nothing.
        now: an aware time in UTC.
        scheduled: nobody is watching; production is refused then, whatever is approved.
        approval: file of two people's approval, for production.
        leftovers: what an earlier injection left behind and could not be undone; None if nothing.
        take_flight: takes the lock of the one experiment at a time; says who has it, None if we.
        spent_s: seconds of the 30-day error budget of this environment that are gone already.
    """

    experiment: Experiment
    policy: ChaosPolicy
    environment: str
    driver_name: str
    driver: Driver
    now: datetime
    take_flight: Callable[[], str | None]
    scheduled: bool = False
    approval: Path | None = None
    leftovers: str | None = None
    spent_s: Callable[[Environment], float] = lambda _: 0.0


@dataclass(slots=True)
class _Seen:
    """What earlier rails found out, for the later ones."""

    allowed: AllowedEnvironment | None = None
    environment: Environment | None = None
    victims: tuple[Victim, ...] = ()
    groups: Mapping[str, tuple[Victim, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RailsReport:
    """Every rail's answer, and what is frozen where all passed.

    Attributes:
        checks: one for each rail, in order.
        environment, victims: as they were found; of no use where a rail refused.
    """

    checks: tuple[RailCheck, ...]
    environment: Environment | None
    victims: tuple[Victim, ...]

    @property
    def refusal(self) -> RailCheck | None:
        """The rail that refused, None where every one passed."""
        return next((c for c in self.checks if c.outcome is RailOutcome.REFUSED), None)

    @property
    def passed(self) -> bool:
        """Whether every rail was asked and passed."""
        return bool(self.checks) and all(c.outcome is RailOutcome.PASSED for c in self.checks)


def check_rails(request: RailRequest, *, skip: frozenset[str] = frozenset()) -> RailsReport:
    """Ask every rail in order.

    Args:
        request: what is asked for.
        skip: rails that a plan, which injects nothing, may leave out (`single-flight`).
    """
    seen = _Seen()
    checks: list[RailCheck] = []
    refused = False
    for name, rail in RAILS.items():
        if name in skip:
            continue
        if refused:
            checks.append(RailCheck(name, RailOutcome.NOT_REACHED, "an earlier rail refused"))
            continue
        check = _ask(name, rail, request, seen)
        refused = check.outcome is not RailOutcome.PASSED
        checks.append(check)
    return RailsReport(tuple(checks), seen.environment, seen.victims)


def looks_like_production(name: str) -> bool:
    """Whether an environment's name says production, whatever its configuration says."""
    words = name.lower().replace("_", "-").split("-")
    return any(word.startswith(_PRODUCTION_WORDS) for word in words)


def _ask(
    name: str, rail: Callable[[RailRequest, _Seen], str], request: RailRequest, seen: _Seen
) -> RailCheck:
    try:
        return RailCheck(name, RailOutcome.PASSED, rail(request, seen))
    except (RefusedError, NotAvailableError) as refusal:
        return RailCheck(name, RailOutcome.REFUSED, str(refusal))
    except Exception as error:  # noqa: BLE001 - drivers are asked here; what breaks a rail is a refusal
        reason = f"could not be checked ({type(error).__name__}: {error})"
        return RailCheck(name, RailOutcome.REFUSED, reason)


def _kill_file(request: RailRequest, _: _Seen) -> str:
    own = request.experiment.safety.kill_file
    for path in (request.policy.kill_file, *([Path(own)] if own else [])):
        if path.exists():
            raise RefusedError(f"the kill file {path} is there; remove it when it is safe again")
    return "no kill file"


def _leftovers(request: RailRequest, _: _Seen) -> str:
    if request.leftovers is not None:
        raise RefusedError(f"an earlier fault is not undone: {request.leftovers}")
    return "nothing is left behind"


def _single_flight(request: RailRequest, _: _Seen) -> str:
    holder = request.take_flight()
    if holder is not None:
        raise RefusedError(f"another experiment is running ({holder}); one at a time")
    return "the only one"


def _environment(request: RailRequest, seen: _Seen) -> str:
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


def _production(request: RailRequest, seen: _Seen) -> str:
    if not _is_production(request, seen):
        return "not production"
    if request.scheduled:
        raise RefusedError("scheduled runs never touch production, approved or not")
    if request.approval is None:
        raise RefusedError(
            "production needs an approval signed by two people; see `clinigate chaos approve`"
        )
    return "production, with an approval to verify"


def _selector(request: RailRequest, _: _Seen) -> str:
    selector = request.experiment.fault.target.selector
    if not selector or not all(key.strip() and value.strip() for key, value in selector.items()):
        raise RefusedError("the selector is empty; name at least one label with its value")
    return ", ".join(f"{key}={value}" for key, value in sorted(selector.items()))


def _targets(request: RailRequest, seen: _Seen) -> str:
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


def _cap(request: RailRequest, seen: _Seen) -> str:
    spec, policy = request.experiment.fault.target, request.policy
    # An all-kill that says so is meant to take everyone; in production the team's caps stand.
    if spec.all_kill and not _is_production(request, seen):
        most, share = spec.max_count, spec.max_share
    else:
        most, share = min(spec.max_count, policy.max_targets), min(spec.max_share, policy.max_share)
    problem = targets.over_cap(seen.victims, seen.groups, most=most, share=share)
    if problem:
        raise RefusedError(problem)
    return f"{len(seen.victims)} of at most {most}, at most {share:.0%} of a group"


def _survivors(request: RailRequest, seen: _Seen) -> str:
    spec = request.experiment.fault.target
    least = spec.min_survivors if spec.all_kill else max(1, spec.min_survivors)
    problem = targets.too_few_survivors(seen.victims, seen.groups, least)
    if problem:
        raise RefusedError(problem)
    return f"all may be hit: {spec.all_kill}" if spec.all_kill else f"at least {least} left"


def _undo(request: RailRequest, seen: _Seen) -> str:
    steps = request.driver.undo_steps(request.experiment.fault, seen.victims)
    if not steps:
        raise RefusedError("the driver names no undo step; what cannot be undone is not done")
    for name in (name for step in steps for name in (step.action, step.verify)):
        module, _, function = name.partition(":")
        if not callable(getattr(import_module(module), function, None)):
            raise RefusedError(f"undo step {name!r} is no function that a new process could call")
    return "; ".join(step.title or step.action for step in steps)


def _approval(request: RailRequest, seen: _Seen) -> str:
    if not _is_production(request, seen):
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


def _window(request: RailRequest, _: _Seen) -> str:
    window = request.experiment.safety.window
    if window is None:
        return "any time"
    if not _inside(window, request.now):
        raise RefusedError(f"it is {request.now:%a %H:%M} UTC, outside of {window.source}")
    return window.source


def _blackout(request: RailRequest, _: _Seen) -> str:
    for span in request.policy.blackouts:
        if span.holds(request.now):
            raise RefusedError(f"it is {request.now:%a %H:%M} UTC, in the blackout {span.source}")
    for own in request.experiment.safety.blackout:
        if own.start <= request.now < own.end:
            raise RefusedError(f"blackout until {own.end:%Y-%m-%d %H:%M} UTC: {own.reason}")
    return "no blackout"


def _budget(request: RailRequest, seen: _Seen) -> str:
    experiment, budget = request.experiment, SLOS[BUDGET_SLO].budget_s
    if budget is None or seen.environment is None:
        raise RefusedError("no error budget is known")
    if seen.environment.fingerprint.startswith("local") and not _is_production(request, seen):
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


def _is_production(request: RailRequest, seen: _Seen) -> bool:
    return (
        seen.allowed is None
        or seen.environment is None
        or seen.allowed.production
        or seen.environment.production
        or looks_like_production(request.environment)
        or looks_like_production(seen.environment.name)
    )


def _inside(window: Window, now: datetime) -> bool:
    minute = now.hour * 60 + now.minute
    today, yesterday = now.isoweekday(), (now.isoweekday() - 2) % 7 + 1
    if window.start_min < window.end_min:
        return today in window.days and window.start_min <= minute < window.end_min
    late = today in window.days and minute >= window.start_min
    return late or (yesterday in window.days and minute < window.end_min)


#: Every rail by its name in evidence, in the order in which they are asked. The steady state is the
#: last one: the runner watches it with its prober.
RAILS: Mapping[str, Callable[[RailRequest, _Seen], str]] = {
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
