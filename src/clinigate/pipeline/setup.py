"""From configuration and options to all that one evaluation needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from clinigate.clinical.criteria import CRITERIA
from clinigate.config.loader import LoadedConfig
from clinigate.core.case import Split
from clinigate.core.criterion import Criterion
from clinigate.core.plan import Plan, Profile
from clinigate.core.results import Subject
from clinigate.errors import ConfigError, UsageError
from clinigate.gate.policy import Policy, load_policy, nearest

__all__ = [
    "PRODUCERS",
    "Overrides",
    "Setup",
    "confidence_for",
    "is_of_producer",
    "plan_for",
    "policy_source",
    "prepare",
    "prepare_producer",
    "share_of",
    "subject_of",
]


#: First part of the criteria's ids of each producer beside the clinical checks.
PRODUCERS = (
    "chaos",
    "load",
    "bench",
    "security",
    "platform",
    "phi",
    "hipaa",
    "quality",
    "production",
    "delivery",
    "model",
)


@dataclass(frozen=True, slots=True)
class Overrides:
    """What options on a command line add to the configuration.

    Attributes:
        limits: criterion id to a limit that is stricter than the policy's.
        confidence: one-sided confidence above the policy's.
        seed, profile, only_cases: as in `Plan`; None leaves the configuration's.
        safety_critical: stop at the first zero-tolerance violation, and let the worst of three
            answers count.
        environment: the policy's environment to judge for.
        sample, stop_early, reply_cache: as in `Plan`.
    """

    limits: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    confidence: float | None = None
    seed: int | None = None
    profile: Profile | None = None
    only_cases: frozenset[str] = frozenset()
    safety_critical: bool = False
    environment: str | None = None
    sample: float = 1.0
    stop_early: bool = False
    reply_cache: bool = False


@dataclass(frozen=True, slots=True)
class Setup:
    """One evaluation, decided in every respect before the target is asked anything."""

    config: LoadedConfig
    subject: Subject
    plan: Plan
    policy: Policy
    criteria: tuple[Criterion, ...]


def prepare(config: LoadedConfig, overrides: Overrides | None = None) -> Setup:
    """Combine configuration, policy and options.

    Raises:
        ConfigError: the configuration is wrong.
        PolicyError: the policy is missing or wrong.
        UsageError: an option is looser than the policy.
    """
    given = overrides or Overrides()
    policy = _policy(config, given).tightened(given.limits)
    criteria = tuple(
        criterion.tightened(confidence=given.confidence)
        for criterion in policy.criteria(CRITERIA, elsewhere=is_of_producer)
    )
    return Setup(config, subject_of(config), plan_for(config, given, criteria), policy, criteria)


def prepare_producer(
    config: LoadedConfig, criteria: Sequence[Criterion], *, environment: str | None = None
) -> Setup:
    """Combine configuration and policy for a producer that brings its own criteria.

    What the policy names of them stands at the policy's limits, the rest as the producer has it.
    A producer looks at all that it was asked to: its plan is no sample.

    Raises:
        ConfigError, PolicyError: the configuration or the policy is wrong.
    """
    given = Overrides(environment=environment)
    policy = _policy(config, given)
    demanded = {each.id: each for each in policy.criteria(criteria, elsewhere=lambda _id: True)}
    at_policy = tuple(demanded.get(each.id, each) for each in criteria)
    plan = replace(plan_for(config, given, at_policy), packs=MappingProxyType({}), split=None)
    return Setup(config, subject_of(config), plan, policy, at_policy)


def confidence_for(config: LoadedConfig, *, environment: str | None = None) -> float:
    """Return the confidence of a producer's bounds: the highest that run and policy ask for.

    Raises:
        ConfigError, PolicyError: the configuration or the policy is wrong.
    """
    policy = _policy(config, Overrides(environment=environment))
    asked = (each.confidence for each in policy.demands if each.confidence is not None)
    return max(config.config.run.confidence, *asked, 0.0)


def is_of_producer(criterion_id: str) -> bool:
    """Whether a criterion belongs to a producer beside the clinical checks; the gate knows all."""
    return criterion_id.partition(".")[0] in PRODUCERS


def _policy(config: LoadedConfig, given: Overrides) -> Policy:
    environment = given.environment or config.config.gate.environment
    return load_policy(policy_source(config), environment)


def plan_for(config: LoadedConfig, overrides: Overrides, criteria: tuple[Criterion, ...]) -> Plan:
    """Return the plan; its intervals carry the highest confidence that a criterion asks for."""
    run, packs = config.config.run, config.config.packs
    exposed = config.config.subject.exposed_to
    asked = max((criterion.confidence for criterion in criteria), default=run.confidence)
    plan = Plan(
        seed=run.seed if overrides.seed is None else overrides.seed,
        confidence=max(run.confidence, asked),
        concurrency=run.concurrency,
        timeout_s=run.timeout_s,
        repeats=run.repeats,
        packs=MappingProxyType(
            {
                kind: tuple(_pack_source(config, name) for name in names)
                for kind, names in packs.model_dump(exclude={"reviews"}).items()
                if names
            }
        ),
        reviews=_reviews(config),
        split=None if run.split is None else Split(run.split),
        exposed_to=None if exposed is None else tuple(exposed),
        only_cases=overrides.only_cases,
        profile=overrides.profile or Profile.FULL,
        sample=overrides.sample,
        stop_early=overrides.stop_early,
        reply_cache=overrides.reply_cache,
    )
    if overrides.safety_critical:
        return replace(plan, fail_fast=True, repeats=max(plan.repeats, SAFETY_REPEATS))
    return plan


def share_of(text: str) -> float:
    """Return the share that `10%` or `0.1` means.

    Raises:
        UsageError: it is none above 0 and at most 1.
    """
    number = text.strip()
    try:
        share = float(number.removesuffix("%")) / (100 if number.endswith("%") else 1)
    except ValueError:
        share = 0.0
    if not 0 < share <= 1:
        raise UsageError(f"--sample is {text!r}; wanted a share of the cases, as 10% or 0.1")
    return share


#: Answers of one system to one case differ; under `--safety-critical` the worst of these counts.
SAFETY_REPEATS = 3


def subject_of(config: LoadedConfig) -> Subject:
    """Return the system under test as the configuration names it."""
    table = config.config.subject
    return Subject(table.name, table.version, MappingProxyType(table.digests), table.intended_use)


def _pack_source(config: LoadedConfig, name: str) -> str:
    """A path is read against the configuration's folder; a bare word names a built-in pack."""
    path = config.base_dir / name
    if "/" not in name and not name.endswith((".yaml", ".yml")) and not path.is_dir():
        from clinigate.scenarios import builtin_packs

        known = builtin_packs()
        if name not in known:
            raise ConfigError(
                f"{config.source}: [packs] names {name!r}, which is neither a built-in pack nor a "
                f"folder or a path that ends in .yaml; {nearest(name, known)}"
            )
        return name
    if not path.exists():
        raise ConfigError(f"{config.source}: [packs] names {name}, which is no file and no folder")
    return str(path)


def _reviews(config: LoadedConfig) -> str | None:
    name = config.config.packs.reviews
    if name is None:
        return None
    path = config.base_dir / name
    if not path.is_dir():
        raise ConfigError(f"{config.source}: [packs] reviews names {name}, which is no folder")
    return str(path)


def policy_source(config: LoadedConfig) -> str:
    """Return the configured policy: a built-in one's name, or a file's path."""
    name = config.config.gate.policy
    return str(config.base_dir / name) if name.endswith(".toml") else name
