"""Rows of users are searched for like the table's, and what could hang a scan is refused.

Whatever an expression is, RE2 runs it: what is found is what `re` would find.
"""

from __future__ import annotations

import pickle
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from importlib.metadata import EntryPoint

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from clinigate.config.phi_rows import RecognizerTable
from clinigate.errors import CheckDefinitionError, ConfigError
from clinigate.phi.expressions import linear_form
from clinigate.phi.finding import find, search_for
from clinigate.phi.matching.exact import matches_within
from clinigate.phi.model import Letter
from clinigate.phi.recognizer import Form, Recognizer, Tier, form
from clinigate.phi.rows import own
from clinigate.phi.rows.own import all_rows, row_from
from clinigate.phi.table import BY_ID, RECOGNIZERS

pytest.importorskip("re2")


def _table(**given: object) -> RecognizerTable:
    return RecognizerTable.model_validate(
        {"id": "ACME-CODE", "title": "A code of Acme", "pattern": r"ACM\d{6}", **given}
    )


def _ours(rows: Sequence[Recognizer]) -> list[Recognizer]:
    """The rows beside the table's, so that no test compiles all of them once more."""
    assert tuple(rows[: len(RECOGNIZERS)]) == RECOGNIZERS
    return list(rows[len(RECOGNIZERS) :])


def test_without_rows_of_ones_own_it_is_the_table_itself() -> None:
    assert all_rows() is RECOGNIZERS


def test_a_row_of_the_configuration_finds_and_is_known_by_its_id() -> None:
    rows = _ours(all_rows([_table(examples=["ACM123456"], letter="H", severity="critical")]))
    text = "badge ACM123456, xACM123456, ACM1234567"
    assert [(h.rule, h.start, h.end, h.score) for h in find(text, rows=rows)] == [
        ("ACME-CODE", 6, 15, 0.85)
    ]
    assert BY_ID["ACME-CODE"].letter is Letter.H


def test_words_lift_it_and_a_check_drops_it() -> None:
    row = row_from(_table(pattern=r"\d{10}", score=0.5, words=["Acme"], check="npi"))
    assert [h.score for h in find("acme_no=1245319599", rows=[row])] == [0.9]
    assert find("acme_no=1245319598", rows=[row]) == []
    assert find("no=1245319599", rows=[row]) == []


def test_a_group_says_what_the_value_is() -> None:
    row = row_from(_table(pattern=r"(?i)acme[ :]{1,3}(?P<v>[a-z]{3}\d{3})(?:$|[^0-9])"))
    assert [(h.start, h.end) for h in find("Acme: abc123.", rows=[row])] == [(6, 12)]


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        (r"(?<!\d)\d{3}", "look-around"),
        (r"\d{3}(?=x)", "look-around"),
        (r"(a|b)\1", "back reference"),
        (r"(a)?(?(1)b|c)", "condition"),
        (r"a{1,9}?b", "lazy"),
        (r"(?>a)b", "atomic"),
        (r"a{1,9}+b", "possessive"),
        (r"\bACM", "anchor"),
        (r"a+", "no bound"),
        (r"(?:[a-z]{1,99}){1,99}", "no bound"),
        (r"a{0,3}", "empty text"),
        (r"", "needs an expression"),
        (r"(a", "no regular expression"),
        ("é", "beyond ASCII"),
    ],
)
def test_what_no_linear_engine_runs_is_refused_with_its_place(pattern: str, why: str) -> None:
    with pytest.raises((ConfigError, ValidationError), match=why) as refused:
        row_from(_table(pattern=pattern), source="clinigate.toml")
    if isinstance(refused.value, ConfigError):
        assert "clinigate.toml: [[phi.recognizer]] ACME-CODE, pattern 1: " in str(refused.value)


