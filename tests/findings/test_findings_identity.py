"""A finding keeps its identity while lines move, and loses it when what it says changes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from clinigate.findings.globs import matches
from clinigate.findings.identity import Fingerprints, fingerprint, secret_token

statements = st.sampled_from(["run(x)", "y = 1", "run( x )", "open(p)", "pass", ""])


def found_in(lines: list[str]) -> list[str]:
    """Fingerprints of every line that calls `run`, as a scanner would find them."""
    prints = Fingerprints()
    return [prints.of("R1", "a.py", snippet=line) for line in lines if "run" in line]


@given(st.lists(statements, max_size=8), st.lists(st.sampled_from(["# note", "", "import os"])))
def test_identities_survive_lines_inserted_above(lines: list[str], above: list[str]) -> None:
    assert found_in([*above, *lines]) == found_in(lines)


@given(st.lists(statements, max_size=8))
def test_identities_survive_another_indentation(lines: list[str]) -> None:
    assert found_in([f"    {line}  " for line in lines]) == found_in(lines)


@given(st.lists(statements, max_size=8))
def test_no_two_findings_share_an_identity(lines: list[str]) -> None:
    assert len(set(found_in(lines))) == len(found_in(lines))


texts = st.text(max_size=10)


@given(st.tuples(texts, texts, texts), st.tuples(texts, texts, texts))
def test_rule_path_and_symbol_never_run_into_each_other(one, other) -> None:
    first = fingerprint(one[0], one[1], symbol=one[2])
    second = fingerprint(other[0], other[1], symbol=other[2])
    assert (first == second) == (one == other)


def test_a_fingerprint_is_the_same_in_every_release() -> None:
    # Baselines of users hold them.
    assert fingerprint("B602", "app/x.py", snippet="a  b") == GOLDEN
    assert fingerprint("B602", "app/x.py", snippet=" a b\n") == GOLDEN


GOLDEN = "91d1ff1951848f1f8fce1118cd08be07"


def test_names_that_are_no_text_have_an_identity_too() -> None:
    assert len(fingerprint("R", "bad\udcff.py")) == 32


def test_a_secret_is_told_from_the_next_only_under_a_key() -> None:
    assert secret_token("one", None) == secret_token("two", None) == ""
    assert secret_token("one", b"k" * 16) != secret_token("two", b"k" * 16)
    assert secret_token("one", b"k" * 16) != secret_token("one", b"l" * 16)
    assert "one" not in secret_token("one", b"k" * 16)


def test_patterns_over_paths() -> None:
    table = [
        ("vendor", "vendor/x/y.py", True),
        ("vendor/", "vendor/x.py", True),
        ("vendor/**", "vendor/x.py", True),
        ("vendor", "src/vendor/x.py", True),
        ("/vendor", "src/vendor/x.py", False),
        ("src/vendor", "vendor/x.py", False),
        ("*.lock", "a/b.lock", True),
        ("*.lock", "a/b.lockx", False),
        ("a/*.py", "a/b.py", True),
        ("a/*.py", "a/b/c.py", False),
        ("a/**/c.py", "a/c.py", True),
        ("a/**/c.py", "a/x/y/c.py", True),
        ("**/c.py", "c.py", True),
        ("./a/b", "a/b", True),
        ("a?c", "abc", True),
        ("a.c", "abc", False),
        ("**", "anything/at/all", True),
    ]
    assert [(p, path) for p, path, wanted in table if matches(p, path) is not wanted] == []


paths = st.lists(st.text("ab", min_size=1, max_size=3), min_size=1, max_size=4).map("/".join)


@given(paths, st.text("ab*?/.", max_size=8))
def test_a_path_is_a_pattern_of_itself_and_of_what_lies_below(path: str, pattern: str) -> None:
    assert matches(path, path)
    assert matches(path, f"{path}/x/y")
    assert matches(path, f"z{path}") is False
    # Whatever a pattern means, it means it for all that lies below.
    assert not matches(pattern, path) or matches(pattern, f"{path}/x")
