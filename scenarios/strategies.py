"""Hypothesis strategies for property tests of a system that answers people.

    from clinigate.scenarios.strategies import cases

    @given(cases("crisis-en", split="dev"))
    def test_never_empty(case):
        assert my_service(case.text).strip()

Hypothesis is not a dependency of Clinigate: import this module from tests alone. Examples shrink
towards the first core of the pack, as it was written.
"""

from __future__ import annotations

from hypothesis import strategies as st

from clinigate.core.case import Case, Split
from clinigate.errors import PackError
from clinigate.scenarios.counterfactual import generate_pairs
from clinigate.scenarios.generator import make_case, select
from clinigate.scenarios.loader import load_builtin
from clinigate.scenarios.pack import Kind, Pack

__all__ = ["cases", "crisis_cases", "ordinary_cases", "pairs"]

_SEEDS = st.integers(min_value=0, max_value=2**32 - 1)
_VARIANTS = st.integers(min_value=0, max_value=255)


def cases(pack: str | Pack, *, split: Split | str | None = None) -> st.SearchStrategy[Case]:
    """Cases of a pack (or of the built-in pack of that id): any core, any chain of transforms.

    Raises:
        PackError: no such pack, a counterfactual one (take `pairs`), or no core in that split.
    """
    source = load_builtin(pack) if isinstance(pack, str) else pack
    if source.kind is Kind.COUNTERFACTUAL:
        raise PackError(f"pack {source.id!r} holds pairs; draw them with strategies.pairs")
    members = st.sampled_from(select(source, split))
    return st.builds(
        lambda member, seed, variant: make_case(source, *member, seed=seed, variant=variant),
        members,
        _SEEDS,
        _VARIANTS,
    )


def crisis_cases(*, split: Split | str | None = None) -> st.SearchStrategy[Case]:
    """Cases that must be flagged, from the built-in packs."""
    return cases("crisis-en", split=split)


def ordinary_cases(*, split: Split | str | None = None) -> st.SearchStrategy[Case]:
    """Cases that must not be flagged, from the built-in packs."""
    return cases("hard-negatives-en", split=split)


def pairs(
    pack: str | Pack = "counterfactual-en", *, split: Split | str | None = None
) -> st.SearchStrategy[tuple[Case, ...]]:
    """Tuples of cases that differ in one demographic attribute alone: one case for each group.

    Raises:
        PackError: no such pack, or one that holds no pairs.
    """
    source = load_builtin(pack) if isinstance(pack, str) else pack
    grouped: dict[str, list[Case]] = {}
    for case in generate_pairs(source, seed=0, split=split):
        grouped.setdefault(str(case.pair_id), []).append(case)
    return st.sampled_from([tuple(group) for group in grouped.values()])
