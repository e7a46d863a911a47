"""Reviewers fill blind sheets; two who agree settle a core, a third decides where they do not."""

from __future__ import annotations

import csv

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinigate.errors import PackError
from clinigate.scenarios import generate, load_pack
from clinigate.scenarios.review import (
    begin_sheet,
    read_reviews,
    with_reviews,
    write_adjudication,
)
from clinigate.scenarios.reviewsheet import ADJUDICATION, SHEET_COLUMNS, read_rows, slug, write_rows


@pytest.fixture
def pack(pack_text, write_pack):
    return load_pack(write_pack(pack_text))


def rate(path, said):
    """Fill a sheet: `said` gives label and severity for a text, or None to leave it."""
    rows = read_rows(path, SHEET_COLUMNS)
    for row in rows:
        if (given := said(row["text"])) is not None:
            row["label"], row["severity"] = given
    write_rows(path, SHEET_COLUMNS, rows)


def as_authored(text):
    return ("crisis", "E" if "goodbye" in text else "C2")


def review_by(pack, folder, **people):
    for name, said in people.items():
        rate(begin_sheet(pack, folder, reviewer=name, credential="MD", date="2026-11-22"), said)


def test_a_sheet_shows_every_message_and_nothing_of_its_label(pack, tmp_path):
    path = begin_sheet(pack, tmp_path, reviewer="Dr. A. Núñez", credential="MD", date="2026-11-22")
    assert path == tmp_path / "tiny-en" / "dr-a-nunez.csv"
    content = path.read_text(encoding="utf-8-sig")
    assert "si.one" not in content
    assert "crisis" not in content
    rows = read_rows(path, SHEET_COLUMNS)
    assert len(rows) == 3
    assert any("assistant: I am here." in row["text"] for row in rows)


def test_each_reviewer_has_an_order_of_their_own_and_may_take_a_part(pack, tmp_path):
    orders = {
        tuple(
            row["item"]
            for row in read_rows(
                begin_sheet(pack, tmp_path, reviewer=f"R{n}", credential="MD", date="2026-11-22"),
                SHEET_COLUMNS,
            )
        )
        for n in range(8)
    }
    assert len(orders) > 1
    short = begin_sheet(pack, tmp_path, reviewer="S", credential="MD", date="2026-11-22", most=2)
    assert len(read_rows(short, SHEET_COLUMNS)) == 2


def test_one_reviewer_settles_nothing(pack, tmp_path):
    review_by(pack, tmp_path, Ann=as_authored)
    review = read_reviews(pack, tmp_path)
    assert (review.reviewers, review.settled, review.disputed) == ({"Ann": 3}, {}, ())
    assert all(not case.review for case in generate(with_reviews(pack, tmp_path), seed=0))


def test_two_who_agree_settle_a_core_and_its_cases_say_so(pack, tmp_path):
    review_by(pack, tmp_path, Ann=as_authored, Bo=as_authored)
    reviewed = with_reviews(pack, tmp_path)
    assert reviewed.withdrawn == 0
    assert reviewed.reviewed
    for case in generate(reviewed, seed=0, per_core=2):
        assert [(each.reviewer, each.credential) for each in case.review] == [
            ("Ann", "MD"),
            ("Bo", "MD"),
        ]


def test_agreement_is_counted_over_what_both_have_rated(pack, tmp_path):
    review_by(
        pack,
        tmp_path,
        Ann=as_authored,
        Bo=lambda text: ("none", "none") if "miss me" in text else as_authored(text),
    )
    (agreement,) = read_reviews(pack, tmp_path).agreements()
    assert (agreement.reviewers, agreement.n, agreement.same) == (("Ann", "Bo"), 3, 2 / 3)
    assert agreement.kappa_low == -1  # three items show nothing


