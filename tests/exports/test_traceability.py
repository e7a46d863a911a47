"""The traceability matrix: both directions, orphans of both sides, and no cell acts."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinigate.pipeline.exports import Form, Material, exported
from clinigate.reports.spreadsheet import cell, table
from clinigate.reports.traceability import COLUMNS, traceability_csv


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


@pytest.fixture
def rows(material: Callable[..., Material]) -> list[dict[str, str]]:
    return rows_of(exported(Form.CSV, material()).data.decode("utf-8"))


def test_a_clause_leads_to_its_criterion_its_checks_and_its_evidence(
    material: Callable[..., Material], rows: list[dict[str, str]]
) -> None:
    bundle = material().examined.bundle
    row = next(each for each in rows if each["criterion"] == "audit.rows")
    assert row["citation"] == "45 CFR 164.312(b)"
    assert (row["verdict"], row["checks"], row["orphan"]) == ("PASS", "CG-1", "")
    assert f"blobs/sha256/{row['evidence (SHA-256)'][:2]}" in " ".join(bundle.names)
    assert row["run"] == bundle.run
    assert f"sha256:{row['statement (SHA-256)']}" == bundle.statement_digest


def test_orphans_of_both_sides_are_rows(
    material: Callable[..., Material], rows: list[dict[str, str]]
) -> None:
    orphans = {each["orphan"] for each in rows}
    assert {"clause without criterion", "criterion without clause"} <= orphans
    own = next(each for each in rows if each["orphan"] == "criterion without clause")
    assert (own["criterion"], own["citation"]) == ("team.own", "")
    unasked = next(each for each in rows if each["checks"] == "CG-6")
    assert (unasked["orphan"], unasked["criterion"]) == ("measurement without criterion", "")
    clauses = material().report.clauses
    assert clauses is not None
    assert {each.citation for each in clauses.rows} <= {each["citation"] for each in rows}


def test_a_gap_and_a_check_that_broke_are_no_pass(rows: list[dict[str, str]]) -> None:
    told = {each["criterion"]: each["verdict"] for each in rows if each["criterion"]}
    assert told["access.gap"] == "NOT ASSESSED"
    assert told["access.broken"] == "ERROR"
    unseen = [each for each in rows if each["orphan"] == "clause without criterion"]
    assert {each["verdict"] for each in unseen} == {"NOT ASSESSED"}


def test_what_a_stranger_named_does_not_act_in_a_spreadsheet(rows: list[dict[str, str]]) -> None:
    row = next(each for each in rows if each["criterion"] == "audit.lost")
    assert row["title"].startswith("'=HYPERLINK(")
    assert "[U+202E]" in row["title"]


def test_the_same_report_gives_the_same_text(material: Callable[..., Material]) -> None:
    report = material().report
    assert traceability_csv(report) == traceability_csv(replace(report))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("=1+1", "'=1+1"),
        ("+1 2", "'+1 2"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("-cmd|' /C calc'!A0", "'-cmd|' /C calc'!A0"),
        ("＝1", "'＝1"),
        ("\t=1", "'=1"),
        ("\r=1", "[U+000D]=1"),
        ("-0.25", "-0.25"),
        ("+1,024.5e-3", "+1,024.5e-3"),
        ("a\nb", "a b"),
    ],
)
def test_only_numbers_keep_a_sign_at_their_head(text: str, shown: str) -> None:
    assert cell(text) == shown


@given(st.lists(st.lists(st.text(), min_size=2, max_size=2), max_size=5))
def test_no_cell_is_a_formula_and_every_cell_comes_back(given_rows: list[list[str]]) -> None:
    read = list(csv.reader(io.StringIO(table(("a", "b"), given_rows))))
    assert read[0] == ["a", "b"]
    assert read[1:] == [[cell(each) for each in row] for row in given_rows]
    for each in (one for row in read[1:] for one in row):
        assert not each.startswith(("=", "@", "\t", "\r", "|", "%"))
        assert not each.startswith(("+", "-")) or each[1].isdigit()


def test_the_columns_are_those_of_the_documentation() -> None:
    """Whoever imports the file names columns; none goes without notice."""
    assert len(set(COLUMNS)) == len(COLUMNS) == 22
