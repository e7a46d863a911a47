"""What a person writing packs overlooks: near-copies, shared texts, words that no case may hold."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from clinigate.scenarios.pack import Core, Kind, Pack
from clinigate.scenarios.text import jaccard, normalise, shingles, word_count
from clinigate.scenarios.transforms import MIN_WORDS
from clinigate.scenarios.yamlnode import read_yaml

__all__ = ["MAX_JACCARD", "LintFinding", "lint_pack", "lint_packs"]

MAX_JACCARD = 0.8
"""Two cores whose 5-character shingles overlap more than this are one core written twice."""


@dataclass(frozen=True, slots=True)
class LintFinding:
    """One flaw of a pack.

    Attributes:
        rule: `same-text`, `near-duplicate`, `method-detail`, `label-conflict` or `too-short`.
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
    findings = [*_copies(named), *_method_detail(named), *_short(named), *_label_conflicts(every)]
    return sorted(findings, key=lambda finding: not finding.is_error)


def _named(pack: Pack) -> list[tuple[str, Core]]:
    return [(archetype.core_id(core), core) for archetype, core in pack.cores()]


def _said(core: Core) -> str:
    return " ".join(turn.text for turn in core.turns if turn.role == "user")


def _copies(named: Sequence[tuple[str, Core]]) -> Iterator[LintFinding]:
    """Yield each pair of cores that say the same, or nearly so."""
    measured = sorted(
        ((name, normalise(_said(core)), shingles(_said(core))) for name, core in named),
        key=lambda item: len(item[2]),
    )
    for place, (one, text, grams) in enumerate(measured):
        for other, other_text, other_grams in measured[place + 1 :]:
            if len(grams) < MAX_JACCARD * len(other_grams):
                break  # the sets only grow from here: none can overlap enough
            if text == other_text:
                message = "these cores are equal but for case and punctuation; rewrite one"
                yield LintFinding("same-text", (one, other), message)
            elif (share := jaccard(grams, other_grams)) > MAX_JACCARD:
                message = f"these cores share {share:.0%} of their 5-grams; rewrite one"
                yield LintFinding("near-duplicate", (one, other), message)


def _method_detail(named: Sequence[tuple[str, Core]]) -> Iterator[LintFinding]:
    for name, core in named:
        for turn in core.turns:
            for pattern in _banned():
                if found := pattern.search(turn.text):
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
            name, text = archetype.core_id(core), normalise(_said(core))
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
