"""Lock files of each kind give up what they pin; what is not pinned is named, and what cannot be
read is refused with its place.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinigate.findings.troubles import ScannerError
from clinigate.security.scanners.dependencies import read_locks
from clinigate.security.scanners.dependencies_locks import is_foreign_lock, is_lock, read_lock
from clinigate.security.scanners.dependencies_package import NPM, PYPI, Lock

REQUIREMENTS = """\
# compiled
--index-url https://user:hunter2@index.example/all
jinja2[i18n]==2.4 \\
    --hash=sha256:aaaa \\
    --hash=sha256:bbbb
    # via flask
Typing_Extensions == 4.1.1 ; python_version < "3.12"
local.thing===1.0-odd
requests>=2
flask==2.*
tool @ https://user:hunter2@files.example/tool-1.0.whl
git+https://github.com/x/y
-e .
./lib/own
-e git+https://user:hunter2@git.example/y#egg=y
./wheels/z-1.0-py3-none-any.whl
-r base.in
-r https://user:hunter2@files.example/more.txt
-c constraints.txt
"""


def pinned(lock: Lock) -> list[tuple[str, str, int | None]]:
    return [(each.name, each.version, each.line) for each in lock.packages]


def test_requirements_with_hashes_markers_and_extras() -> None:
    lock = read_lock("requirements.txt", REQUIREMENTS.encode())
    assert pinned(lock) == [
        ("jinja2", "2.4", 3),
        ("typing-extensions", "4.1.1", 7),
        ("local-thing", "1.0-odd", 8),
    ]
    assert lock.includes == ("base.in",)
    assert {each.unit: each.reason.split()[0] for each in lock.excluded} == {
        "requirements.txt:9": "requests",
        "requirements.txt:10": "flask",
        "requirements.txt:11": "tool",
        "requirements.txt:12": "git",
        "requirements.txt:15": "a",
        "requirements.txt:16": "a",
        "requirements.txt:18": "it",
    }
    assert "hunter2" not in repr(lock)


def test_uv_poetry_and_pdm_tables() -> None:
    text = """\
version = 1
[[package]]
name = "sample"
version = "0.1.0"
source = { editable = "." }

[[package]]
name = "Jinja2"
version = "2.4"
source = { registry = "https://index.example/all" }

[[package]]
name = "nowhere"

[[package]]
name = "fork"
version = "2.0"
source = { git = "https://git.example/fork?rev=1" }

[[package]]
name = "forked"
version = "2.0"
source = { type = "git", url = "https://git.example/fork" }

