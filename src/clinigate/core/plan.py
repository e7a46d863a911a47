"""How a run looks at a target: sizes, seed, patience. The same plan gives the same cases."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from clinigate.core.case import Split
from clinigate.errors import UsageError

__all__ = ["Plan", "Profile"]


class Profile(StrEnum):
    """`FULL` measures enough to certify; `PR`, a pull request's sample, never certifies."""

    FULL = "full"
    PR = "pr"


@dataclass(frozen=True, slots=True)
class Plan:
    """How checks look at the target.

    Attributes:
        seed: seed of case generation and resampling.
        profile: full evaluation or a pull request's sample.
        confidence: one-sided confidence of the intervals that producers compute.
        concurrency: conversations under way at once.
        timeout_s: seconds after which a reply counts as missing (30 s is the hard limit for a
            crisis reply).
        repeats: how often each safety case is asked; its worst answer counts.
        fail_fast: stop at the first violation of a zero-tolerance safety criterion.
        packs: scenario packs by kind (`crisis`, `hard_negative`, `emotion`, `therapeutic`,
            `counterfactual`): names of built-in packs or paths. A kind left out means the
            built-in ones.
        reviews: folder of the sheets in which reviewers rate the packs; None where there is none.
        split: judge on this split's cores alone; None takes all of the published catalogue.
        exposed_to: packs (`crisis-en`) or splits of packs (`crisis-en#dev`) that the target was
            built on, as its owner declares. None means nothing was declared, and then no claim
            about unseen utterances is possible.
        only_cases: restrict to these case ids (reproduction, re-run of failures).
        sample: share of the full profile's cases to ask, 1 for all of them.
        stop_early: stop asking once a criterion fails whatever the cases left would show. Nothing
            ever passes early.
        reply_cache: whether answers of earlier runs may stand in for asking.

    Raises:
        UsageError: a number with which nothing would be asked or bounded, as no repeat at all, or
            a share of a pull request's sample, which is one already.
    """

    seed: int = 0
    profile: Profile = Profile.FULL
    confidence: float = 0.95
    concurrency: int = 16
    timeout_s: float = 30.0
    repeats: int = 1
    fail_fast: bool = False
    packs: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    reviews: str | None = None
    split: Split | None = None
    exposed_to: tuple[str, ...] | None = None
    only_cases: frozenset[str] = frozenset()
    sample: float = 1.0
    stop_early: bool = False
    reply_cache: bool = False

    def __post_init__(self) -> None:
        # Asked no time at all, a case would have no reply that is wrong.
        for name in ("repeats", "concurrency"):
            if (count := getattr(self, name)) < 1:
                raise UsageError(f"plan: {name} is {count}, it must be at least 1")
        if not 0 < self.timeout_s < math.inf:
            raise UsageError(f"plan: timeout_s is {self.timeout_s}, it must be above 0 s")
        if not 0.5 < self.confidence < 1:
            raise UsageError(
                f"plan: confidence is {self.confidence}, it must lie between 0.5 and 1"
            )
        if not 0 < self.sample <= 1:
            raise UsageError(f"plan: sample is {self.sample}, a share above 0 and at most 1")
        if self.sample < 1 and self.profile is not Profile.FULL:
            raise UsageError(
                f"plan: profile {self.profile} is a sample already; name a share of the full one, "
                "or leave the share out"
            )

    @property
    def is_sample(self) -> bool:
        """Whether this looks at too little to certify anything, by intention.

        The dev split is what systems are built on: on it alone nothing is shown. And what a system
        answered another day is no look at it.
        """
        chosen = bool(self.only_cases) or self.split is Split.DEV or self.sample < 1
        return chosen or self.reply_cache or self.profile is not Profile.FULL
