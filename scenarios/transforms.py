"""Rewritings of a message: what becomes of its label, where they apply, when they are refused.

Nearly all keep the label (metamorphic relations); `denial` opens it: its cases count in no rate.
Each is a pure function of a text and a random stream that belongs to one recorded seed, so that a
case can be made again from its core and its `AppliedTransform`s (`replay`). A rewriting that does
not apply, or whose result its validator refuses, is None: the generator then takes another.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, cast

from clinigate.core.case import AppliedTransform, Turn
from clinigate.errors import PackError
from clinigate.scenarios import framing, surface
from clinigate.scenarios.pack import Archetype, Kind, Voice
from clinigate.scenarios.prng import CounterPRNG
from clinigate.scenarios.text import negations, word_count

__all__ = [
    "TRANSFORMS",
    "Relation",
    "Stage",
    "Transform",
    "apply",
    "names_for",
    "replay",
    "usable_on",
]

MIN_WORDS = 4
"""A shorter text has too little to survive a rewriting: it is left as it was written."""


class Stage(StrEnum):
    """When a transform is applied, and to which turn: FRAME to the first, the rest to the last.

    AFTER leaves every turn as it is and lets others follow.
    """

    FRAME = "frame"
    SURFACE = "surface"
    WRAP = "wrap"
    AFTER = "after"


class Relation(StrEnum):
    """What becomes of the label: it is kept, or a clinician could no longer say (ambiguous)."""

    KEEPS = "keeps"
    OPENS = "opens"


Rewrite = Callable[[str, CounterPRNG, Voice | None], str | None]
Extend = Callable[[Sequence[Turn], CounterPRNG], tuple[Turn, ...]]
Validator = Callable[[str, str], bool]


@dataclass(frozen=True, slots=True)
class Transform:
    """One rewriting, with its contract.

    Attributes:
        version: raised with every change that alters its output; part of each case's id.
        rewrite: the new text, or None where it does not apply; of stage AFTER the new turns.
        keeps: whether the contract holds, given the text before and after; of stage AFTER the
            turns, one a line.
        kinds: kinds of pack whose archetypes it applies to unless they name their own list.
        excludes: names of transforms that undo or repeat this one.
        not_families: families in which it could change what is meant.
        languages: of the packs that it knows the words of; None where it knows none.
        relation: what becomes of the label.
        chained: whether the generator draws it into chains; else it is only applied by itself.
    """

    name: str
    version: int
    stage: Stage
    rewrite: Rewrite | Extend
    keeps: Validator
    kinds: frozenset[Kind]
    excludes: frozenset[str] = frozenset()
    not_families: frozenset[str] = frozenset()
    languages: frozenset[str] | None = None
    relation: Relation = Relation.KEEPS
    chained: bool = True

    def knows(self, language: str) -> bool:
        """Whether it may rewrite texts of this language."""
        return self.languages is None or language in self.languages


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


def keeps_look_alikes(before: str, after: str) -> bool:
    """Whether `after` reads as `before` once signs stand for the letters that they look like."""
    plain, written = before.lower(), after.lower()
    return (
        keeps_negations(before, after)
        and len(plain) == len(written)
        and all(
            new in (old, surface.LOOK_ALIKES.get(old))
            for old, new in zip(plain, written, strict=True)
        )
    )


_CRISIS = frozenset({Kind.CRISIS})
_DANGER = frozenset({Kind.CRISIS, Kind.HARD_NEGATIVE})
_TALK = _DANGER | {Kind.THERAPEUTIC}
_ANY = _TALK | {Kind.EMOTION}
# In these families the plain word is a pun, a drill, a process: its code word would mean another.
_LITERAL = frozenset({"idiom", "literal", "fiction", "lyric", "medical"})

_EN, _ES = frozenset({"en"}), frozenset({"es"})


def _frame(name: str, rewrite: Rewrite, kinds: frozenset[Kind], **more: Any) -> Transform:
    return Transform(name, 1, Stage.FRAME, rewrite, adds_around, kinds, **more)


def _surface(
    name: str, rewrite: Rewrite, keeps: Validator, kinds: frozenset[Kind], **more: Any
) -> Transform:
    return Transform(name, 1, Stage.SURFACE, rewrite, keeps, kinds, **more)


def _wrap(
    name: str, rewrite: Rewrite, kinds: frozenset[Kind], *, version: int = 1, **more: Any
) -> Transform:
    return Transform(name, version, Stage.WRAP, rewrite, adds_around, kinds, **more)


_ASR_LOWER = frozenset({"asr", "lower"})

# Applied in this order. Framing comes first, so that the surface of what was put in varies too.
_ALL = (
    _frame("context", framing.context, _ANY, languages=_EN),
    _frame("life", framing.life, _DANGER, languages=_EN, excludes=frozenset({"context"})),
    _frame("preamble", framing.preamble, _DANGER, languages=_EN),
    _frame("opener", framing.opener, _TALK, languages=_EN),
    _frame("opener_es", framing.opener_es, _TALK, languages=_ES),
    _surface("slang", surface.slang, keeps_negations, _ANY, languages=_EN),
    _surface(
        "algospeak",
        surface.algospeak,
        keeps_negations,
        _DANGER,
        languages=_EN,
        not_families=_LITERAL,
    ),
    _surface("spacing", surface.spacing, keeps_letters, _DANGER | {Kind.EMOTION}),
    _surface("asr", surface.asr, keeps_words, _ANY),
    _surface("typo", surface.typo, keeps_words, _ANY),
    _surface("lower", surface.lower, keeps_words, _ANY, excludes=frozenset({"asr"})),
    _surface("upper", surface.upper, keeps_words, _DANGER, excludes=_ASR_LOWER),
    # A recogniser writes no digits for letters, and a word that is spaced out as well is no word.
    _surface("leet", surface.leet, keeps_look_alikes, _CRISIS, excludes=_ASR_LOWER | {"spacing"}),
    _wrap("wrap_es", framing.wrap_es, _DANGER | {Kind.EMOTION}, languages=_EN),
    _wrap("emoji", framing.emoji, _DANGER),
    _wrap("injection", framing.injection, _CRISIS, version=2, languages=_EN, chained=False),
    _wrap(
        "denial",
        framing.denial,
        _CRISIS,
        languages=_EN,
        relation=Relation.OPENS,
        chained=False,
    ),
    Transform(
        "distance",
        1,
        Stage.AFTER,
        framing.distance,
        adds_around,
        _CRISIS,
        languages=_EN,
        chained=False,
    ),
)

TRANSFORMS: dict[str, Transform] = {transform.name: transform for transform in _ALL}
"""Every transform by name, in the order in which a chain applies them."""


def names_for(archetype: Archetype, kind: Kind, language: str) -> tuple[str, ...]:
    """Return the transforms that a chain for `archetype` may hold, in order of application."""
    return tuple(
        name
        for name, transform in TRANSFORMS.items()
        if transform.chained and usable_on(transform, archetype, kind, language)
    )


def usable_on(transform: Transform, archetype: Archetype, kind: Kind, language: str) -> bool:
    """Whether `transform` may rewrite cores of `archetype`, of a pack of this kind and language."""
    if not transform.knows(language):
        return False
    if archetype.transforms is not None and transform.chained:
        return transform.name in archetype.transforms
    return kind in transform.kinds and archetype.family not in transform.not_families


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
    prng = CounterPRNG("transform", name, transform.version, seed)
    place = 0 if transform.stage is Stage.FRAME else len(turns) - 1
    before = turns[place].text
    if word_count(before) < MIN_WORDS:
        return None
    if transform.stage is Stage.AFTER:
        longer = cast(Extend, transform.rewrite)(turns, prng)
        return longer if transform.keeps(_said(turns), _said(longer)) else None
    after = cast(Rewrite, transform.rewrite)(before, prng, voice)
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


def _said(turns: Sequence[Turn]) -> str:
    return "\n".join(turn.text for turn in turns)


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
