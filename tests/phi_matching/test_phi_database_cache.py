"""Compiled databases are kept where nobody else writes, and believed only as they were written."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinigate.phi.matching.cache import cached
from clinigate.phi.matching.compiled import Compiled, Database
from clinigate.phi.matching.engines import engine_for
from clinigate.phi.matching.plan import Plan
from clinigate.phi.matching.search import Search
from clinigate.phi.model import Letter
from clinigate.phi.recognizer import Recognizer, Tier, form

#: More than are compiled each time.
FORMS = (form(r"9{3,4}x", 0.9), *(form(rf"zz{number}q", 0.9) for number in range(9)))
ROWS = (Recognizer("T-NINE", Letter.R, "nine", Tier.CONTEXTUAL, FORMS),)
databases = st.builds(
    Database, st.lists(st.integers(0, 99), max_size=3).map(tuple), st.binary(max_size=30)
)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "clinigate" / "phi"


class Compiler:
    """Counts how often it is asked."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self) -> Compiled:
        self.asked += 1
        return Compiled((Database((0,), b"data"),))


@given(st.lists(databases, max_size=3).map(tuple), st.integers(0, 400), st.integers(1, 255))
def test_bytes_that_are_not_as_written_are_not_believed(
    made: tuple[Database, ...], at: int, change: int
) -> None:
    packed = bytearray(Compiled(made).packed())
    assert Compiled.unpacked(bytes(packed)) == Compiled(made)
    packed[at % len(packed)] ^= change
    assert Compiled.unpacked(bytes(packed)) is None
    assert Compiled.unpacked(bytes(packed[: at % len(packed)])) is None


def test_what_was_compiled_once_is_not_compiled_again(folder: Path) -> None:
    compiler = Compiler()
    first = cached(["a"], "1", compiler)
    assert cached(["a"], "1", compiler) == first
    assert compiler.asked == 1
    cached(["b"], "1", compiler)
    cached(["a"], "2", compiler)
    assert compiler.asked == 3
    assert folder.stat().st_mode & 0o777 == 0o700
    assert not list(folder.glob("*.part"))


def test_a_damaged_file_is_made_anew(folder: Path) -> None:
    compiler = Compiler()
    cached(["a"], "1", compiler)
    (file,) = folder.iterdir()
    file.write_bytes(file.read_bytes()[:-1])
    cached(["a"], "1", compiler)
    cached(["a"], "1", compiler)
    assert compiler.asked == 2


@pytest.mark.skipif(os.name != "posix", reason="modes of files")
def test_a_folder_that_others_write_is_not_believed(folder: Path) -> None:
    compiler = Compiler()
    cached(["a"], "1", compiler)
    folder.chmod(0o777)
    cached(["a"], "1", compiler)
    assert compiler.asked == 2


def test_a_cache_that_cannot_be_is_no_trouble(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert cached(["a"], "1", Compiler()).databases[0].data == b"data"


def test_few_files_are_kept(folder: Path) -> None:
    for number in range(40):
        cached([str(number)], "1", Compiler())
    assert len(list(folder.iterdir())) == 32


def test_a_database_of_another_engine_is_compiled_anew(folder: Path) -> None:
    """Its digest is right, and hyperscan does not take it."""
    pytest.importorskip("hyperscan")
    assert len(list(Search(ROWS, 0.8, "hyperscan").hits(b"a 9999x"))) == 2
    _looks, databases = sorted(folder.iterdir(), key=lambda file: file.stat().st_size)
    before = databases.read_bytes()
    databases.write_bytes(Compiled((Database((0,), b"no database"),)).packed())
    assert len(list(Search(ROWS, 0.8, "hyperscan").hits(b"a 9999x"))) == 2
    assert databases.read_bytes() == before
    assert Plan(ROWS, 0.8).looks == tuple(Plan(ROWS, 0.8)._made())
    assert engine_for(Plan(ROWS, 0.8)).name == "hyperscan"
