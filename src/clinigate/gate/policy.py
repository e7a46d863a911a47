"""A gate policy: what one environment demands before a build may enter it."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType

from clinigate.controls import Control
from clinigate.core.canonical import canonical_bytes, sha256_hex
from clinigate.core.codec import to_plain
from clinigate.core.criterion import Criterion
from clinigate.core.measurement import Scope
from clinigate.errors import PolicyError, UsageError
from clinigate.gate.record_terms import MAX_WAIVER_DAYS, Meaning

__all__ = [
    "BUILT_IN",
    "ENVIRONMENTS",
    "MACHINE",
    "Demand",
    "Demanded",
    "Policy",
    "SignOffDemand",
    "load_policy",
    "nearest",
]

#: The policies that Clinigate ships, by name.
BUILT_IN = ("default", "demo", "demo-all-stages", "demo-resilience", "fork", "pr")
ENVIRONMENTS = ("development", "staging", "production")
#: Role of keys that state what a tool observed; no person signs with one.
MACHINE = "machine"

_EMPTY: Mapping[str, str] = MappingProxyType({})
_NO_LIMITS: Mapping[str, float] = MappingProxyType({})


class Demand(StrEnum):
    """What a policy asks of a criterion.

    `REQUIRED`: only PASS opens. `NO_FAIL`: FAIL and ERROR shut, the rest is reported. `REPORT`: a
    listed gap; it never shuts and never counts as satisfied.
    """

    REQUIRED = "required"
    NO_FAIL = "no-fail"
    REPORT = "report"


@dataclass(frozen=True, slots=True)
class Demanded:
    """One criterion as a policy names it; what is left out stays as the criterion has it.

    Attributes:
        id: the criterion. demand: what is asked of it.
        limit, confidence, min_n: this policy's own.
        scope: the claim that is meant, for the reader; another one than the criterion's is refused.
    """

    id: str
    demand: Demand
    limit: float | None = None
    confidence: float | None = None
    min_n: int | None = None
    scope: Scope | None = None


@dataclass(frozen=True, slots=True)
class SignOffDemand:
    """A signature that a run needs, by 21 CFR 11.50: its meaning, and the role of who gives it."""

    meaning: Meaning
    role: str


@dataclass(frozen=True, slots=True)
class Policy:
    """What one environment demands.

    Attributes:
        name: of the policy. source: the file that it came from, for messages.
        environment: where the build wants to go.
        certifies: whether the open gate means that the build was fully evaluated. No sample, as
            the profile for pull requests draws, opens such a gate.
        demands: the criteria, at least one of them or of `controls` required.
        controls: clauses of which evidence is required.
        minimum_coverage: share of the required criteria that must have been assessed; waivers
            cannot replace looking.
        max_age_days: age beyond which evidence is stale.
        require_signed: whether each bundle needs `signer_threshold` distinct signatures by keys of
            `signer_roles`.
        record_roles: roles whose keys may accept a risk or attest; none accept no record.
        max_waiver_days: for how long a risk may be accepted, in days.
        sign_offs: signatures that each bundle needs, each of another person.
        bundles: names of the bundles (jobs, producers) without which the evidence is not whole.
        subject_digests: what must have been evaluated, as `{"image": "sha256:…"}`.
        tightened_limits: limits that the command line set.
        unnamed: what is asked of a criterion that a run brought and the policy does not name: by
            default that it is not proven wrong.
    """

    name: str
    source: str
    environment: str
    certifies: bool
    demands: tuple[Demanded, ...]
    controls: tuple[Control, ...] = ()
    minimum_coverage: float = 1.0
    max_age_days: float = 30.0
    require_signed: bool = True
    signer_roles: tuple[str, ...] = ("machine",)
    signer_threshold: int = 1
    record_roles: tuple[str, ...] = ()
    max_waiver_days: int = MAX_WAIVER_DAYS
    sign_offs: tuple[SignOffDemand, ...] = ()
    bundles: tuple[str, ...] = ()
    subject_digests: Mapping[str, str] = field(default_factory=lambda: _EMPTY)
    tightened_limits: Mapping[str, float] = field(default_factory=lambda: _NO_LIMITS)
    unnamed: Demand = Demand.NO_FAIL

    def __post_init__(self) -> None:
        required = [each for each in self.demands if each.demand is Demand.REQUIRED]
        if not required and not self.controls:
            raise PolicyError(
                f"{self.source}: environments.{self.environment} requires nothing; "
                "name at least one criterion with demand = 'required', or a control"
            )

    @property
    def digest(self) -> str:
        """`sha256:…` over everything that decides, the command line's part included."""
        plain = to_plain(self)
        del plain["source"]
        # What younger policies may ask, left out where this one does not.
        if self.max_waiver_days == MAX_WAIVER_DAYS:
            del plain["max_waiver_days"]
        if not self.sign_offs:
            del plain["sign_offs"]
        return f"sha256:{sha256_hex(canonical_bytes(plain))}"

    def demand_of(self, criterion_id: str) -> Demand | None:
        """Return what is asked of a criterion, None when the policy does not name it."""
        return next((each.demand for each in self.demands if each.id == criterion_id), None)

    def criteria(
        self,
        base: Sequence[Criterion],
        *,
        elsewhere: Callable[[str], bool] = lambda _id: False,
    ) -> tuple[Criterion, ...]:
        """Return the demanded criteria at this policy's limits, in the order of `base`.

        Args:
            base: the criteria that are known here.
            elsewhere: whether a demanded criterion that is not in `base` is another producer's;
                such a one is left to the gate, which refuses what nobody knows.

        Raises:
            PolicyError: a demanded criterion does not exist, or does not take what the policy sets.
            UsageError: the command line's limit is looser than the policy's.
        """
        known = {criterion.id: criterion for criterion in base}
        for demanded in self.demands:
            if demanded.id not in known and not elsewhere(demanded.id):
                hint = nearest(demanded.id, known)
                raise PolicyError(f"{self._place(demanded)}: no criterion has this id; {hint}")
        demands = {demanded.id: demanded for demanded in self.demands}
        return tuple(
            self._at_limits(criterion, demands[criterion.id])
            for criterion in base
            if criterion.id in demands
        )

    def tightened(
        self, limits: Mapping[str, float], *, subject_digests: Mapping[str, str] = _EMPTY
    ) -> Policy:
        """Return this policy as an option of the command line tightens it.

        Args:
            limits: by id of criterion. One that the policy does not name becomes required: who
                sets its limit wants it kept.
            subject_digests: further digests that must have been evaluated.

        Raises:
            UsageError: a digest contradicts the policy's. A looser limit is refused by `criteria`,
                which knows the limit that stands.
        """
        for name, digest in subject_digests.items():
            stands = self.subject_digests.get(name, digest)
            if stands != digest:
                raise UsageError(
                    f"subject {name}: {digest} was asked for, and {self.source} expects {stands}"
                )
        named = {demanded.id for demanded in self.demands}
        added = tuple(Demanded(each, Demand.REQUIRED) for each in limits if each not in named)
        return replace(
            self,
            demands=self.demands + added,
            subject_digests={**self.subject_digests, **subject_digests},
            tightened_limits={**self.tightened_limits, **limits},
        )

    def _at_limits(self, criterion: Criterion, demanded: Demanded) -> Criterion:
        if demanded.scope not in (None, criterion.scope):
            raise PolicyError(
                f"{self._place(demanded)}.scope: got {demanded.scope}, "
                f"{criterion.id} speaks of the scope {criterion.scope}"
            )
        own = {
            name: value
            for name in ("limit", "confidence", "min_n")
            if (value := getattr(demanded, name)) is not None
        }
        try:
            at_policy = replace(criterion, **own)
        except UsageError as error:
            raise PolicyError(f"{self._place(demanded)}: {error}") from error
        return at_policy.tightened(limit=self.tightened_limits.get(criterion.id))

    def _place(self, demanded: Demanded) -> str:
        return f"{self.source}: environments.{self.environment}, criterion {demanded.id!r}"


def load_policy(path_or_builtin: str, environment: str) -> Policy:
    """Read a policy for one environment.

    Args:
        path_or_builtin: one of `BUILT_IN`, or the path of a TOML file.
        environment: `development`, `staging` or `production`.

    Raises:
        PolicyError: no such policy or environment, or a file that is wrong; file and field are
            named.
    """
    # pydantic takes longer to start than all the rest of the gate: it loads where a file is read.
    from clinigate.gate.policy_file import read_policy

    return read_policy(path_or_builtin, environment)


def nearest(name: str, known: Iterable[str]) -> str:
    """Return a hint for a name that is not known."""
    choices = list(known)
    near = difflib.get_close_matches(name, choices, n=1)
    return f"did you mean {near[0]!r}?" if near else f"known are {', '.join(choices)}"
