"""The tree keeps the rules of the house: they are few, and a machine can check these."""

from __future__ import annotations

import ast
import re
import subprocess
import tomllib
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HOMES = ("chaos", "gpu_bench", "load", "pytest_plugins", "reports", "scenarios")
MOST_LINES = 400

_MACHINE_PATH = re.compile(r"(?<![\w.}\])-])/(?:work|root|farm|Users)/")
_REGISTRY = re.compile(
    r"\b(?:(?:test\.)?pypi\.org|files\.pythonhosted\.org|registry\.npmjs\.org|docker\.io|"
    r"ghcr\.io|quay\.io|registry\.[\w-]+\.\w+(?!\w*\()|proxy\.golang\.org|crates\.io)\b"
)
_UNFINISHED = re.compile(r"\b(?:TODO|FIXME|XXX|HACK|raise NotImplementedError)\b")


def tracked(*suffixes: str) -> list[Path]:
    """Files that git tracks or would track, links to homes left out."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.splitlines()  # fmt: skip
    paths = [ROOT / line for line in listed if not suffixes or line.endswith(suffixes)]
    return [path for path in paths if path.is_file() and not path.is_symlink()]


def shipped() -> list[Path]:
    """The modules of the package, at their real places."""
    homes = [ROOT / "src", *(ROOT / home for home in HOMES)]
    return [path for path in tracked(".py") if any(home in path.parents for home in homes)]


def holding(pattern: re.Pattern[str], paths: list[Path]) -> list[str]:
    """Where a pattern stands, as `path:line`."""
    return [
        f"{path.relative_to(ROOT)}:{number}"
        for path in paths
        for number, line in enumerate(_lines(path), 1)
        if pattern.search(line)
    ]


def _lines(path: Path) -> list[str]:
    """Of a text; none of a file that is none."""
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError:
        return []


def test_no_file_names_a_place_of_one_machine() -> None:
    assert holding(_MACHINE_PATH, tracked()) == []


def test_no_file_names_a_registry() -> None:
    """Where packages come from is for whoever installs them to say."""
    assert holding(_REGISTRY, tracked()) == []


def test_nothing_that_ships_is_unfinished() -> None:
    assert holding(_UNFINISHED, shipped()) == []


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        (_MACHINE_PATH, "see " + "/".join(["", "work", "main"]), True),
        (_MACHINE_PATH, "file://" + "/".join(["", "root", ".venv"]), True),
        (_MACHINE_PATH, "https://example.org" + "/".join(["", "work", "a"]), False),
        (_MACHINE_PATH, "{base}" + "/".join(["", "root", "a"]), False),
        (_REGISTRY, "https://" + ".".join(["pypi", "org"]) + "/simple", True),
        (_REGISTRY, "registry." + "example.com", True),
        (_REGISTRY, "a registry of checks", False),
        (_REGISTRY, "registry.store.find(node)", False),
        (_UNFINISHED, "# TO" + "DO: later", True),
        (_UNFINISHED, "raise NotImplemented" + "Error", True),
        (_UNFINISHED, "except NotImplementedError:", False),
        (_UNFINISHED, "nothing to do", False),
    ],
)
def test_the_patterns_find_what_they_should(
    pattern: re.Pattern[str], text: str, found: bool
) -> None:
    assert bool(pattern.search(text)) is found


def test_no_module_has_two_jobs() -> None:
    """Past this size it has."""
    sizes = {str(path.relative_to(ROOT)): len(_lines(path)) for path in tracked(".py")}
    assert sizes
    assert not {name: size for name, size in sizes.items() if size > MOST_LINES}


def test_every_public_module_says_what_it_offers() -> None:
    """By `__all__`, but for packages without code of their own, programs, and suites."""
    silent = [
        str(path.relative_to(ROOT))
        for path in shipped()
        if not path.name.startswith(("_", "test_")) and not _has_all(path)
    ]
    assert silent == []


def _has_all(path: Path) -> bool:
    return any(
        isinstance(to, ast.Name) and to.id == "__all__"
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.Assign | ast.AnnAssign)
        for to in (node.targets if isinstance(node, ast.Assign) else [node.target])
    )


def test_names_of_test_modules_are_unique() -> None:
    """They are imported without a package; two of one name would be one."""
    names = Counter(path.name for path in tracked(".py") if path.name.startswith("test_"))
    # The suites are what `clinigate init` copies into a repository, ours included.
    suites = {path.name for path in (ROOT / "src/clinigate/suites").glob("*/test_*.py")}
    assert not {name for name, count in names.items() if count > 1 + (name in suites)}


def test_the_ci_script_runs_everything_and_skips_nothing() -> None:
    script = ROOT / ".ci" / "run"
    assert script.stat().st_mode & 0o111 == 0o111
    lines = script.read_text(encoding="utf-8").splitlines()
    assert "set -euo pipefail" in lines
    assert any(re.match(r"export .*\bCLINIGATE_REQUIRE_ALL=1\b", line) for line in lines)
    made = {word for line in lines if line.startswith("make ") for word in line.split()[1:]}
    assert {"test", "lint", "types"} <= made


@pytest.mark.parametrize("target", ["demo", "test", "lint", "types", "bench", "docs"])
def test_make_knows(target: str) -> None:
    """And sets itself up before it begins."""
    phony, *rules = re.findall(r"^(?:\.PHONY: (.*)|(\w+): \$\(STAMP\))$", _makefile(), re.M)
    assert target in phony[0].split()
    assert target in {name for _, name in rules}


def _makefile() -> str:
    return (ROOT / "Makefile").read_text(encoding="utf-8")


def test_every_home_is_linted_and_banned_as_a_top_level_import() -> None:
    """A home that is forgotten in one of the lists is checked by nobody."""
    (linted,) = re.findall(r"^HOMES := (.*)$", _makefile(), re.M)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    banned = project["tool"]["ruff"]["lint"]["flake8-tidy-imports"]["banned-api"]
    assert set(linted.split()) == set(HOMES) == set(banned)
