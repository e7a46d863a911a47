"""The threshold that counts for a file: patterns decide, and an option only makes more count."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinigate.config.loader import load_config
from clinigate.config.phi import PathTable, PhiTable
from clinigate.errors import ConfigError, UsageError
from clinigate.phi.policy import TIERS, policy_from

PATHS = [
    PathTable(glob="tests/**", threshold=0.95),
    PathTable(glob="*.log", tier="contextual"),
    PathTable(glob="notes", tier="name"),
    PathTable(glob="tests/fixtures/*.csv", threshold=0.5),
]
TABLE = PhiTable(path=PATHS)


@pytest.mark.parametrize(
    ("uri", "threshold", "names"),
    [
        ("src/app.py", 0.8, False),
        ("tests/test_a.py", 0.95, False),
        ("tests/fixtures/a.csv", 0.5, False),
        ("var/app.log", 0.4, False),
        ("var/app.log!/2026/app.txt", 0.4, False),
        ("notes/2026/a.txt", 0.3, True),
        ("tests/a.log", 0.4, False),
    ],
)
def test_the_last_pattern_that_fits_decides(uri: str, threshold: float, names: bool) -> None:
    policy = policy_from(TABLE)
    assert (policy.threshold_of(uri), policy.names_of(uri)) == (threshold, names)


def test_what_is_asked_of_the_whole_scan_is_the_least_of_all_files() -> None:
    policy = policy_from(TABLE)
    assert (policy.threshold, policy.lowest, policy.names) == (0.8, 0.3, True)
    assert policy.caveats == ("threshold 0.95 for tests/** lets more through than 0.8",)
    assert policy_from(PhiTable()).caveats == ()
    assert pickle.loads(pickle.dumps(policy)) == policy


def test_names_may_be_asked_for_at_any_threshold() -> None:
    assert policy_from(PhiTable(names=True, threshold=0.5)).names_of("a.txt")
    asked = policy_from(TABLE, names=True)
    assert (asked.threshold_of("a.txt"), asked.names_of("a.txt")) == (0.8, True)
    assert asked.threshold_of("tests/a.py") == 0.95


def test_tiers_are_names_of_thresholds() -> None:
    for name, level in TIERS.items():
        policy = policy_from(PhiTable(), tier=name)
        assert (policy.threshold, policy.names) == (level.threshold, level.names)
    assert policy_from(PhiTable(tier="contextual")).threshold == 0.4


def test_an_option_that_lets_more_through_is_refused() -> None:
    with pytest.raises(UsageError, match=r"--tier 0\.8 lets more through than \[phi\] threshold"):
        policy_from(PhiTable(tier="contextual"), tier="identifier")
    with pytest.raises(UsageError, match=r"--confidence-threshold 0\.9"):
        policy_from(PhiTable(), threshold=0.9)
    with pytest.raises(UsageError, match="twice"):
        policy_from(PhiTable(), threshold=0.4, tier="name")


levels = st.floats(0, 1)
globs = st.sampled_from(["a", "*.log", "a/**", "b/*", "**/c"])
uris = st.sampled_from(["a", "a/b", "b/x.log", "b/c", "x/y/c", "z.txt", "b/x.log!/m"])


@given(
    base=levels,
    paths=st.lists(st.tuples(globs, levels), max_size=4),
    share=st.floats(0, 1),
    names=st.booleans(),
    uri=uris,
)
def test_an_option_never_makes_less_count(
    base: float, paths: list[tuple[str, float]], share: float, names: bool, uri: str
) -> None:
    table = PhiTable(
        threshold=base, path=[PathTable(glob=glob, threshold=each) for glob, each in paths]
    )
    without = policy_from(table)
    asked = policy_from(table, threshold=base * share, names=names)
    assert asked.threshold_of(uri) <= without.threshold_of(uri)
    assert asked.threshold_of(uri) <= base * share
    assert asked.lowest <= asked.threshold_of(uri)
    assert asked.names_of(uri) or not names


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[[phi.path]]\nglob = "a"\n', "says neither threshold nor tier"),
        ('[[phi.path]]\nglob = "a"\nthreshold = 0.4\ntier = "name"\n', "twice"),
        ('[phi]\nthreshold = 0.4\ntier = "name"\n', "twice"),
        ('[phi]\ntier = "canary"\n', "'phi.tier'"),
        ('[[phi.path]]\nglobs = "a"\n', "did you mean 'glob'"),
        ('[[phi.allow]]\nrule = "CG-PHI-URL"\npath = "a"\nuntil = 2026-12-01\n', "'phi.allow.0"),
        (
            '[[phi.allow]]\nrule = "CG-PHI-URL"\npath = "a"\nreason = " "\nuntil = 2026-12-01\n',
            "must say something",
        ),
    ],
)
def test_a_policy_that_cannot_be_meant_is_refused(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "clinigate.toml").write_text(text)
    with pytest.raises(ConfigError) as caught:
        load_config(tmp_path / "clinigate.toml")
    assert said in str(caught.value)
