"""What ships is what stands in the tree, and nothing starts heavy."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HOMES = ("chaos", "gpu_bench", "load", "pytest_plugins", "reports", "scenarios")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")


def test_homes_are_relative_links() -> None:
    for home in HOMES:
        link = ROOT / "src" / "clinigate" / home
        assert link.is_symlink(), home
        assert str(link.readlink()) == f"../../{home}"


def tree_files() -> list[str]:
    """Every file and link that git tracks or would track."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.splitlines()  # fmt: skip
    return [line for line in listed if os.path.lexists(ROOT / line)]


def shipped_name(line: str) -> str | None:
    """The name that the wheel gives a file of the tree; None where it has no place in it."""
    if (ROOT / line).is_symlink():
        return None
    if line.startswith("src/clinigate/"):
        return line.removeprefix("src/")
    return f"clinigate/{line}" if line.split("/")[0] in HOMES else None


def test_the_wheel_holds_exactly_the_tree(tmp_path: Path) -> None:
    """Built from a copy, since setuptools leaves its build folder beside the sources."""
    lines = tree_files()
    for line in lines:
        copy = tmp_path / "tree" / line
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / line, copy, follow_symlinks=False)
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation",
         "--wheel-dir", str(tmp_path), str(tmp_path / "tree")],
        check=True, capture_output=True,
    )  # fmt: skip
    (wheel,) = tmp_path.glob("*.whl")
    names = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert names == {name for line in lines if (name := shipped_name(line))}


def test_the_lock_pins_every_package_by_hash_and_names_no_index() -> None:
    pins = re.findall(r"^([a-z0-9._-]+)==(\S+)", LOCK, re.MULTILINE)
    assert len(pins) > 20
    for block in re.split(r"\n(?=\S)", LOCK.strip()):
        assert "--hash=sha256:" in block, block.splitlines()[0]
    assert not re.search(r"https?://|file:|index-url|find-links|trusted-host", LOCK)


def test_the_lock_covers_what_the_project_asks_for() -> None:
    project = PROJECT["project"]
    groups = PROJECT["dependency-groups"]
    extras = project["optional-dependencies"]
    wanted = [*project["dependencies"], *extras["demo"], *extras["stats"]]
    wanted += groups["test"] + groups["lint"]
    pinned = set(re.findall(r"^([a-z0-9._-]+)==", LOCK, re.MULTILINE))
    names = {re.split(r"[<>=!~ \[;]", line)[0].lower().replace("_", "-") for line in wanted}
    assert names <= pinned


def modules_after(statement: str) -> set[str]:
    code = f"{statement}; import sys; print(' '.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


@pytest.mark.parametrize(
    "statement",
    [
        "import clinigate",
        "import clinigate.pytest_plugins.session, clinigate.pytest_plugins.clinical",
        "import clinigate.cli.app",
    ],
)
def test_starting_pulls_in_nothing_heavy(statement: str) -> None:
    heavy = {"numpy", "scipy", "torch", "pydantic", "httpx", "cryptography", "jinja2", "yaml"}
    assert not heavy & modules_after(statement)


def test_versions_agree() -> None:
    import clinigate

    assert clinigate.__version__ == PROJECT["project"]["version"]
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"## {clinigate.__version__}" in changelog
