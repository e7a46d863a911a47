"""What the stages of the bundles before a gate say: what keeps it shut, and what must be told."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from clinigate.evidence.stages import StageOutcome, StageStory
from clinigate.gate.bundles import GateInput
from clinigate.gate.entries import Gravity, Reason

__all__ = ["gaps_of_stages", "has_open_stages", "reasons_of_stages"]

#: What bundles that share stages out must have been begun as alike; targets and paths may differ
#: from machine to machine.
_SHARED = ("the commit", "what is not committed", "[stage]")


def reasons_of_stages(bundles: Sequence[GateInput]) -> Iterator[Reason]:
    """Yield a reason for each required stage that left no evidence, or did not go well.

    Jobs share a pipeline out among them: a stage that one bundle left out may stand in another.
    """
    yield from _parted(bundles)
    by_name: dict[str, list[StageStory]] = {}
    for bundle in bundles:
        for story in bundle.stages if not bundle.problems else ():
            by_name.setdefault(story.spec.name, []).append(story)
    for name, stories in by_name.items():
        if not any(story.spec.required for story in stories):
            continue
        outcomes = {story.outcome for story in stories}
        if StageOutcome.RECORDED in outcomes and StageOutcome.REFUSED not in outcomes:
            continue
        story = next((s for s in stories if s.outcome is StageOutcome.REFUSED), stories[0])
        yield Reason(Gravity.REFUSED, f"stage {name!r} is required: {_told(story)}")


def gaps_of_stages(bundles: Sequence[GateInput]) -> Iterator[str]:
    """Yield what a reader must know of the stages although it does not shut the gate."""
    for bundle in bundles:
        for story in bundle.stages:
            if not story.spec.required and not story.settled:
                yield f"stage {story.spec.name!r} is not required: {_told(story)}"
        yield from _again(bundle)


def has_open_stages(bundles: Sequence[GateInput]) -> bool:
    """Whether a stage of one of the runs left no evidence."""
    return any(
        story.outcome is not StageOutcome.RECORDED for bundle in bundles for story in bundle.stages
    )


def _again(bundle: GateInput) -> Iterator[str]:
    """Tell what ran more than once: nobody runs again until it is green without a trace."""
    for story in bundle.stages:
        if len(story.attempts) > 1:
            earlier = "; ".join(
                ", ".join(filter(None, (str(each.outcome), each.why)))
                for each in story.attempts[:-1]
            )
            yield f"stage {story.spec.name!r} ran {len(story.attempts)} times; before: {earlier}"
    if bundle.set_aside:
        yield (
            f"bundle {bundle.name!r} holds {bundle.set_aside} part(s) of a stage that died, set "
            "aside: they count no more, but for what they prove wrong"
        )


def _parted(bundles: Sequence[GateInput]) -> Iterator[Reason]:
    """Jobs share stages out; what they ran must be of one commit, and planned as one."""
    staged = [bundle for bundle in bundles if bundle.basis and not bundle.problems]
    for other in staged[1:]:
        first = staged[0]
        for part in _SHARED:
            if first.basis.get(part) != other.basis.get(part):
                yield Reason(
                    Gravity.REFUSED,
                    f"bundles {first.name!r} and {other.name!r} share out stages, and {part} is "
                    "not the same in both; run them on one commit with one configuration",
                )


def _told(story: StageStory) -> str:
    return f"{story.outcome}{f', {story.why}' if story.why else ''}"
