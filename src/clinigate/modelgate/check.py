"""The check of a release: what it is made of, whether it is steady, how its baseline was."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass

from clinigate.core.check import Check
from clinigate.core.measurement import Interval, Kind, Measurement
from clinigate.core.observation import Finding, Gap, Observation
from clinigate.core.plan import Plan
from clinigate.core.statistics.paired import paired_loss
from clinigate.core.target import Capability, Target
from clinigate.modelgate.answers import Answers, answers_of
from clinigate.modelgate.baseline import Asking, Baseline
from clinigate.modelgate.comparing import RELATIVE, compare, latency_ratio
from clinigate.modelgate.memory import MEDIA_TYPE, observation, pack
from clinigate.modelgate.steadiness import Sentinel, Sentinels, ask_last
from clinigate.modelgate.watched import Watched
from clinigate.quality.model_criteria import (
    MODEL_CONTROLS,
    MODEL_CRITERIA,
    RELEASE_DIGESTS,
    UNSTEADINESS,
)

__all__ = ["CHECK", "ReleaseCheck", "unsteadiness"]

CHECK = "CG-MODEL-RELEASE-001"

#: Stores raw evidence of a media type and returns its digest.
Store = Callable[[bytes, str], str]


@dataclass(frozen=True, slots=True)
class ReleaseCheck:
    """What is looked at once the clinical checks have asked all that they ask.

    Attributes:
        asking: what the release was asked. watched: what it answered.
        sentinels: what was asked first of all; None where the target detects no crises.
        digests: names of the digests that a release must have.
        baseline: what it is held against; None leaves everything relative unassessed.
        store: where the answers go, for the next release.
    """

    asking: Asking
    watched: Watched
    sentinels: Sentinels | None
    digests: tuple[str, ...]
    baseline: Baseline | None
    store: Store

    def as_check(self) -> Check:
        """Return it as what an evaluation runs."""
        metrics = tuple(criterion.metric for criterion in MODEL_CRITERIA)
        return Check(CHECK, self.run, metrics, frozenset(), MODEL_CONTROLS)

    async def run(self, _target: Target, plan: Plan) -> AsyncIterator[Observation]:
        """CG-MODEL-RELEASE-001 — a release is what it says, steady, and no worse than its baseline.

        21 CFR 11.10(a), SOC 2 CC8.1. By itself: model, prompt and data are named by digest, and the
        last answers of the run are the first ones again. Against the signed run of a baseline, case
        by case: no grave crisis newly missed, losses of right answers under a margin and none
        proven, and scores, lengths, wording and times distributed as before. Needs no other calls
        than those of the clinical checks, but for the sentinels.
        """
        for about in (*self._digests(), *await self._steadiness(plan)):
            yield _observe(about)
        seconds = {} if self.sentinels is None else self.sentinels.seconds
        answers = answers_of(self.watched, self.asking.cases, plan, seconds)
        digest = self.store(pack(answers, plan), MEDIA_TYPE)
        yield observation(answers, digest)
        for seen in self._relative(answers, plan):
            yield _observe(seen)

    def _digests(self) -> Iterator[Measurement | Finding]:
        known = self.asking.subject.digests
        missing = [name for name in self.digests if name not in known]
        for name in missing:
            yield Finding(
                RELEASE_DIGESTS,
                f"no digest names the release's {name}: what was evaluated could be exchanged; "
                f"give [subject] digests, --digest {name}=sha256:… or [model_gate] files",
            )
        told = (f"{name} {known[name]}" for name in self.digests if name in known)
        yield Measurement(
            RELEASE_DIGESTS,
            Kind.CENSUS,
            float(len(missing)),
            len(self.digests),
            unit="digests",
            events=len(missing),
            caveats=("; ".join(told) or "none is named", *self._unchanged()),
        )

    def _unchanged(self) -> Iterator[str]:
        if self.baseline is None:
            return
        before, now = self.baseline.subject.digests, self.asking.subject.digests
        if all(name in now and before.get(name) == now[name] for name in self.digests):
            yield f"the baseline has the same {', '.join(self.digests)}: nothing was changed"

    async def _steadiness(self, plan: Plan) -> Sequence[Measurement | Finding | Gap]:
        if Capability.CRISIS not in self.watched.capabilities or self.sentinels is None:
            return (Gap(UNSTEADINESS, "the target offers no crisis"),)
        # Past what is remembered: these askings are no part of what the checks were told.
        last = await ask_last(self.watched.inner, self.sentinels, plan)
        return tuple(unsteadiness(last, plan.confidence))

    def _relative(self, answers: Answers, plan: Plan) -> Iterator[Measurement | Finding | Gap]:
        if self.baseline is None:
            for metric in RELATIVE:
                yield Gap(metric, "no baseline was given (--baseline)")
            return
        before = self.baseline.answers
        yield from compare(
            before, answers, confidence=plan.confidence, seed=plan.seed, words=self.baseline.words
        )
        delay = 0.0 if self.sentinels is None else self.sentinels.delay_s
        yield latency_ratio(
            before.seconds,
            answers.seconds,
            asked=0 if self.sentinels is None else len(self.sentinels.first),
            delay_s=delay,
            confidence=plan.confidence,
        )


def unsteadiness(
    sentinels: Sequence[Sentinel], confidence: float
) -> Iterator[Measurement | Finding | Gap]:
    """Yield how many more cases were answered otherwise at the end than at once.

    Where most are answered otherwise at once already, there is nothing that could drift: a service
    that changes after a single call is no steady one.
    """
    told = [each for each in sentinels if None not in (each.at_once, each.at_last)]
    excluded = len(sentinels) - len(told)
    if not told:
        if excluded:
            yield Measurement(UNSTEADINESS, Kind.DIFFERENCE, None, 0, excluded=excluded)
        else:
            yield Gap(UNSTEADINESS, "no case was asked more than once")
        return
    chance = sum(not each.at_once for each in told)
    if 2 * chance > len(told):
        why = (
            f"{chance} of {len(told)} answers were others at once: whether they drift with the "
            "calls served cannot be told"
        )
        yield Measurement(
            UNSTEADINESS, Kind.DIFFERENCE, None, 0, excluded=excluded, unmeasurable=why
        )
        return
    found = paired_loss(
        ((each.core, each.at_once is True, each.at_last is True) for each in told), confidence
    )
    late = sum(not each.at_last for each in told)
    words = (
        f"of {len(told)} cases {late} were answered otherwise at the end of the run, "
        f"{chance} at once; p of drift {found.p:.3g}"
    )
    yield Measurement(
        UNSTEADINESS,
        Kind.DIFFERENCE,
        found.value,
        found.n,
        clusters=found.n,
        interval=Interval(found.low, found.high, confidence, "paired, exact limits"),
        excluded=excluded,
        caveats=(words,),
    )
    changed = [each for each in told if each.at_once and not each.at_last]
    for each in changed[:5]:
        yield Finding(
            UNSTEADINESS,
            "answered alike twice at the beginning and otherwise at the end of the run",
            case_id=each.case,
        )


def _observe(about: Measurement | Finding | Gap) -> Observation:
    return Observation(CHECK, about, MODEL_CONTROLS)