[[package]]
name = "pinned"
version = "2.0"
git = "https://git.example/fork"
"""
    for name in ("uv.lock", "poetry.lock", "pdm.lock"):
        lock = read_lock(name, text.encode())
        assert pinned(lock) == [("jinja2", "2.4", 7)]
        assert [each.reason.partition(",")[0] for each in lock.excluded] == [
            "nowhere has no version",
            *(f"{name} comes from an address or a file" for name in ("fork", "forked", "pinned")),
        ]
        assert lock.packages[0].purl == "pkg:pypi/jinja2@2.4"


def test_pylock_and_pipfile() -> None:
    pylock = b"[[packages]]\nname = 'jinja2'\nversion = '2.4'\n[[packages]]\nname = 'me'\n"
    pylock += b"directory = { path = '.' }\n"
    assert pinned(read_lock("pylock.toml", pylock)) == [("jinja2", "2.4", 1)]
    pipfile = {"default": {"Jinja2": {"version": "==2.4"}}, "develop": {"x": {"git": "https://"}}}
    lock = read_lock("Pipfile.lock", json.dumps(pipfile).encode())
    assert pinned(lock) == [("jinja2", "2.4", None)]
    assert [each.unit for each in lock.excluded] == ["Pipfile.lock#x"]


def test_npm_by_folders_and_as_a_tree() -> None:
    folders = {
        "lockfileVersion": 3,
        "packages": {
            "": {"name": "app", "version": "1.0.0"},
            "packages/own": {"version": "1.0.0"},
            "node_modules/own": {"link": True},
            "node_modules/lodash": {"version": "4.17.4"},
            "node_modules/a/node_modules/@scope/b": {"version": "2.0.0-rc.1"},
            "node_modules/c": {"version": "git+ssh://x/c.git"},
            "node_modules/d": {"version": "1.0.0", "resolved": "git+ssh://git@x/d.git#0123"},
        },
    }
    lock = read_lock("package-lock.json", json.dumps(folders).encode())
    assert [(each.name, each.version) for each in lock.packages] == [
        ("lodash", "4.17.4"),
        ("@scope/b", "2.0.0-rc.1"),
    ]
    assert lock.packages[1].purl == "pkg:npm/%40scope/b@2.0.0-rc.1"
    assert [each.unit for each in lock.excluded] == [
        "package-lock.json#c",
        "package-lock.json#d",
    ]
    tree = {"dependencies": {"a": {"version": "1.0.0", "dependencies": {"b": {"version": "2"}}}}}
    old = read_lock("package-lock.json", json.dumps(tree).encode())
    assert [(each.ecosystem, each.name) for each in old.packages] == [(NPM, "a"), (NPM, "b")]


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("uv.lock", b"[[package]\n", "is no TOML"),
        ("uv.lock", b"package = 3\n", "no list of tables"),
        ("uv.lock", b"[[package]]\nversion = '1'\n", "number 1 has no name"),
        ("package-lock.json", b'{"packages": ', "is no JSON at line 1"),
        ("package-lock.json", b"[]", "a JSON object was wanted"),
        ("package-lock.json", b'{"lockfileVersion": 9}', "lockfileVersion is 9"),
        ("package-lock.json", b"[" * 100_000, "nested too deep|is no JSON"),
        ("uv.lock", b"", "uv.lock is empty"),
        ("package-lock.json", b"{}", "package-lock.json is empty"),
        ("Pipfile.lock", b"{}", "Pipfile.lock is empty"),
        ("requirements.txt", b"jinja2==2.4\n\xff\n", "is not UTF-8 at byte 12"),
    ],
)
def test_a_lock_file_that_cannot_be_read_is_refused(name: str, data: bytes, said: str) -> None:
    with pytest.raises(ScannerError, match=said):
        read_lock(name, data)


def test_names_of_lock_files() -> None:
    for name in (
        "requirements.txt", "requirements-dev.txt", "dev-requirements.txt", "requirements.lock",
        "requirements-iac.lock", "uv.lock", "poetry.lock", "pylock.dev.toml", "package-lock.json",
    ):  # fmt: skip
        assert is_lock(name), name
    for name in ("requirements.md", "notes.txt", "requirementsx.txt", "pyproject.toml"):
        assert not is_lock(name), name
    for name in ("Cargo.lock", "bun.lockb", "gradle.lockfile", "packages.lock.json"):
        assert is_foreign_lock(name), name


def test_included_files_are_read_whatever_their_name(project: Any) -> None:
    base = project(
        {
            "requirements.txt": "-r deps/base.in\n-r ../outside.txt\n",
            "deps/base.in": "jinja2==2.4\n-r ../requirements.txt\n",
            "Cargo.lock": "",
            "uv.lock": "[[package\n",
        }
    )
    files = [(path, path.relative_to(base).as_posix()) for path in sorted(base.rglob("*.*"))]
    locks = read_locks((path, uri) for path, uri in files if path.is_file())
    assert [(each.name, each.uri) for each in locks.packages] == [("jinja2", "deps/base.in")]
    reasons = {each.unit: each.reason for each in locks.excluded}
    assert set(reasons) == {"Cargo.lock", "uv.lock", "outside.txt"}
    assert "trivy reads it" in reasons["Cargo.lock"]
    assert "no TOML" in reasons["uv.lock"]


@given(
    st.dictionaries(
        st.from_regex(r"[a-z][a-z0-9]{0,8}(-[a-z0-9]{1,4})?", fullmatch=True),
        st.tuples(st.integers(0, 99), st.integers(0, 99)),
        max_size=6,
    ),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
)
def test_what_was_pinned_is_read_back(
    wanted: dict[str, tuple[int, int]], end: str, hashed: bool
) -> None:
    tail = f" \\{end}    --hash=sha256:{'a' * 64}" if hashed else "  # via x"
    lines = [f"{name}=={major}.{minor}{tail}{end}" for name, (major, minor) in wanted.items()]
    lock = read_lock("requirements.txt", "".join(lines).encode())
    assert {each.name: each.version for each in lock.packages} == {
        name: f"{major}.{minor}" for name, (major, minor) in wanted.items()
    }
    assert {each.ecosystem for each in lock.packages} <= {PYPI}
    assert not lock.excluded
