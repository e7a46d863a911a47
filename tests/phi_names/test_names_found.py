"""Names and places are found with their exact spans, medicine's own names are not, in any bytes."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinigate.phi.names import find_names

PERSON, PLACE = "CG-PHI-PERSON", "CG-PHI-PLACE"


def found(text: str, encoding: str = "utf-8") -> list[tuple[str, str]]:
    data = text.encode(encoding)
    return [(hit.rule, data[hit.start : hit.end].decode(encoding)) for hit in find_names(data)]


@pytest.mark.parametrize(
    ("text", "hits"),
    [
        (
            "Mrs. Abernathy was seen by Dr. Kowalczyk today.",
            [(PERSON, "Abernathy"), (PERSON, "Kowalczyk")],
        ),
        ("Patient: Delgado, Maria\nMRN: 4711", [(PERSON, "Delgado, Maria")]),
        ("PID|1||4711||OCONNOR^SEAN||M", [(PERSON, "OCONNOR^SEAN")]),
        ('{"name": "Priya Raman", "status": "ok"}', [(PERSON, "Priya Raman")]),
        ("10:00:00 INFO reminder sent to Oliver Hansen", [(PERSON, "Oliver Hansen")]),
        ("She grew up in Düsseldorf.", [(PLACE, "Düsseldorf")]),
        ("my name is margaret thompson", [(PERSON, "margaret thompson")]),
        ("Her friend Karen O'Hara called.", [(PERSON, "Karen O'Hara")]),
        (
            "Please write to 4821 Birchwood Lane, Apt. 3, Dayton, OH 45402.",
            [(PLACE, "4821 Birchwood Lane, Apt. 3, Dayton, OH 45402")],
        ),
    ],
)
def test_what_is_there_is_found_to_the_letter(text: str, hits: list[tuple[str, str]]) -> None:
    assert found(text) == hits


@pytest.mark.parametrize("gap", ["\n", "\r\n", ",\n", "\n  "])
def test_an_address_that_goes_over_lines_is_one_find(gap: str) -> None:
    address = gap.join(["77 Larkspur Avenue", "Suite 210", "Portland, OR 97205"])
    assert found(f"Ship to:{gap}{address}{gap}") == [(PLACE, address)]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Server started, listening on port 8080.",
        "raise ValueError('Unknown Column Name')",
        "2026-01-01 INFO [app.views] GET /api/v1/patients 200",
        "He has Crohn's disease and takes Lexapro.",
        "Babinski-Nageotte syndrome was excluded.",
        "Thank you. What is the matter?",
        "class PatientRecordLoader(BaseLoader):",
    ],
)
def test_what_names_nobody_is_left_alone(text: str) -> None:
    assert found(text) == []


def test_clinical_sentences_without_anybody_stay_clean() -> None:
    sentences = Path(__file__).with_name("hard_negatives.txt").read_text("utf-8").splitlines()
    assert len(sentences) >= 150
    struck = [sentence for sentence in sentences if found(sentence)]
    assert len(struck) <= len(sentences) // 50, struck


@pytest.mark.parametrize(
    ("person", "disease"),
    [
        ("Dr. Crohn called back.", "Known Crohn since childhood."),
        ("Mr. Parkinson is waiting.", "Parkinson with falls."),
        ("Her cardiologist is Dr. Graves.", "Graves disease, euthyroid."),
    ],
)
def test_a_title_makes_a_person_of_an_eponym(person: str, disease: str) -> None:
    assert [rule for rule, _ in found(person)] == [PERSON]
    assert found(disease) == []


def test_lists_make_a_find_surer_and_no_find_is_sure() -> None:
    both, neither, land = (
        find_names(text.encode())[0].score
        for text in (
            "I spoke with Maria Delgado.",
            "I spoke with Mr. Quorvast.",
            "I am from Norway.",
        )
    )
    assert (both, land) == (0.75, 0.5)
    assert 0.5 <= neither < both


def test_offsets_are_of_bytes_in_any_encoding_of_which_ascii_is_a_part() -> None:
    text = "Señora Núñez: Herr Jürgen Schröder wohnt in Köln."
    assert (PERSON, "Jürgen Schröder") in found(text, "utf-8")
    assert (PERSON, "Jürgen Schröder") in found(text, "latin-1")


def test_a_find_deep_in_a_long_line_is_the_same_as_in_a_short_one() -> None:
    filler = "the queue was empty and nothing had to be done; " * 400
    data = f"{filler}the note of Maria Delgado was saved; {filler}".encode()
    assert [data[hit.start : hit.end] for hit in find_names(data)] == [b"Maria Delgado"]


@given(
    st.one_of(
        st.binary(max_size=300),
        st.lists(
            st.sampled_from(
                [
                    "Maria",
                    "Delgado",
                    "12",
                    "Oak",
                    "St.",
                    "\n",
                    ",",
                    "of",
                    "é",
                    "\udcff",
                    "Paris",
                    "A.",
                ]
            ),
            max_size=60,
        ).map(lambda words: " ".join(words).encode("utf-8", "surrogateescape")),
    )
)
def test_any_bytes_give_ordered_spans_that_do_not_overlap(data: bytes) -> None:
    at = 0
    for hit in find_names(data):
        assert at <= hit.start < hit.end <= len(data)
        assert 0.5 <= hit.score <= 0.75
        assert not data[hit.start : hit.end].isspace()
        at = hit.end


def test_names_in_a_long_text_are_all_found_where_windows_are_cut() -> None:
    text = "\n".join(f"{n}. Señora Maria Delgado called." for n in range(1500))
    names = [name for _, name in found(text)]
    assert names == ["Maria Delgado"] * 1500