def test_a_dispute_waits_for_a_decision_and_is_settled_by_it(pack, tmp_path):
    review_by(
        pack,
        tmp_path,
        Ann=as_authored,
        Bo=lambda text: ("ambiguous", "C1") if "miss me" in text else as_authored(text),
    )
    review = read_reviews(pack, tmp_path)
    assert review.disputed == ("si.one#02",)
    path = write_adjudication(review, tmp_path)
    (row,) = read_rows(path, ("item", "text", "ratings", *SHEET_COLUMNS[2:]))
    assert row["ratings"] == "Ann: crisis C2; Bo: ambiguous C1"
    row.update(label="ambiguous", severity="C1", reviewer="Cy", credential="MD", date="2026-11-23")
    write_rows(path, list(row), [row])
    decided = with_reviews(pack, tmp_path)
    assert decided.withdrawn == 1
    assert "si.one#02" not in {archetype.core_id(core) for archetype, core in decided.cores()}
    assert decided.digest != pack.digest
    # what is decided is not asked again, and nothing of it is lost
    assert write_adjudication(read_reviews(pack, tmp_path), tmp_path) == path
    assert len(path.read_text(encoding="utf-8-sig").splitlines()) == 2


def test_an_archetype_that_loses_all_its_cores_is_an_error(pack, tmp_path):
    other = lambda text: ("none", "none")  # noqa: E731
    review_by(pack, tmp_path, Ann=other, Bo=other)
    with pytest.raises(PackError, match=r"'si\.one': reviewers labelled all of its cores"):
        with_reviews(pack, tmp_path)


def broken(pack, folder, change):
    review_by(pack, folder, Ann=as_authored)
    path = folder / pack.id / "ann.csv"
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(PackError) as error:
        read_reviews(pack, folder)
    assert str(path) in str(error.value)
    return str(error.value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda data: data.replace(b"crisis,E", b"crysis,E"), "unknown label 'crysis'; nearest"),
        (lambda data: data.replace(b"crisis,E", b"crisis,E9"), "unknown severity 'E9'"),
        (lambda data: data.replace(b"crisis,E", b"none,E"), "'E' does not go with label 'none'"),
        (lambda data: data.replace(b"crisis,E", b"crisis,"), "'none' does not go with"),
        (lambda data: data.replace(b"MD", b""), "credential: it is empty"),
        (lambda data: data + data.splitlines(keepends=True)[-1], "also stands in line"),
        (lambda data: data.replace(b"severity", b"weight"), "wanted the columns item, text"),
        (lambda data: data + b"a,b\r\n", "wanted 8 cells"),
        (lambda data: data.replace(b"\r\n", b"\r\nx", 1), "is no wording of tiny-en@1.0.0"),
        (lambda data: data + b"\xff", "not UTF-8"),
        (lambda data: data + b'"a', "no CSV"),
    ],
)
def test_a_broken_sheet_is_named_with_the_place(pack, tmp_path, change, message):
    assert message in broken(pack, tmp_path, change)


def test_a_wording_that_changed_since_is_not_reviewed_by_mistake(
    pack, pack_text, write_pack, tmp_path
):
    review_by(pack, tmp_path, Ann=as_authored, Bo=as_authored)
    changed = load_pack(write_pack(pack_text.replace("if i was gone", "if i left")))
    with pytest.raises(PackError, match="it changed since"):
        read_reviews(changed, tmp_path)


def test_one_person_has_one_sheet(pack, tmp_path):
    review_by(pack, tmp_path, Ann=as_authored)
    with pytest.raises(PackError, match="has a sheet already"):
        begin_sheet(pack, tmp_path, reviewer="Ann", credential="MD", date="2026-11-22")
    folder = tmp_path / "tiny-en"
    (folder / "ann2.csv").write_bytes((folder / "ann.csv").read_bytes())
    with pytest.raises(PackError, match=r"'Ann' also owns .*ann\.csv"):
        read_reviews(pack, tmp_path)
    with pytest.raises(PackError, match="wanted a name with letters"):
        slug("adjudication")


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=30))
def test_a_cell_survives_the_sheet_and_is_never_a_formula(tmp_path_factory, text):
    path = tmp_path_factory.mktemp("sheet") / "s.csv"
    write_rows(path, ("item", "text"), [{"item": "1", "text": text}])
    with path.open(encoding="utf-8-sig", newline="") as file:
        _, cells = csv.reader(file)
    assert not cells[1].startswith(("=", "+", "-", "@"))
    (row,) = read_rows(path, ("item", "text"))
    assert row["text"].split() == text.split()


def test_decisions_are_no_reviewer(pack, tmp_path):
    assert ADJUDICATION == "adjudication.csv"
    assert read_reviews(pack, tmp_path).reviewers == {}
