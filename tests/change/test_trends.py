"""Trends show every run of the ledger: what can be compared as points, the others as holes."""

from __future__ import annotations

import re
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from clinigate.controls import load_catalogue
from clinigate.core.plan import Plan, Profile
from clinigate.reports.build import build_report
from clinigate.reports.courses import MOST_CRITERIA, trend_view
from clinigate.reports.coverage import frameworks_of
from clinigate.reports.html import render_html
from clinigate.reports.past import PastRun

FRAMEWORKS = frameworks_of(load_catalogue())


def runs(made: Any, *events: dict[str, int | None] | None) -> tuple[Any, list[PastRun]]:
    """So many runs on so many days; None is a run that never finished."""
    found: list[PastRun] = []
    for day, each in enumerate(events, start=1):
        run, at = f"202608{day:02}T100000000000Z-00000001", f"2026-08-{day:02}T10:00:00Z"
        if each is None:
            found.append(PastRun(run, at, "INCOMPLETE", None, "it never finished"))
        else:
            results = made(run, each, at=at)
            counted = tuple((metric, n or 0) for metric, n in each.items())
            found.append(PastRun(run, at, "COMPLETE", results, signed=True, findings=counted))
    return found[-1].results, found[:-1]


def test_verdicts_of_every_run_are_in_the_table(made: Any) -> None:
    """The table says what the lines say, run by run; an unfinished one is a hole with a reason."""
    now, past = runs(made, {"a": 0, "b": 0}, None, {"a": 0, "b": 200})
    view = trend_view(now, past, FRAMEWORKS)
    assert view is not None
    assert view.runs == (3, 2)
    table = view.figures[0].table
    assert table.heads == ("Run", "passed", "failed", "open")
    assert [row[0] for row in table.rows] == [
        "01 Aug 2026",
        "02 Aug 2026: it never finished",
        "03 Aug 2026",
    ]
    assert [row[1:] for row in table.rows] == [
        ("2", "0", "0"),
        ("–", "–", "–"),
        ("1", "1", "0"),
    ]
    assert view.figures[0].signs == (("1", "it never finished"),)


def test_a_failing_criterion_has_a_figure_against_its_limit(made: Any) -> None:
    """Estimate, both bounds and the limit, also for one that failed the last time."""
    now, past = runs(made, {"a": 200, "b": 0}, {"a": 0, "b": 0})
    view = trend_view(now, past, FRAMEWORKS)
    assert view is not None
    (figure,) = (each for each in view.figures if each.metric == "a")
    assert [line.name for line in figure.panels[0].lines] == [
        "estimate",
        "lower bound",
        "upper bound",
    ]
    assert figure.panels[0].limit is not None
    assert figure.panels[0].limit[1] == "limit 0.05"
    assert not [each for each in view.figures if each.metric == "b"]


def test_many_failing_criteria_are_counted(made: Any) -> None:
    """Some get a figure, the others a number: nothing is dropped silently."""
    events: dict[str, int | None] = {f"m{n}": 200 for n in range(MOST_CRITERIA + 3)}
    now, past = runs(made, events, events)
    view = trend_view(now, past, FRAMEWORKS)
    assert view is not None
    assert (len(view.figures), view.left_out) == (3 + MOST_CRITERIA, 3)


def test_a_sample_is_a_hole_between_full_runs(made: Any) -> None:
    """Fewer verdicts that pass in a sample are no decline."""
    now, past = runs(made, {"a": 0}, {"a": 0}, {"a": 0})
    sample = made(past[1].run, {"a": 0}, plan=Plan(profile=Profile.PR))
    past[1] = PastRun(past[1].run, past[1].started_at, "COMPLETE", sample)
    view = trend_view(now, past, FRAMEWORKS)
    assert view is not None
    assert view.runs == (3, 2)
    assert "sample" in view.figures[0].table.rows[1][0]


def test_without_an_earlier_run_there_is_no_trend(made: Any) -> None:
    """One point is no course, and runs without results are none either."""
    now, past = runs(made, None, {"a": 0})
    assert trend_view(now, past, FRAMEWORKS) is None
    assert trend_view(now, [], FRAMEWORKS) is None


@given(st.lists(st.sampled_from([None, 0, 40, 200]), min_size=1, max_size=30))
def test_every_course_is_drawn_inside_its_axis(made: Any, counts: list[int | None]) -> None:
    """Whatever the runs found: as many rows as runs, and every tick within the drawing."""
    now, past = runs(made, {"a": 0}, *({"a": each} for each in counts))
    view = trend_view(now, past, FRAMEWORKS)
    assert view is not None
    for figure in view.figures:
        assert len(figure.table.rows) == len(past) + 1
        places = [tick.at for tick in figure.ticks]
        assert places == sorted(set(places))
        assert places[0] == 0
        assert places[-1] == 100


def test_the_page_draws_the_trends_with_a_table_each(made: Any) -> None:
    """Each figure has a name, a description and its numbers as a table."""
    now, past = runs(made, {"a": 200}, {"a": 200}, {"a": 200})
    page = render_html(build_report(now, past=past))
    section = page[page.index('<section id="trends"') :]
    section = section[: section.index("</section>")]
    figures = section.count("<figure")
    assert figures == 4
    assert section.count("Numbers of this figure") == figures
    assert len(re.findall(r"<desc id=", section)) == figures
