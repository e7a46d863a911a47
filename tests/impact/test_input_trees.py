"""The digest of a tree is that of its names and contents, whatever the disk makes of them."""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinigate.core.canonical import canonical_bytes, parse_json
from clinigate.errors import EvidenceError, IntegrityError
from clinigate.evidence.inputs import (
    MOST_NAMED,
    Input,
    files_below,
    fits,
    inputs_from,
    inputs_to_plain,
    tree_input,
)

NAMES = st.lists(st.sampled_from(["a", "b.md", "c.yaml", "d-e"]), min_size=1, max_size=3).map(
    "/".join
)
TREES = st.dictionaries(NAMES, st.binary(max_size=8), min_size=1, max_size=6).filter(
    lambda tree: not any(one != two and two.startswith(f"{one}/") for one in tree for two in tree)
)


def grow(folder: Path, tree: dict[str, bytes]) -> Path:
    for name, content in tree.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


@given(one=TREES, two=TREES)
def test_two_trees_have_one_digest_only_if_they_are_equal(
    one: dict[str, bytes], two: dict[str, bytes]
) -> None:
    """Names and contents decide, and nothing else does."""
    with TemporaryDirectory() as first, TemporaryDirectory() as second:
        a = tree_input(grow(Path(first), one), ["**"])
        b = tree_input(grow(Path(second), dict(reversed(two.items()))), ["**"])
    assert a is not None
    assert b is not None
    assert (a.digest == b.digest) == (one == two)
    assert a.count == len(one)


@given(TREES)
def test_every_file_is_found_by_its_name_its_folder_and_a_pattern(tree: dict[str, bytes]) -> None:
    """A path, its top folder, and `**` find the same file."""
    with TemporaryDirectory() as folder:
        base = grow(Path(folder), tree)
        for name in tree:
            assert files_below(base, [name]) == (name,)
            assert name in files_below(base, [name.split("/")[0]])
            assert name in files_below(base, ["**/*"])
        assert set(files_below(base, ["**"])) == set(tree)


@pytest.mark.parametrize(
    ("pattern", "name", "expected"),
    [
        ("prompts", "prompts/a/b.md", True),
        ("prompts/", "prompts/a.md", True),
        ("prompts", "prompts2/a.md", False),
        ("*.md", "a.md", True),
        ("*.md", "a/b.md", False),
        ("**/*.md", "b.md", True),
        ("**/*.md", "a/b/c.md", True),
        ("a/**/c.md", "a/c.md", True),
        ("a/**/c.md", "b/c.md", False),
        ("a/*", "a/b/c.md", False),
        ("a?.md", "ab.md", True),
        ("a?.md", "a/.md", False),
        ("[ab].md", "b.md", True),
        ("[!ab].md", "b.md", False),
        ("[!ab].md", "c.md", True),
        ("a.md", "aXmd", False),
        ("a[.md", "a[.md", True),
    ],
)
def test_patterns_mean_what_they_say(pattern: str, name: str, expected: bool) -> None:
    """Stars end at slashes, two stars span them, a name without any is a file or a folder."""
    assert fits(name, [pattern]) is expected


def test_what_tools_leave_behind_is_no_input(tmp_path: Path) -> None:
    """Caches, the repository itself and our own evidence do not count."""
    grow(tmp_path, {"a.py": b"", "__pycache__/a.pyc": b"x", ".git/HEAD": b"", ".clinigate/x": b""})
    assert files_below(tmp_path, ["**"]) == ("a.py",)


def test_links_count_as_what_they_lead_to(tmp_path: Path) -> None:
    """A link is the content that it leads to; one that leads nowhere is its text."""
    grow(tmp_path / "elsewhere", {"model.bin": b"weights"})
    base = grow(tmp_path / "base", {"a.md": b""})
    (base / "model.bin").symlink_to(tmp_path / "elsewhere" / "model.bin")
    (base / "gone").symlink_to("nowhere")
    (base / "folder").symlink_to(tmp_path / "elsewhere")
    before = tree_input(base, ["**"])
    assert before is not None
    assert set(before.files) == {"a.md", "folder/model.bin", "gone", "model.bin"}
    (tmp_path / "elsewhere" / "model.bin").write_bytes(b"other")
    after = tree_input(base, ["**"])
    assert after is not None
    assert {n for n in after.files if after.files[n] != before.files[n]} == {
        "folder/model.bin",
        "model.bin",
    }


def test_links_that_lead_around_in_a_circle_end(tmp_path: Path) -> None:
    """A link to a folder that it lies in is its text, through another link too."""
    base = grow(tmp_path, {"a/one.md": b"1", "b/two.md": b"2"})
    (base / "a" / "to_b").symlink_to("../b")
    (base / "b" / "to_a").symlink_to("../a")
    (base / "self").symlink_to(".")
    assert set(files_below(base, ["**"])) == {
        "a/one.md",
        "a/to_b/to_a",
        "a/to_b/two.md",
        "b/to_a/one.md",
        "b/to_a/to_b",
        "b/two.md",
        "self",
    }
    assert tree_input(base, ["**"]) is not None


def test_a_pipe_is_passed_over(tmp_path: Path) -> None:
    """Nobody waits for bytes that never come."""
    grow(tmp_path, {"a.md": b""})
    os.mkfifo(tmp_path / "pipe")
    assert files_below(tmp_path, ["**"]) == ("a.md",)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """An input that was not read is no input. Of its own memory's start nobody reads a byte."""
    (tmp_path / "a.md").symlink_to("/proc/self/mem")
    with pytest.raises(EvidenceError, match=r"a\.md cannot be read"):
        tree_input(tmp_path, ["**"])


def test_nothing_that_fits_is_no_input(tmp_path: Path) -> None:
    """An empty tree is None, and never a digest of nothing."""
    assert tree_input(tmp_path, ["**"]) is None
    assert tree_input(tmp_path, ["missing.md"]) is None


def test_a_pattern_that_is_none_is_one_sentence() -> None:
    """A range that runs backwards fits nothing, and says so."""
    with pytest.raises(EvidenceError, match="is no pattern"):
        fits("a", ["[z-a]"])


def test_a_large_tree_names_no_files(tmp_path: Path) -> None:
    """The digest covers them all; the list would drown the evidence."""
    grow(tmp_path, {f"{n}.md": b"" for n in range(MOST_NAMED + 1)})
    found = tree_input(tmp_path, ["**"])
    assert found is not None
    assert (found.count, dict(found.files)) == (MOST_NAMED + 1, {})


@given(
    st.dictionaries(
        st.text(min_size=1, max_size=5),
        st.builds(
            Input,
            digest=st.text(max_size=8),
            kind=st.sampled_from(["files", "policy"]),
            files=st.dictionaries(st.text(max_size=4), st.text(max_size=4), max_size=2),
            count=st.integers(0, 9),
        ),
        max_size=3,
    )
)
def test_inputs_read_back_as_they_were_written(inputs: dict[str, Input]) -> None:
    """Through canonical JSON and back."""
    assert inputs_from(parse_json(canonical_bytes(inputs_to_plain(inputs)))) == inputs


@pytest.mark.parametrize("plain", [[], {"a": 1}, {"a": {"digest": 1, "kind": "x"}}, {"a": {}}])
def test_another_form_is_no_input(plain: object) -> None:
    """Integrity, not a crash."""
    with pytest.raises(IntegrityError, match=r"inputs\.json"):
        inputs_from(plain)
