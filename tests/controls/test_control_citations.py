"""A citation that the law does not have is refused: a wrong order of paragraphs, a range."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinigate.controls import load_catalogue
from clinigate.controls.citation import GRAMMARS, check_citation, holder_of
from clinigate.controls.loader import load_heads
from clinigate.controls.overlay import load_overlay
from clinigate.errors import ControlError

HEADS = {head.name: head for head in load_heads()}
LETTERS = st.sampled_from("abcdefgh")
ROMANS = st.sampled_from(["i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi"])


def test_every_shipped_clause_is_cited_by_the_grammar_of_its_law() -> None:
    """No shipped id is of another form than its catalogue states, overlays included."""
    for control in load_catalogue():
        check_citation(control.id, HEADS[control.catalogue].grammar)
    overlay = load_overlay("hipaa-2025")
    for control in overlay.adds:
        check_citation(control.id, overlay.head.grammar)


def test_every_grammar_takes_its_own_example_and_no_other_one() -> None:
    """The example in a message is right, and the laws do not overlap."""
    for grammar, (_, example) in GRAMMARS.items():
        check_citation(example, grammar)
        for other in GRAMMARS.keys() - {grammar, "free"}:
            with pytest.raises(ControlError, match="cites nothing"):
                check_citation(example, other)


@pytest.mark.parametrize(
    ("wrong", "grammar"),
    [
        ("164.312(a)(ii)", "cfr 164"),  # a number comes after the letter
        ("164.312(2)(a)", "cfr 164"),
        ("164.312(a)(2)(iiii)", "cfr 164"),
        ("164.312(a)(2)(I)", "cfr 164"),
        ("164.312(a)(0)", "cfr 164"),
        ("164.312a", "cfr 164"),
        ("164.312(a", "cfr 164"),
        ("164.312 (a)", "cfr 164"),
        ("164.12", "cfr 164"),
        ("160.312(a)", "cfr 164"),
        ("164.308(a)(1)-(5)", "cfr 164"),
        ("45 CFR 164.312(a)", "cfr 164"),
        ("11.10(aa)", "cfr 11"),
        ("Art.5(1)(a)-(f)", "gdpr"),
        ("Art. 32", "gdpr"),
        ("Article 32", "gdpr"),
        ("CC1.1-CC1.5", "soc2"),
        ("CC61", "soc2"),
        ("SLO.api", "slo"),
        ("164.312(b)", "nprm 164"),  # the number means audit controls in the law in force
        ("", "free"),
    ],
)
def test_what_cites_nothing_is_refused_with_an_example(wrong: str, grammar: str) -> None:
    """The message shows how a citation of that law is written."""
    with pytest.raises(ControlError, match="write it as"):
        check_citation(wrong, grammar)


def test_an_unknown_grammar_is_refused() -> None:
    with pytest.raises(ControlError, match="known are cfr 164"):
        check_citation("164.312(b)", "cfr")


@given(st.integers(100, 999), LETTERS, st.integers(1, 20), ROMANS, st.sampled_from("ABCDR"))
def test_a_paragraph_is_held_by_the_one_above_it(
    section: int, letter: str, number: int, roman: str, capital: str
) -> None:
    """Each level up is a citation again, until the section is left."""
    citation: str | None = f"164.{section}({letter})({number})({roman})({capital})"
    steps = 0
    while citation is not None:
        check_citation(citation, "cfr 164")
        last, citation, steps = citation, holder_of(citation), steps + 1
    assert (last, steps) == (f"164.{section}", 5)


@given(st.text(max_size=24))
def test_any_text_is_taken_or_refused_by_name(text: str) -> None:
    """No text breaks the grammar itself."""
    for grammar in GRAMMARS:
        with contextlib.suppress(ControlError):
            check_citation(text, grammar)
