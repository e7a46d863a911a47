"""Elements of dates are found however they are written, and nothing of a file is left unread."""

from __future__ import annotations

import json
import random
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest

from clinigate.errors import MissingExtraError
from clinigate.phi.deidentification import columnar
from clinigate.phi.deidentification.census import Census, take
from clinigate.phi.deidentification.identity import dataset_digest
from clinigate.phi.deidentification.looking import Look, letters_of, look_for
from clinigate.phi.deidentification.moments import moments_in
from clinigate.phi.deidentification.tables import tables_of
from clinigate.phi.model import Letter

TODAY = date(2026, 11, 22)
VALUE = "219-53-" + "8841"


@pytest.fixture(scope="module")
def look() -> Look:
    return look_for(TODAY)


@pytest.fixture
def census(tmp_path: Path, look: Look) -> Callable[[Path], Census]:
    return lambda path: take(tables_of(path, tmp_path)[0], look, letters_of())


def column(path: Path, name: str, values: Sequence[str]) -> Path:
    path.write_text("\n".join(["mood," + name, *(f"fair,{value}" for value in values)]))
    return path


def counted(census: Census, letter: Letter) -> tuple[int, int]:
    tallies = census.of(letter)
    return sum(each.counted for each in tallies), sum(each.open_questions for each in tallies)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("visit", ["2021-W14-3", "2021W14", "2020-W53"]),
        ("visit", ["2021-203", "2020-366", "2021-007"]),
        ("period", ["2021-Q3", "Q1 2020", "2021Q2"]),
        ("createdAt", ["1600000000", "1612345678", "1650000000"]),
        ("updated_at", ["1600000000123", "1612345678000", "1650000000999"]),
        ("admission_day", ["18519", "18600", "17012"]),
        ("visit_date", ["44197", "44310.0", "43001.5"]),
        ("birth_year", ["1921", "1930", "1936"]),
        ("yearOfBirth", ["1921", "1930", "1899"]),
    ],
)
def test_a_column_of_moments_counts(
    name: str, values: list[str], tmp_path: Path, census: Callable[[Path], Census]
) -> None:
    assert counted(census(column(tmp_path / "a.csv", name, values)), Letter.C)[0] == len(values)


def test_a_number_that_may_be_a_moment_waits_for_somebody(
    tmp_path: Path, census: Callable[[Path], Census]
) -> None:
    chance = random.Random(1)
    values = [str(chance.randrange(1_500_000_000, 1_600_000_000)) for _ in range(30)]
    assert counted(census(column(tmp_path / "a.csv", "ref", values)), Letter.C) == (0, 30)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("birth_year", ["1937", "1988", "2004"]),
        ("visit_year", ["1921", "2021", "1999"]),
        ("day", ["3", "14", "365"]),
        ("steps", ["18519", "44197", "7300"]),
        ("birth_weight_g", ["3100", "2950", "4020"]),
        ("code", ["Q5", "2021-400", "W14"]),
    ],
)
def test_what_the_clause_allows_is_no_moment(name: str, values: list[str]) -> None:
    lines = "".join(f"{name}: {value}\n" for value in values).encode()
    assert list(moments_in(lines, TODAY)) == []


def test_a_year_of_birth_in_prose_counts_as_the_age_that_it_says() -> None:
    for said, found in (("born in 1921", 1), ("Born 1960", 0), ("born 1921-400", 0)):
        hits = list(moments_in(f"note: She was {said} abroad.\n".encode(), TODAY))
        assert [hit.rule for hit in hits] == ["CG-PHI-AGE"] * found


def ssns(census: Census) -> int:
    return counted(census, Letter.G)[0]


def test_empty_lines_before_a_header_hide_no_file(
    tmp_path: Path, census: Callable[[Path], Census]
) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"\n\r\n\nmood;ssn\n\nfair;{VALUE}\n\nfair;{VALUE}\n")
    seen = census(path)
    assert (seen.tables, seen.rows, ssns(seen)) == (1, 2, 2)


def test_what_stands_beside_the_entries_of_a_bundle_is_read(
    tmp_path: Path, census: Callable[[Path], Census]
) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps({"entry": [{"mood": "fair"}] * 3, "meta": {"ssn": VALUE}}))
    seen = census(path)
    assert (seen.rows, ssns(seen)) == (4, 1)


def test_a_key_that_comes_again_hides_no_value(
    tmp_path: Path, census: Callable[[Path], Census]
) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(f'{{"note": "ssn {VALUE}", "note": "fair", "note": "fine"}}\n')
    seen = census(path)
    assert (seen.cells, ssns(seen)) == (3, 1)


def test_computed_columns_of_sqlite_are_read(
    tmp_path: Path, census: Callable[[Path], Census]
) -> None:
    path = tmp_path / "a.db"
    with closing(sqlite3.connect(path)) as base:
        base.execute("CREATE TABLE t (mood, ssn, copy GENERATED ALWAYS AS (ssn) STORED)")
        base.execute("INSERT INTO t (mood, ssn) VALUES ('fair', ?)", (VALUE,))
        base.commit()
    seen = census(path)
    assert {each.column for each in seen.of(Letter.G)} == {"ssn", "copy"}


def test_without_pyarrow_the_extra_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lacking(_name: str) -> object:
        raise ImportError

    monkeypatch.setattr(columnar.importlib, "import_module", lacking)
    with pytest.raises(MissingExtraError, match="phi-files"):
        list(columnar.parquet_tables(tmp_path / "a.parquet", "a.parquet"))


def test_a_dataset_has_no_folders_that_are_left_out(
    tmp_path: Path, census: Callable[[Path], Census]
) -> None:
    for name in ("node_modules", "__pycache__", ".git", "env/bin"):
        (tmp_path / "d" / name).mkdir(parents=True)
        column(tmp_path / "d" / name / "a.csv", "ssn", [VALUE])
    (tmp_path / "d/env/pyvenv.cfg").touch()
    (tmp_path / "d/env/bin/python").touch()
    assert ssns(census(tmp_path / "d")) == 4
    before = dataset_digest(tmp_path / "d")
    column(tmp_path / "d/node_modules/a.csv", "ssn", ["fair"])
    assert dataset_digest(tmp_path / "d") != before
