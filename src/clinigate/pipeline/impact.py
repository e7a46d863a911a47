"""What a change undoes: inputs that are other ones, claims that rested on them, what restores them.

A claim is a criterion that a run judged; a clause loses what it was shown by when one of its
criteria does. Nothing is measured here: a claim that is named may well hold again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from clinigate.config.inputs import InputTable
from clinigate.controls import ControlCatalogue
from clinigate.core.criterion import Criterion
from clinigate.core.verdict import Verdict
from clinigate.evidence.inputs import Input
from clinigate.pipeline.rests import rests_on

__all__ = ["Claim", "ClauseLoss", "Impact", "InputChange", "Lost", "changes", "impact_of"]


@dataclass(frozen=True, slots=True)
class InputChange:
    """An input that is another one.

    Attributes:
        how: `changed`, `new` (nobody took its digest then), `gone` (nobody names it now), `moved`
            (it changed while the run was under way) or `unknown` (git knows nothing of it).
        files: the files that did it, with a word each, as far as they were named.
    """

    name: str
    how: str
    files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Claim:
    """A criterion, and how it came out; None where it was never judged."""

    criterion: Criterion
    verdict: Verdict | None = None


@dataclass(frozen=True, slots=True)
class Lost:
    """A claim that is undone; `because` are the names of the inputs."""

    claim: Claim
    because: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ClauseLoss:
    """A clause with those of its criteria that are undone, of how many."""

    control: str
    citation: str
    title: str
    lost: tuple[str, ...]
    of: int


@dataclass(frozen=True, slots=True)
class Impact:
    """What a change undoes.

    Attributes:
        since: the run or the revision that is compared with.
        inputs: how many were compared.
        kept: ids of the criteria that nothing speaks against.
        commands: the smallest run that restores what is undone, as a user would type it.
        notes: sentences that must be read beside it.
    """

    since: str
    inputs: int
    changes: tuple[InputChange, ...]
    lost: tuple[Lost, ...]
    kept: tuple[str, ...]
    clauses: tuple[ClauseLoss, ...]
    commands: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def changes(then: Mapping[str, Input], now: Mapping[str, Input]) -> tuple[InputChange, ...]:
    """Return the inputs that are other ones, in the order of their names."""
    found = []
    for name in sorted({*then, *now}):
        before, after = then.get(name), now.get(name)
        if before is None:
            found.append(InputChange(name, "new"))
        elif after is None:
            found.append(InputChange(name, "gone"))
        elif before.digest != after.digest:
            found.append(InputChange(name, "changed", _files(before, after)))
    return tuple(found)


def impact_of(
    since: str,
    changed: Sequence[InputChange],
    claims: Iterable[Claim],
    *,
    declared: Mapping[str, InputTable],
    inputs: Sequence[str],
    catalogue: ControlCatalogue,
) -> Impact:
    """Return what changed inputs undo; the commands are another matter.

    Args:
        since: what is compared with, for the reader.
        changed: the inputs that are other ones.
        claims: what was claimed.
        declared: the tables `[inputs.NAME]`.
        inputs: names of all inputs, of then and of now.
        catalogue: the clauses.
    """
    listed = tuple(claims)
    lost: list[Lost] = []
    for claim in listed:
        because = tuple(
            each.name
            for each in changed
            if rests_on(claim.criterion.id, each.name, declared=declared, inputs=inputs)
        )
        if because:
            lost.append(Lost(claim, because))
    undone = {each.claim.criterion.id for each in lost}
    return Impact(
        since=since,
        inputs=len(inputs),
        changes=tuple(changed),
        lost=tuple(lost),
        kept=tuple(c.criterion.id for c in listed if c.criterion.id not in undone),
        clauses=_clauses(listed, undone, catalogue),
    )


def _files(before: Input, after: Input) -> tuple[str, ...]:
    """What became of each file; nothing where a tree was too large to name its files."""
    if bool(before.count) != bool(before.files) or bool(after.count) != bool(after.files):
        return ()
    names = sorted({*before.files, *after.files})
    told = ((name, before.files.get(name), after.files.get(name)) for name in names)
    return tuple(
        f"{name} {'is new' if was is None else 'is gone' if now is None else 'changed'}"
        for name, was, now in told
        if was != now
    )


def _clauses(
    claims: Sequence[Claim], undone: set[str], catalogue: ControlCatalogue
) -> tuple[ClauseLoss, ...]:
    serving: dict[str, list[str]] = {}
    for claim in claims:
        for control in claim.criterion.controls:
            serving.setdefault(control, []).append(claim.criterion.id)
    found = []
    for control, criteria in serving.items():
        lost = tuple(each for each in criteria if each in undone)
        if lost:
            known = catalogue.get(control) if control in catalogue else None
            found.append(
                ClauseLoss(
                    control,
                    control if known is None else known.citation,
                    "" if known is None else known.title,
                    lost,
                    len(criteria),
                )
            )
    order = {control.id: place for place, control in enumerate(catalogue)}
    return tuple(sorted(found, key=lambda each: order.get(each.control, len(order))))
