"""Each letter's identifiers are found in a dataset, and a scan alone shows nothing of the rest."""

from __future__ import annotations

import base64
import json
import random
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from clinigate.config.phi_deidentification import DeidentificationTable
from clinigate.core.judgement import judge_all
from clinigate.core.verdict import Status, Verdict
from clinigate.errors import UsageError
from clinigate.findings.acceptance import Acceptance, Way
from clinigate.phi.deidentification import made
from clinigate.phi.deidentification.criteria import CODES_CLAUSE, KNOWLEDGE_CLAUSE, criteria_for
from clinigate.phi.deidentification.expert import expert_figures
from clinigate.phi.deidentification.judging import Assessment, Attested, Question, assess
from clinigate.phi.deidentification.observed import observed
from clinigate.phi.deidentification.plants import KINDS, plants
from clinigate.phi.deidentification.recall import planted_recall, sample
from clinigate.phi.deidentification.tables import tables_of
from clinigate.phi.model import Hit, Letter

Ask = Callable[..., Question]
Csv = Callable[..., Path]

CLAUSES = ("164.514(b)(2)(i)(P)", "164.514(b)(2)(i)(Q)", KNOWLEDGE_CLAUSE)


def verdicts(done: Assessment) -> dict[str, Verdict]:
    """The verdicts by the last part of their criterion's name."""
    seen = [*observed(done), *expert_figures(done)]
    judged = judge_all(criteria_for(done.question.table), seen)
    return {each.criterion.rpartition(".")[2]: each for each in judged}


def signed(*clauses: str) -> dict[str, Attested]:
    return {each: Attested(each, "Ada (privacy)", "2027-01-31", "sha256:0") for each in clauses}


def blind(_data: bytes) -> list[Hit]:
    return []


def seeing_all(data: bytes) -> list[Hit]:
    return [Hit("CG-PHI-NAME", 0, len(data), 0.4)]


def test_a_clean_dataset_passes_all_but_what_no_scan_can_see(dataset: Csv, question: Ask) -> None:
    judged = verdicts(assess(question(dataset())))
    open_ones = {name for name, each in judged.items() if each.status is not Status.PASS}
    assert open_ones == {"p", "q", "knowledge"}
    assert {judged[name].status for name in open_ones} == {Status.NOT_ASSESSED}
    assert "`clinigate phi attest`" in judged["knowledge"].reason


def test_a_clean_dataset_passes_once_people_signed(dataset: Csv, question: Ask) -> None:
    asked = replace(question(dataset()), attested=signed(*CLAUSES))
    judged = verdicts(assess(asked))
    assert {each.status for each in judged.values()} == {Status.PASS}


def test_each_letter_is_found_where_it_stands(dataset: Csv, question: Ask) -> None:
    """One column for each letter: each verdict is its own."""
    chance = random.Random(5)
    columns: dict[str, Sequence[str]] = {
        KINDS[letter][0].headers[0]: [KINDS[letter][0].make(chance) for _ in range(10)]
        for letter in Letter
    }
    done = assess(replace(question(dataset(**columns)), attested=signed(*CLAUSES, CODES_CLAUSE)))
    judged = verdicts(done)
    letters = {letter.name.lower() for letter in Letter}
    assert not [name for name in letters if judged[name].status is Status.PASS]
    assert {name for name in letters if judged[name].status is Status.FAIL} >= letters - {"m"}
    shown = repr([each.about for each in observed(done)])
    assert not [value for values in columns.values() for value in values if value in shown]


def test_a_single_value_in_prose_is_enough(dataset: Csv, question: Ask) -> None:
    chance = random.Random(6)
    notes = ["Doing well."] * 39 + [f"Call the sister at {made.telephone(chance)}."]
    judged = verdicts(assess(question(dataset(remark=notes))))
    assert judged["d"].status is Status.FAIL
    assert "1 finding among 40" in judged["d"].reason


def test_a_column_of_days_counts_without_a_word_that_says_so(dataset: Csv, question: Ask) -> None:
    days = [f"20{n % 20:02}-03-{n % 28 + 1:02}" for n in range(40)]
    assert verdicts(assess(question(dataset(event=days))))["c"].status is Status.FAIL


def test_a_search_that_is_blind_shows_nothing(dataset: Csv, question: Ask) -> None:
    """The planted fault of the check itself: nothing is found, and nothing passes."""
    asked = replace(question(dataset()), look=blind, attested=signed(*CLAUSES))
    judged = verdicts(assess(asked))
    assert judged["recall"].status is Status.FAIL
    assert judged["g"].status is Status.INCONCLUSIVE
    assert "found 0 of 20 that were planted" in judged["g"].reason
    assert judged["p"].status is Status.PASS  # somebody signed for it, whatever a search sees


def test_nothing_is_never_a_pass(dataset: Csv, question: Ask, tmp_path: Path) -> None:
    empty = dataset(rows=0)
    judged = verdicts(assess(replace(question(empty), attested=signed(*CLAUSES))))
    assert {each.status for name, each in judged.items() if name != "knowledge"} == {
        Status.NOT_ASSESSED
    }
    (tmp_path / "nothing").mkdir()
    judged = verdicts(assess(question(tmp_path / "nothing")))
    assert Status.PASS not in {each.status for each in judged.values()}


def test_what_could_not_be_read_forbids_a_pass(question: Ask, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"mood": "fair"}\n' * 30 + "torn\n")
    judged = verdicts(assess(replace(question(path), attested=signed(*CLAUSES))))
    assert judged["g"].status is Status.INCONCLUSIVE
    assert "1 more could not be looked at" in judged["g"].reason


