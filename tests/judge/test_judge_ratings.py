"""People's ratings and the files of conversations: two raters or more, every id known and once."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinigate.clinical.judge.ratings import read_ratings
from clinigate.clinical.judge.transcript import read_transcripts, transcript_lines
from clinigate.errors import UsageError

HEADER = "id,rater,empathy,appropriate\n"


@pytest.fixture
def csv_file(tmp_path):
    def write(*rows, header=HEADER, name="ratings.csv"):
        path = tmp_path / name
        path.write_text(header + "".join(f"{row}\n" for row in rows))
        return path

    return write


def test_two_raters_make_a_rating(csv_file):
    found = read_ratings(csv_file("i1,anna,4,yes", "i1,ben,3,no", "i2,anna,1,no", "i2,ben,1,no"))
    assert found.raters == ("anna", "ben")
    assert (found.points("i1"), found.appropriate("i1")) == (3.5, False)  # in a tie no
    assert found.points("i2") == 1.0
    assert found.alpha() == pytest.approx(1 - 0.5 / 4.5)


def test_what_one_person_rated_counts_for_nothing(csv_file):
    found = read_ratings(csv_file("i1,anna,4,yes", "i1,ben,3,yes", "i2,anna,5,yes"))
    assert set(found.double) == {"i1"}


def test_one_persons_word_on_appropriateness_is_none(csv_file):
    """Two rated empathy, one said more: that is no second opinion."""
    found = read_ratings(csv_file("i1,anna,4,yes", "i1,ben,4,"))
    assert found.appropriate("i1") is None
    assert not found.asks_appropriateness


def test_json_lines_say_the_same(tmp_path):
    path = tmp_path / "ratings.jsonl"
    rows = [
        {"id": "i1", "rater": "anna", "empathy": 4, "appropriate": True},
        {"id": "i1", "rater": "ben", "empathy": 5, "appropriate": "yes"},
    ]
    path.write_text("\n".join(map(json.dumps, rows)) + "\n\n")
    found = read_ratings(path)
    assert (found.points("i1"), found.appropriate("i1")) == (4.5, True)


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([], "holds no rating"),
        (["i1,anna,4,yes", "i2,anna,4,yes"], "all ratings are by 'anna'; two people or more"),
        (["i1,anna,4,yes", "i2,ben,4,yes"], "no conversation was rated by two people"),
        (
            ["i1,anna,4,yes", "i1,anna,4,yes"],
            "ratings.csv:3: 'anna' rated conversation 'i1' before",
        ),
        (
            ["i1,Anna ,4,yes", "i1,anna,4,yes"],
            "ratings.csv:3: 'Anna' rated conversation 'i1' before",
        ),
        (["i1,Jo  Li,4,yes", "i2,jo li,4,yes"], "all ratings are by 'Jo  Li'"),
        (["i9,anna,4,yes"], "ratings.csv:2: no conversation has the id 'i9'"),
        (["i1,anna,6,yes"], "ratings.csv:2: empathy must be a whole number from 1 to 5"),
        (["i1,anna,3.5,yes"], "empathy must be a whole number"),
        (["i1,anna,,yes"], "ratings.csv:2: empathy is missing"),
        (["i1,,3,yes"], "rater is missing"),
        (["i1,anna,3,perhaps"], "appropriate must be yes or no"),
        (["i1,anna,3,yes,extra"], "more values than the header has names"),
    ],
)
def test_a_file_that_cannot_be_meant_is_refused(csv_file, rows, words):
    with pytest.raises(UsageError, match=words):
        read_ratings(csv_file(*rows), known={"i1", "i2"})


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("r.csv", b"id,rater,score\ni1,a,3\n", "unknown column 'score'"),
        ("r.csv", b"id,rater,empathy,empathy\ni1,a,3,5\n", "r.csv:1: names a column twice"),
        ("r.csv", b"\xff\xfe", "is not UTF-8"),
        ("r.csv", b'id,rater,empathy\n"i1', "is no CSV"),
        ("r.jsonl", b"[1]\n", "r.jsonl:1: is no JSON object"),
        ("r.jsonl", b'{"id": "i1", "id": "i2"}\n', "r.jsonl:1: is no JSON object"),
        ("r.jsonl", b'{"id": "i1", "rater": "a", "empathy": true}\n', "empathy must be"),
    ],
)
def test_what_is_no_such_file_is_refused(tmp_path, name, data, words):
    (tmp_path / name).write_bytes(data)
    with pytest.raises(UsageError, match=words):
        read_ratings(tmp_path / name)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(UsageError, match="cannot be read"):
        read_ratings(tmp_path / "none.csv")
    with pytest.raises(UsageError, match="cannot be read"):
        read_transcripts(tmp_path / "none.jsonl")


@settings(max_examples=50)
@given(st.lists(st.text(min_size=1).filter(str.strip), min_size=1, max_size=4))
def test_conversations_read_back_as_they_were_written(transcript, tmp_path_factory, replies):
    path = tmp_path_factory.mktemp("said") / "conversations.jsonl"
    written = transcript(*replies)
    path.write_text(transcript_lines([written]), encoding="utf-8")
    assert read_transcripts(path) == {written.id: written}


def test_other_words_have_another_id(transcript):
    assert transcript("Hello there.").id != transcript("Hello there!").id
    assert transcript("Hello there.").id == transcript("Hello there.", case="c2").id


def _lines(transcript, **changes):
    data = json.loads(transcript_lines([transcript("I hear you.")]))
    return json.dumps({**data, **changes})


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"id": "0" * 16}, "was changed after it was collected"),
        ({"given": 0}, "given must count"),
        ({"given": True}, "given must count"),
        ({"turns": []}, "turns must be a list"),
        ({"turns": [{"role": "nurse", "text": "x"}]}, "turns must be a list"),
        (
            {"turns": [{"role": "user", "text": "x"}, {"role": "user", "text": "y"}]},
            "last turn must be a reply",
        ),
    ],
)
def test_a_conversation_that_was_changed_is_refused(transcript, tmp_path, changes, words):
    path = tmp_path / "c.jsonl"
    path.write_text(_lines(transcript, **changes))
    with pytest.raises(UsageError, match=words):
        read_transcripts(path)


def test_files_without_conversations_or_with_one_twice_are_refused(transcript, tmp_path):
    path = tmp_path / "c.jsonl"
    path.write_text("")
    with pytest.raises(UsageError, match="holds no conversation"):
        read_transcripts(path)
    path.write_text(f"{_lines(transcript)}\n{_lines(transcript)}\n")
    with pytest.raises(UsageError, match=r"c.jsonl:2: .* stands twice"):
        read_transcripts(path)
    path.write_text('{"id": "x"}')
    with pytest.raises(UsageError, match="has no 'case'"):
        read_transcripts(path)
