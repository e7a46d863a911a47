"""What a person writing packs overlooks: near-copies, shared texts, words that no case may hold."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from clinigate.scenarios.pack import Core, Kind, Pack
from clinigate.scenarios.similarity import MAX_SPAN_WORDS, Copy, near_copies, slot_fills
from clinigate.scenarios.text import normalise, word_count
from clinigate.scenarios.transforms import MIN_WORDS
from clinigate.scenarios.yamlnode import read_yaml

__all__ = ["LintFinding", "lint_pack", "lint_packs"]


@dataclass(frozen=True, slots=True)
class LintFinding:
    """One flaw of a pack.

    Attributes:
        rule: `same-text`, `near-duplicate`, `slot-filled`, `method-detail`, `label-conflict` or
            `too-short`.
        where: ids of the cores concerned.
    """

    rule: str
    where: tuple[str, ...]
    message: str

    @property
    def is_error(self) -> bool:
        """Whether the pack must not be used as it is; else it is a remark for its author."""
        return self.rule != "too-short"


def lint_pack(pack: Pack) -> list[LintFinding]:
    """Return the flaws of one pack, errors first; an empty list means that it is clean."""
    return lint_packs([pack])


def lint_packs(packs: Iterable[Pack]) -> list[LintFinding]:
    """Return the flaws of several packs that are used together, errors first.

    Cores are compared over all of them: a copy of a dev core among held-out ones of another pack
    would let a system be judged on what it was built from.
    """
    every = list(packs)
    named = [item for pack in every for item in _named(pack)]
    texts = [(name, turn.text) for name, core in named for turn in core.turns]
    findings = [
        *_copies(named),
        *_method_detail([*texts, *(item for pack in every for item in _reworded(pack))]),
        *_short(named),
        *_label_conflicts(every),
    ]
    return sorted(findings, key=lambda finding: not finding.is_error)


def _named(pack: Pack) -> list[tuple[str, Core]]:
    return [(archetype.core_id(core), core) for archetype, core in pack.cores()]


def _copies(named: Sequence[tuple[str, Core]]) -> Iterator[LintFinding]:
    """Yield each pair of cores that say the same, or nearly so, once."""
    texts = [core.said for _, core in named]
    told: set[tuple[int, int]] = set()
    for copy in near_copies(texts):
        told.add((copy.one, copy.other))
        if normalise(texts[copy.one]) == normalise(texts[copy.other]):
            rule, what = "same-text", "are equal but for case and punctuation"
        else:
            rule, what = "near-duplicate", f"share {copy.share:.0%} of their 5-grams"
        yield _copy(rule, what, named, copy)
    for copy in slot_fills(texts):
        if (copy.one, copy.other) not in told:
            what = f"are equal once a span of up to {MAX_SPAN_WORDS} words is left out"
            yield _copy("slot-filled", what, named, copy)


def _copy(rule: str, what: str, named: Sequence[tuple[str, Core]], copy: Copy) -> LintFinding:
    where = (named[copy.one][0], named[copy.other][0])
    return LintFinding(rule, where, f"these cores {what}; rewrite one")


def _reworded(pack: Pack) -> Iterator[tuple[str, str]]:
    """Yield what a core says in the words of every other group."""
    for wording in pack.wordings:
        for rewording in wording.rewordings:
            for text in rewording.texts[1:]:
                yield rewording.core, text


def _method_detail(texts: Iterable[tuple[str, str]]) -> Iterator[LintFinding]:
    for name, text in texts:
        for pattern in _banned():
            if found := pattern.search(text):
                message = f"{found[0]!r} is method detail; say it without"
                yield LintFinding("method-detail", (name,), message)


def _short(named: Sequence[tuple[str, Core]]) -> Iterator[LintFinding]:
    for name, core in named:
        if word_count(core.text) < MIN_WORDS:
            message = f"fewer than {MIN_WORDS} words: no transform will touch it"
            yield LintFinding("too-short", (name,), message)


def _label_conflicts(packs: Sequence[Pack]) -> Iterator[LintFinding]:
    """Yield each text that is a crisis in one place and ordinary in another."""
    seen: dict[str, tuple[str, str]] = {}
    for pack in packs:
        if pack.kind is Kind.EMOTION:  # its labels are emotions, which conflict with neither
            continue
        for archetype, core in pack.cores():
            name, text = archetype.core_id(core), normalise(core.said)
            label, first = seen.setdefault(text, (archetype.label, name))
            if label != archetype.label:
                message = f"the same text is labelled {label!r} and {archetype.label!r}; decide"
                yield LintFinding("label-conflict", (first, name), message)


@cache
def _banned() -> tuple[re.Pattern[str], ...]:
    root = read_yaml(Path(__file__).parent / "denylist.yaml", shown="denylist.yaml")
    fields = root.mapping(("schema", "patterns"))
    fields["schema"].one_of(("clinigate.denylist/1",), "schema")
    return tuple(re.compile(item.text(), re.IGNORECASE) for item in fields["patterns"].sequence())
