"""Scenario packs, their loader, and the deterministic generator of cases.

    from clinigate.scenarios import generate, load_builtin

    cases = generate(load_builtin("crisis-en"), seed=0, n=10_000)

`clinigate.scenarios.strategies` (Hypothesis) is imported by tests that want it, never from here.
"""

from __future__ import annotations

from clinigate.scenarios.counterfactual import generate_pairs
from clinigate.scenarios.generator import generate, make_case
from clinigate.scenarios.lint import LintFinding, lint_pack, lint_packs
from clinigate.scenarios.loader import builtin_packs, load_builtin, load_pack, load_packs
from clinigate.scenarios.pack import (
    EMOTIONS,
    Archetype,
    Attribute,
    Core,
    Group,
    Kind,
    Pack,
    Reviewer,
    Voice,
)
from clinigate.scenarios.prng import CounterPRNG
from clinigate.scenarios.stats import PackStats, stats
from clinigate.scenarios.transforms import TRANSFORMS, Transform, replay
from clinigate.scenarios.vocabulary import forbidden_codes, obligation_codes

__all__ = [
    "EMOTIONS",
    "TRANSFORMS",
    "Archetype",
    "Attribute",
    "Core",
    "CounterPRNG",
    "Group",
    "Kind",
    "LintFinding",
    "Pack",
    "PackStats",
    "Reviewer",
    "Transform",
    "Voice",
    "builtin_packs",
    "forbidden_codes",
    "generate",
    "generate_pairs",
    "lint_pack",
    "lint_packs",
    "load_builtin",
    "load_pack",
    "load_packs",
    "make_case",
    "obligation_codes",
    "replay",
    "stats",
]
