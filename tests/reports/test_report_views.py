"""The same report for each of its readers: what stands first, and that nothing is lost by it."""

from __future__ import annotations

import re
from dataclasses import replace
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinigate.core.verdict import Status
from clinigate.reports.build import build_report
from clinigate.reports.duties import dues, frameworks, open_clauses, signatures
from clinigate.reports.fixes import fix_rows
from clinigate.reports.html import render_html
from clinigate.reports.model import Report, Tone
from clinigate.reports.objectives import objectives
from clinigate.reports.sealed import RecordFact
from clinigate.reports.views import View


@pytest.fixture(scope="module")
def reports(examples: ModuleType) -> dict[str, Report]:
    made: dict[str, Report] = examples.reports()
    return made


def record(kind: str = "waiver", until: str = "", **more: str) -> RecordFact:
    return RecordFact(kind, "164.312(b)", "A. Berg, officer", "because", expires_at=until, **more)


@pytest.mark.parametrize("view", list(View))
def test_the_asked_view_is_the_one_that_is_chosen(reports: dict[str, Report], view: View) -> None:
    page = render_html(reports["defective"], view)
    chosen = re.findall(r'<input type="radio"[^>]* value="(\w+)" checked>', page)
    assert chosen == [view.value]
    assert render_html(reports["defective"]) == render_html(reports["defective"], View.FULL)


@pytest.mark.parametrize("name", ["clean", "defective", "experiments", "sample"])
def test_the_full_record_has_twelve_sections_in_their_order(
    reports: dict[str, Report], name: str
) -> None:
    page = render_html(reports[name])
    contents = page.split('<ol>\n<li data-views="full officer"><a href="#cover">')[1]
    numbers = [int(each) for each in re.findall(r'class="no">(\d+)', contents.split("</ol>")[0])]
    assert sorted(numbers) == numbers
    assert set(numbers) == set(range(1, 13))


def test_every_section_is_in_some_view_and_each_view_has_one_of_its_own(
    reports: dict[str, Report],
) -> None:
    page = render_html(reports["experiments"])
    whose = dict(re.findall(r'<section id="([\w-]+)" data-views="([\w ]+)"', page))
    names = {view.value for view in View}
    assert all(set(views.split()) <= names for views in whose.values())
    for view in set(View) - {View.FULL}:
        assert whose[f"role-{view.value}"] == view.value
    rest = {views for section, views in whose.items() if not section.startswith("role-")}
    assert all("full" in views.split() for views in rest)


def test_what_shuts_the_gate_is_to_be_fixed_first(reports: dict[str, Report]) -> None:
    report = reports["defective"]
    rows = fix_rows(report)
    assert {row.row.criterion for row in rows} == {
        row.criterion for row in report.criteria if row.status is not Status.PASS
    }
    assert [row.shuts for row in rows] == sorted((row.shuts for row in rows), reverse=True)
    assert rows[0].row.status is Status.FAIL
    assert rows[0].repro.startswith("clinigate repro ")
    assert rows[0].examples
    assert fix_rows(replace(report, criteria=())) == ()


def test_what_is_inconclusive_says_how_much_more_is_needed(reports: dict[str, Report]) -> None:
    row = next(r for r in fix_rows(reports["defective"]) if r.row.status is Status.INCONCLUSIVE)
    assert row.todo == row.row.need


@pytest.mark.parametrize(
    ("until", "days", "tone", "told"),
    [
        ("2026-03-13T00:00:00Z", -2, Tone.BAD, "ran out 2 days ago"),
        ("2026-03-15T00:00:00Z", 0, Tone.OPEN, "0 days left"),
        ("2026-03-16", 1, Tone.OPEN, "1 day left"),
        ("2026-06-01T00:00:00+02:00", 78, Tone.GOOD, "78 days left"),
        ("soon", None, Tone.OPEN, "no end is stated"),
        ("", None, Tone.OPEN, "no end is stated"),
    ],
)
def test_what_runs_out_is_counted_from_the_decision(
    reports: dict[str, Report], until: str, days: int | None, tone: Tone, told: str
) -> None:
    report = replace(reports["clean"], records=(record(until=until),), as_of="2026-03-14T12:00:00Z")
    (due,) = dues(report)
    assert (due.days, due.tone, due.told) == (days, tone, told)