def test_doubtful_finds_wait_for_somebody(dataset: Csv, question: Ask) -> None:
    chance = random.Random(7)
    codes = [made.licence(chance) for _ in range(40)]
    asked = question(dataset(code=codes))
    judged = verdicts(assess(asked))
    assert judged["k"].status is Status.INCONCLUSIVE
    assert "code (CG-PHI-LICENCE)" in judged["k"].reason
    allowed = Acceptance(
        Way.ALLOW, "CG-PHI-*", "visits.csv", date(2027, 1, 1), "codes", "c.toml", 1
    )
    judged = verdicts(assess(replace(asked, acceptances=[allowed])))
    assert judged["k"].status is Status.PASS, judged["k"].reason
    assert judged["r"].status is Status.INCONCLUSIVE
    judged = verdicts(assess(replace(asked, attested=signed(CODES_CLAUSE))))
    assert (judged["k"].status, judged["r"].status) == (Status.PASS, Status.PASS)


def test_codes_are_columns_with_another_value_in_every_row(dataset: Csv, question: Ask) -> None:
    chance = random.Random(8)
    beside = {
        "subject": [f"x{chance.randrange(10**9)}" for _ in range(40)],
        "row": [str(n) for n in range(40)],
        "weight": [f"{chance.uniform(50, 90):.3f}" for _ in range(40)],
        "site": [f"s{n % 8}" for n in range(40)],
    }
    done = assess(question(dataset(**beside)))
    assert done.census.codes == [("visits.csv", "subject")]
    reason = verdicts(done)["r"].reason
    assert "subject of visits.csv: another value in every row" in reason
    assert CODES_CLAUSE in reason


def test_pictures_and_recordings_are_known_by_their_heads(question: Ask, tmp_path: Path) -> None:
    jpeg = b"\xff\xd8\xff\xe0" + bytes(80)
    path = tmp_path / "a.sqlite"
    with closing(sqlite3.connect(path)) as base:
        base.execute("CREATE TABLE visits (mood, a BLOB, b, c BLOB)")
        for _ in range(30):
            encoded = "data:image/jpeg;base64," + base64.b64encode(jpeg).decode()
            base.execute(
                "INSERT INTO visits VALUES ('fair', ?, ?, ?)",
                (jpeg, encoded, b"RIFF\0\0\0\0WAVEfmt " + bytes(80)),
            )
        base.commit()
    done = assess(replace(question(path), attested=signed(*CLAUSES)))
    judged = verdicts(done)
    assert (judged["q"].status, judged["p"].status) == (Status.FAIL, Status.FAIL)
    found = {(each.column, each.rule) for each in done.census.tallies}
    assert {("a", "CG-PHI-PHOTO"), ("b", "CG-PHI-PHOTO"), ("c", "CG-PHI-BIOMETRIC")} <= found


def test_a_header_that_is_a_patient_is_found_and_never_shown(question: Ask, tmp_path: Path) -> None:
    """A file without a header has somebody in its first line; JSON may have keys that are data."""
    chance = random.Random(9)
    numbers = [made.social(chance) for _ in range(30)]
    headless = tmp_path / "a.csv"
    headless.write_text("".join(f"fair,{number}\n" for number in numbers))
    keyed = tmp_path / "a.jsonl"
    keyed.write_text("".join(json.dumps({number: "fair"}) + "\n" for number in numbers))
    for path in (headless, keyed):
        done = assess(question(path))
        assert verdicts(done)["g"].status is Status.FAIL
        shown = repr([each.about for each in (*observed(done), *expert_figures(done))])
        assert not [number for number in numbers if number in shown]
        assert "column " in shown


def test_expert_figures_are_judged_where_a_limit_is_set(dataset: Csv, question: Ask) -> None:
    path = dataset(rows=60)
    told = verdicts(assess(question(path)))
    assert not {"small_cells", "diversity"} & told.keys()
    table = DeidentificationTable(plants=20, quasi=["sex"], sensitive=["phq9"], k=5, l=2)
    judged = verdicts(assess(question(path, table=table)))
    assert (judged["small_cells"].status, judged["diversity"].status) == (Status.PASS,) * 2
    table = DeidentificationTable(plants=20, k=5, l=2, sensitive=["zip3"])
    judged = verdicts(assess(question(path, table=table)))
    assert (judged["small_cells"].status, judged["diversity"].status) == (Status.FAIL,) * 2


def test_a_column_that_no_table_has_is_refused(dataset: Csv, question: Ask) -> None:
    table = DeidentificationTable(quasi=["sexx"])
    with pytest.raises(UsageError, match="no table has a column 'sexx'"):
        assess(question(dataset(), table=table))


def test_the_same_seed_plants_the_same_and_another_one_others() -> None:
    for letter in Letter:
        assert plants(letter, 20, 1) == plants(letter, 20, 1) != plants(letter, 20, 2)
        assert all(each.value in each.text for each in plants(letter, 20, 3))


def test_recall_is_what_the_search_covers(dataset: Csv, tmp_path: Path) -> None:
    tables, _ = tables_of(dataset(), tmp_path)
    rows = sample(tables, 1)
    assert len(rows) == 40
    none = planted_recall(rows, blind, count=20, seed=1)
    assert {(each.found, each.low) for each in none.values()} == {(0, 0.0)}
    every = planted_recall(rows, seeing_all, count=20, seed=1)
    assert {each.found for each in every.values()} == {20}
    assert {round(each.low, 3) for each in every.values()} == {0.861}