@pytest.mark.parametrize(
    "given_",
    [
        {"id": "CG-PHI-SSN"},
        {"id": "acme"},
        {"words": ["two words"]},
        {"letter": "S"},
        {"pattern": []},
        {"score": 0},
    ],
)
def test_a_row_that_cannot_be_meant_is_refused(given_: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        _table(**given_)


def test_an_example_that_is_not_found_is_refused() -> None:
    with pytest.raises(ConfigError, match="example 2 is not found"):
        row_from(_table(examples=["ACM123456", "ACM12345"]))


def test_an_id_is_taken_once() -> None:
    with pytest.raises(ConfigError, match="ACME-CODE: the id is taken"):
        all_rows([_table(), _table()])


@pytest.mark.parametrize("engine", [None, "re2", "re"])
def test_what_hangs_a_backtracking_engine_ends(engine: str | None) -> None:
    row = row_from(_table(pattern=r"(?:a|a|a){1,40}(?:a|a|a){1,40}b"))
    assert list(search_for(0.8, [row], engine).hits(b"a" * 2000)) == []


def test_another_process_gets_the_same_row() -> None:
    row = row_from(_table(check="luhn", pattern=r"\d{8}"))
    assert list(row.forms[0].exact.groupindex) == ["v"]
    again = pickle.loads(pickle.dumps(row))
    assert again == row
    assert len(find("x 12345674", rows=[again])) == 1


_ATOMS = st.sampled_from(
    ["a", "b", "[ab]", r"\d", "(?:a|b)", "a{1,3}", "(?:ab){0,2}", "[^a]", "^", "$", "(?i:A)", "-"]
)


@settings(max_examples=100, deadline=None)
@given(
    atoms=st.lists(_ATOMS, min_size=1, max_size=6),
    data=st.binary(max_size=60) | st.text("ab1- \n", max_size=60).map(str.encode),
    cut=st.integers(0, 60),
)
def test_re2_confirms_what_re_would(atoms: list[str], data: bytes, cut: int) -> None:
    pattern = f"(?P<v>{''.join(atoms)}b)"
    ours = linear_form(pattern, 0.9, where="a test")
    plain = Form(pattern, 0.9)
    for begin, end in ((0, len(data)), (min(cut, len(data)), len(data)), (0, cut)):
        assert [m.span("v") for m in matches_within(ours, data, begin, end)] == [
            m.span("v") for m in matches_within(plain, data, begin, end)
        ]


def _row(
    rule: str = "ACME-KEY", pattern: str = r"(?:^|[^A-Z])(?P<v>KEY\d{4})(?:$|\D)"
) -> Recognizer:
    return Recognizer(rule, Letter.R, "A key of Acme", Tier.IDENTIFIER, (form(pattern, 0.9),))


def _installed(monkeypatch: pytest.MonkeyPatch, given_: Callable[[], object]) -> None:
    """Install a package whose entry point gives something."""

    class Point(EntryPoint):
        def load(self) -> object:
            return given_()

    point = Point("acme", "acme.phi:rows", own.ENTRY_POINT_GROUP)
    monkeypatch.setattr(own, "entry_points", lambda group: [point] if group else [])


@pytest.mark.parametrize("shape", [_row, lambda: [_row()], lambda: lambda: iter([_row()])])
def test_rows_of_installed_packages_are_searched_for(
    shape: Callable[[], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    _installed(monkeypatch, shape)
    assert [h.rule for h in find("id KEY1234", rows=_ours(all_rows()))] == ["ACME-KEY"]


def _broken() -> object:
    raise RuntimeError("no such table")


@pytest.mark.parametrize(
    ("given_", "why"),
    [
        (_broken, "does not load .RuntimeError: no such table."),
        (lambda: [re.compile("x")], "gives a Pattern"),
        (lambda: _row("CG-PHI-SSN"), "Clinigate's own"),
        (lambda: _row(pattern=r"(?P<v>a+)"), "no bound"),
        (lambda: replace(_row(), severity="grave"), "severity is none of critical"),  # type: ignore[arg-type]
    ],
)
def test_a_package_that_does_not_load_stops_the_run(
    given_: Callable[[], object], why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _installed(monkeypatch, given_)
    with pytest.raises(CheckDefinitionError, match=why) as stopped:
        all_rows()
    assert "acme.phi:rows" in str(stopped.value)
