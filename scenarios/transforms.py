"""Rewritings that keep the label: what they are, where they apply, when they are refused.

Each is a pure function of a text and a random stream that belongs to one recorded seed, so that a
case can be made again from its core and its `AppliedTransform`s (`replay`). A rewriting that does
not apply, or whose result its validator refuses, is None: the generator then takes another.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from clinigate.core.case import AppliedTransform, Turn
from clinigate.errors import PackError
from clinigate.scenarios import framing, surface
from clinigate.scenarios.pack import Archetype, Kind, Voice
from clinigate.scenarios.prng import CounterPRNG
from clinigate.scenarios.text import negations, word_count

__all__ = ["TRANSFORMS", "Stage", "Transform", "apply", "names_for", "replay"]

MIN_WORDS = 4
"""A shorter text has too little to survive a rewriting: it is left as it was written."""


class Stage(StrEnum):
    """When a transform is applied, and to which turn: FRAME to the first, the rest to the last."""

    FRAME = "frame"
    SURFACE = "surface"
    WRAP = "wrap"


Rewrite = Callable[[str, CounterPRNG, Voice | None], str | None]
Validator = Callable[[str, str], bool]


@dataclass(frozen=True, slots=True)
class Transform:
    """One label-preserving rewriting.

    Attributes:
        version: raised with every change that alters its output; part of each case's id.
        rewrite: the new text, or None where it does not apply.
        keeps: whether the label is safe, given the text before and after.
        kinds: kinds of pack whose archetypes it applies to unless they name their own list.
        excludes: names of transforms that undo or repeat this one.
        not_families: families in which it could change what is meant.
    """

    name: str
    version: int
    stage: Stage
    rewrite: Rewrite
    keeps: Validator
    kinds: frozenset[Kind]
    excludes: frozenset[str] = frozenset()
    not_families: frozenset[str] = frozenset()


def adds_around(before: str, after: str) -> bool:
    """Whether `after` holds `before` as it stands: nothing of it was rewritten."""
    return before in after


def keeps_negations(before: str, after: str) -> bool:
    """Whether the same negating words stand in the same order."""
    return negations(before) == negations(after)


def keeps_words(before: str, after: str) -> bool:
    """Whether negations and the number of words are the same."""
    return keeps_negations(before, after) and word_count(before) == word_count(after)


def keeps_letters(before: str, after: str) -> bool:
    """Whether nothing but white space differs."""
    return "".join(before.split()) == "".join(after.split())


_DANGER = frozenset({Kind.CRISIS, Kind.HARD_NEGATIVE})
_TALK = _DANGER | {Kind.THERAPEUTIC}
_ANY = _TALK | {Kind.EMOTION}
# In these families the plain word is a pun, a drill, a process: its code word would mean another.
_LITERAL = frozenset({"idiom", "literal", "fiction", "lyric", "medical"})

# Applied in this order. Framing comes first, so that the surface of what was put in varies too.
_ALL = (
    Transform("context", 1, Stage.FRAME, framing.context, adds_around, _ANY),
    Transform("life", 1, Stage.FRAME, framing.life, adds_around, _DANGER, frozenset({"context"})),
    Transform("preamble", 1, Stage.FRAME, framing.preamble, adds_around, _DANGER),
    Transform("opener", 1, Stage.FRAME, framing.opener, adds_around, _TALK),
    Transform("slang", 1, Stage.SURFACE, surface.slang, keeps_negations, _ANY),
    Transform(
        "algospeak",
        1,
        Stage.SURFACE,
        surface.algospeak,
        keeps_negations,
        _DANGER,
        not_families=_LITERAL,
    ),
    Transform(
        "spacing", 1, Stage.SURFACE, surface.spacing, keeps_letters, _DANGER | {Kind.EMOTION}
    ),
    Transform("asr", 1, Stage.SURFACE, surface.asr, keeps_words, _ANY),
    Transform("typo", 1, Stage.SURFACE, surface.typo, keeps_words, _ANY),
    Transform("lower", 1, Stage.SURFACE, surface.lower, keeps_words, _ANY, frozenset({"asr"})),
    Transform(
        "upper", 1, Stage.SURFACE, surface.upper, keeps_words, _DANGER, frozenset({"asr", "lower"})
    ),
    Transform("wrap_es", 1, Stage.WRAP, framing.wrap_es, adds_around, _DANGER | {Kind.EMOTION}),
    Transform("emoji", 1, Stage.WRAP, framing.emoji, adds_around, _DANGER),
)

TRANSFORMS: dict[str, Transform] = {transform.name: transform for transform in _ALL}
"""Every transform by name, in the order in which a chain applies them."""


def names_for(archetype: Archetype, kind: Kind) -> tuple[str, ...]:
    """Return the transforms that may rewrite cores of `archetype`, in order of application."""
    if archetype.transforms is not None:
        return tuple(name for name in TRANSFORMS if name in archetype.transforms)
    return tuple(
        name
        for name, transform in TRANSFORMS.items()
        if kind in transform.kinds and archetype.family not in transform.not_families
    )


def apply(
    name: str, turns: Sequence[Turn], seed: int, voice: Voice | None = None
) -> tuple[Turn, ...] | None:
    """Return `turns` rewritten by one transform, or None where it is refused.

    Refused is what leaves the text as it was, empties it, or fails the transform's validator, and
    every rewriting of a turn of fewer than four words.

    Raises:
        PackError: no transform of that name.
    """
    transform = TRANSFORMS.get(name)
    if transform is None:
        raise PackError(f"no transform {name!r}; known are {', '.join(TRANSFORMS)}")
    place = 0 if transform.stage is Stage.FRAME else len(turns) - 1
    before = turns[place].text
    if word_count(before) < MIN_WORDS:
        return None
    prng = CounterPRNG("transform", name, transform.version, seed)
    after = transform.rewrite(before, prng, voice)
    if (
        after is None
        or after == before
        or not word_count(after)
        or not transform.keeps(before, after)
    ):
        return None
    changed = list(turns)
    changed[place] = Turn(role="user", text=after)
    return tuple(changed)


def replay(
    turns: Sequence[Turn], chain: Sequence[AppliedTransform], voice: Voice | None = None
) -> tuple[Turn, ...]:
    """Return what `chain` makes of a core's `turns`: the turns of the case that records it.

    Raises:
        PackError: a transform is unknown, of another version, or is refused for these turns.
    """
    result = tuple(turns)
    for step in chain:
        known = TRANSFORMS.get(step.name)
        if known is None or known.version != step.version:
            raise PackError(
                f"transform {step.name!r} version {step.version} is not in this release; "
                "replay with the release that made the case"
            )
        rewritten = apply(step.name, result, step.seed, voice)
        if rewritten is None:
            raise PackError(f"transform {step.name!r} does not apply to this text")
        result = rewritten
    return result