def test_a_record_that_does_not_count_is_never_shown_as_good(reports: dict[str, Report]) -> None:
    lasting = record(until="2030-01-01", refused="its signer asked for it")
    (due,) = dues(replace(reports["clean"], records=(lasting,)))
    assert due.tone is Tone.BAD


def test_what_ends_first_stands_first(reports: dict[str, Report]) -> None:
    ends = ("2027-01-01", "", "2026-05-01")
    listed = dues(replace(reports["clean"], records=tuple(record(until=end) for end in ends)))
    assert [due.record.expires_at for due in listed] == ["2026-05-01", "2027-01-01", ""]


@given(text=st.text(max_size=30))
def test_no_text_for_a_day_breaks_the_list(examples: ModuleType, text: str) -> None:
    report = build_report(examples.clean())
    (due,) = dues(replace(report, records=(record(until=text),), as_of=text))
    assert due.told


def test_each_meaning_of_a_signature_is_shown_signed_or_not(
    reports: dict[str, Report], examples: ModuleType
) -> None:
    shown = {each.meaning: each.records for each in signatures(reports["defective"])}
    assert shown == {
        "authorship": (), "review": (examples.SIGN_OFF,), "approval": (), "responsibility": (),
    }  # fmt: skip
    odd = record("sign-off", meaning="witness")
    assert signatures(replace(reports["clean"], records=(odd,)))[-1].records == (odd,)


def test_the_numbers_of_a_framework_add_up(reports: dict[str, Report]) -> None:
    for report in reports.values():
        for row in frameworks(report):
            assert row.kept + row.broken + row.open + row.unknown == row.clauses


def test_only_clauses_that_somebody_must_look_at_are_open(reports: dict[str, Report]) -> None:
    open_ones = open_clauses(reports["defective"])
    assert [str(each.row.state) for each in open_ones] == ["failed", "error"]
    assert open_clauses(replace(reports["defective"], clauses=None)) == ()
    assert all(each.row.state not in ("passed", "attested") for each in open_ones)


def test_objectives_are_those_of_the_running_service(reports: dict[str, Report]) -> None:
    groups = objectives(reports["experiments"])
    metrics = {row.metric.partition(".")[0] for group in groups for row in group.rows}
    assert metrics <= {"chaos", "load", "latency", "bench", "platform"}
    assert {group.title for group in groups} >= {"Experiments", "Loads", "Benchmarks"}
    assert any(group.figures for group in groups)
    for group in groups:
        passed = [row.status is Status.PASS for row in group.rows]
        assert passed == sorted(passed)
        assert group.met == sum(passed)


def test_a_page_without_a_gate_or_seal_has_all_views(reports: dict[str, Report]) -> None:
    bare = replace(reports["sample"], clauses=None, scoping=None, system=None, trace=())
    for view in View:
        assert "</html>" in render_html(bare, view)


def test_one_page_names_what_keeps_the_gate_shut_though_nothing_failed(
    reports: dict[str, Report],
) -> None:
    """What is undecided fails nothing, and may keep a gate shut all the same."""
    made = reports["clean"]
    assert made.gate is not None
    why = "therapy.empathy is INCONCLUSIVE: too few cases"
    shut = replace(made.gate, opens=False, word="SHUT", reasons=(why,))
    page = render_html(replace(made, gate=shut))
    one_page = page.partition('id="role-executive"')[2].partition("</section>")[0]
    assert why in one_page
    assert "No criterion failed" not in one_page
    assert "No criterion failed" in render_html(made)
