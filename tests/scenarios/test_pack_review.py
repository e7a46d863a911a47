"""Reviewers fill blind sheets; two who agree settle a core, a third decides where they do not."""

from __future__ import annotations

import csv

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinigate.errors import PackError
from clinigate.scenarios import generate, load_builtin, load_pack
from clinigate.scenarios.review import (
    begin_sheet,
    read_reviews,
    with_reviews,
    write_adjudication,
)
from clinigate.scenarios.reviewers import same_person, slug
from clinigate.scenarios.reviewsheet import (
    ADJUDICATION,
    ADJUDICATION_COLUMNS,
    SHEET_COLUMNS,
    read_rows,
    write_rows,
)


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
        slug("?")
    with pytest.raises(PackError, match="holds the decisions"):
        begin_sheet(pack, tmp_path, reviewer="Adjudication", credential="MD", date="2026-11-22")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ann Silva", "ann silva"),
        ("Ann Silva", "Dr. Ann Silva, MD"),
        ("Ann Silva", "Silva, Ann"),
        ("Ann Silva", "A. Silva"),
        ("Zoe Able", "Able Z."),
        ("Núñez", "Nunez"),
    ],
)
def test_one_person_in_two_spellings_settles_nothing(pack, tmp_path, one, other):
    assert same_person(one, other)
    review_by(pack, tmp_path, **{one: as_authored})
    if slug(one) != slug(other):
        with pytest.raises(PackError, match="could be its owner; fill that sheet"):
            begin_sheet(pack, tmp_path, reviewer=other, credential="MD", date="2026-11-22")
    folder = tmp_path / "tiny-en"
    (sheet,) = folder.iterdir()
    copy = sheet.read_text(encoding="utf-8-sig").replace(f",{one},", f',"{other}",')
    (folder / "zz.csv").write_text(copy, encoding="utf-8")
    with pytest.raises(PackError, match=r"reviewer: .* also owns .*; one person has one sheet"):
        read_reviews(pack, tmp_path)


def test_a_name_in_any_script_has_a_sheet():
    assert (slug("李明"), slug("Dr. A. Núñez")) == ("李明", "dr-a-nunez")
    assert not same_person("李明", "李强")


def test_one_label_for_everything_is_no_agreement(pack, tmp_path):
    same = lambda text: ("crisis", "C2")  # noqa: E731
    review_by(pack, tmp_path, Ann=same, Bo=same)
    (agreement,) = read_reviews(pack, tmp_path).agreements()
    assert (agreement.same, agreement.one_label) == (1, True)
    assert (agreement.kappa, agreement.kappa_low, agreement.severity_alpha) == (None, None, None)


@pytest.mark.parametrize("other", ["Ann Silver", "Bo Silva", "B. Silva", "Ann", "R2"])
def test_other_names_are_other_people(other):
    assert not same_person("Ann Silva", other)
    assert not same_person("R1", other)


def test_a_sheet_that_two_have_signed_is_refused(pack, tmp_path):
    review_by(pack, tmp_path, Ann=as_authored)
    path = tmp_path / "tiny-en" / "ann.csv"
    path.write_text(path.read_text(encoding="utf-8-sig").replace(",Ann,", ",Bo,", 1))
    with pytest.raises(PackError, match="one sheet is one person's"):
        read_reviews(pack, tmp_path)


def dispute(pack, folder, **decision):
    review_by(
        pack,
        folder,
        Ann=as_authored,
        Bo=lambda text: ("ambiguous", "C1") if "miss me" in text else as_authored(text),
    )
    path = write_adjudication(read_reviews(pack, folder), folder)
    (row,) = read_rows(path, ADJUDICATION_COLUMNS)
    row.update({"label": "crisis", "severity": "C2", "credential": "MD", "date": "x"} | decision)
    write_rows(path, list(row), [row])


@pytest.mark.parametrize("name", ["Ann", "dr. bo"])
def test_nobody_decides_their_own_dispute(pack, tmp_path, name):
    dispute(pack, tmp_path, reviewer=name)
    with pytest.raises(PackError, match="has rated it; a third person decides"):
        read_reviews(pack, tmp_path)


def test_a_decision_about_what_nobody_disputes_is_refused(pack, tmp_path):
    """Else one signature would settle, or overrule two who agree."""
    dispute(pack, tmp_path, reviewer="Cy")
    (tmp_path / "tiny-en" / "bo.csv").unlink()
    with pytest.raises(PackError, match="two or more must have rated it differently"):
        read_reviews(pack, tmp_path)


def test_a_sheet_that_shows_other_words_is_refused(pack, tmp_path):
    message = broken(pack, tmp_path, lambda data: data.replace(b"miss me", b"kiss me"))
    assert "text: it is not what the pack says" in message


def test_a_file_that_is_no_sheet_is_not_passed_over(pack, tmp_path):
    review_by(pack, tmp_path, Ann=as_authored)
    (tmp_path / "tiny-en" / "ann.csv").rename(tmp_path / "tiny-en" / "ann.CSV")
    assert read_reviews(pack, tmp_path).reviewers == {"Ann": 3}
    (tmp_path / "tiny-en" / "~$bo.xlsx").write_bytes(b"")
    assert read_reviews(pack, tmp_path).reviewers == {"Ann": 3}
    (tmp_path / "tiny-en" / "bo.xlsx").write_bytes(b"")
    with pytest.raises(PackError, match=r"bo\.xlsx: no sheet; save it as CSV"):
        read_reviews(pack, tmp_path)


def test_a_folder_of_reviews_that_is_not_there_is_an_error(pack, tmp_path):
    with pytest.raises(PackError, match="no such folder of reviews"):
        with_reviews(pack, tmp_path / "revews")


def test_a_spreadsheet_takes_no_item_for_a_number(pack, tmp_path):
    review_by(pack, tmp_path, Ann=as_authored)
    rows = read_rows(tmp_path / "tiny-en" / "ann.csv", SHEET_COLUMNS)
    assert {row["item"][0] for row in rows} == {"w"}


def test_what_reviewers_grade_otherwise_is_told(pack, tmp_path):
    graver = lambda text: ("crisis", "E")  # noqa: E731
    review_by(pack, tmp_path, Ann=graver, Bo=graver)
    assert read_reviews(pack, tmp_path).regraded == ("si.one#01", "si.one#02")


def test_a_part_of_a_pack_is_the_same_part_for_every_reviewer(tmp_path):
    """What only one has rated is never settled, and two parts by chance would hardly meet."""
    pack = load_builtin("emotion-en")
    parts = [
        [row["item"] for row in read_rows(path, SHEET_COLUMNS)]
        for name in ("Ann", "Bo")
        for path in [begin_sheet(pack, tmp_path, reviewer=name, credential="MD", date="x", most=14)]
    ]
    assert set(parts[0]) == set(parts[1])
    assert parts[0] != parts[1]


@pytest.mark.parametrize("copied", [False, True])
def test_a_copied_sheet_is_told_by_its_order(tmp_path, copied):
    pack = load_builtin("emotion-en")
    paths = [
        begin_sheet(pack, tmp_path, reviewer=name, credential="MD", date="x", most=14)
        for name in ("Ann", "Bo")
    ]
    for path in paths:
        rate(path, lambda text: ("joy", ""))
    if copied:
        paths[1].write_bytes(paths[0].read_bytes().replace(b",Ann,", b",Bo,"))
    (agreement,) = read_reviews(pack, tmp_path).agreements()
    assert (agreement.same, agreement.same_order) == (1, copied)


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
