"""A comparison tells new, fixed, regressed and lost apart, and compares only what is alike."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinigate.controls import load_catalogue
from clinigate.core.plan import Plan, Profile
from clinigate.core.results import PackUse, Subject
from clinigate.core.verdict import Status
from clinigate.reports.build import build_report
from clinigate.reports.change import ChangeKind
from clinigate.reports.comparing import change_view, kind_of
from clinigate.reports.coverage import frameworks_of
from clinigate.reports.html import render_html
from clinigate.reports.past import PastRun

FRAMEWORKS = frameworks_of(load_catalogue())
BASE = "20260820T100000000000Z-00000001"
NOW = "20260821T100000000000Z-00000002"


def past(results: Any, **changes: Any) -> PastRun:
    run = PastRun(results.run, results.started_at, "COMPLETE", results, signed=True)
    return replace(run, **changes)


def compare(made: Any, before: dict[str, int | None], now: dict[str, int | None]) -> Any:
    return change_view(made(NOW, now), [past(made(BASE, before))], FRAMEWORKS)


@pytest.mark.parametrize(
    ("before", "now", "kind"),
    [
        (0, 200, ChangeKind.REGRESSED),
        (None, 200, ChangeKind.REGRESSED),
        (200, 0, ChangeKind.FIXED),
        (200, 200, ChangeKind.STILL_FAILING),
        (200, None, ChangeKind.UNJUDGED),
        (200, 50, ChangeKind.UNDECIDED),
        (0, None, ChangeKind.LOST),
        (None, 0, ChangeKind.SHOWN),
        (None, None, ChangeKind.STILL_OPEN),
        (0, 0, ChangeKind.HELD),
    ],
)
def test_what_became_of_a_criterion(
    made: Any, before: int | None, now: int | None, kind: ChangeKind
) -> None:
    """Each pair of measurements is the change that it is; None was not measured."""
    view = compare(made, {"a.rate": before}, {"a.rate": now})
    assert [name for name, count in view.counts if count] == [kind]
    assert [row.kind for row in view.rows] == ([kind] if kind.listed else [])


def test_a_failure_that_nobody_asks_about_any_more_is_not_fixed(made: Any) -> None:
    """A criterion that vanished from the policy is seen."""
    view = compare(made, {"a.rate": 200, "b.rate": 0}, {"c.rate": 0})
    assert {row.criterion: row.kind for row in view.rows} == {
        "a.rate": ChangeKind.UNJUDGED,
        "b.rate": ChangeKind.LOST,
        "c.rate": ChangeKind.NEW,
    }
    assert view.rows[0].now is None


@given(
    before=st.sampled_from([None, *Status]),
    now=st.sampled_from([None, *Status]),
)
def test_only_a_pass_is_good_and_only_a_failure_regresses(
    before: Status | None, now: Status | None
) -> None:
    """Whatever the two statuses are: nothing but PASS reads as good, no pass reads as bad."""
    if before is None and now is None:
        return
    bad = (Status.FAIL, Status.ERROR)
    kind = kind_of(before, now)
    assert (kind.tone == "good") == (now is Status.PASS and before is not Status.PASS)
    unseen = before in bad and now in (None, Status.NOT_ASSESSED)
    assert (kind.tone == "bad") == (now in bad or unseen)
    if kind in (ChangeKind.REGRESSED, ChangeKind.STILL_FAILING):
        assert now in bad


@given(
    before=st.dictionaries(st.sampled_from("abcdef"), st.sampled_from([None, 0, 40, 200])),
    now=st.dictionaries(st.sampled_from("abcdef"), st.sampled_from([None, 0, 40, 200])),
)
def test_every_criterion_is_counted_once(
    made: Any, before: dict[str, int | None], now: dict[str, int | None]
) -> None:
    """Counts cover the criteria of both runs, and the listed ones are rows."""
    view = compare(made, before, now)
    assert sum(count for _, count in view.counts) == len(before.keys() | now.keys())
    assert len(view.rows) == sum(count for kind, count in view.counts if kind.listed)


def test_a_sample_is_not_compared_with_a_full_run(made: Any) -> None:
    """The last full run is taken, and the sample between is named with the reason."""
    full = made(BASE, {"a.rate": 0})
    sample = made("20260820T110000000000Z-00000003", {"a.rate": 0}, plan=Plan(profile=Profile.PR))
    view = change_view(made(NOW, {"a.rate": 0}), [past(full), past(sample)], FRAMEWORKS)
    assert view is not None
    assert view.since == BASE
    assert [row.run for row in view.passed_over] == [sample.run]
    assert "pull request's sample" in view.passed_over[0].why


def test_without_a_comparable_run_only_the_others_are_named(made: Any) -> None:
    """No silent comparison: what was passed over is all that is said."""
    unfinished = PastRun(BASE, "2026-08-20T10:00:00Z", "INCOMPLETE", None, "it never finished")
    view = change_view(made(NOW, {"a.rate": 0}), [unfinished], FRAMEWORKS)
    assert view is not None
    assert (view.since, view.rows) == ("", ())
    assert view.passed_over[0].why == "it never finished"
    assert change_view(made(NOW, {"a.rate": 0}), [], FRAMEWORKS) is None


def test_an_aborted_run_is_passed_over(made: Any) -> None:
    """What did not go through says nothing of what it did not come to."""
    aborted = replace(made(BASE, {"a.rate": 0}), interrupted="Ctrl-C")
    view = change_view(made(NOW, {"a.rate": 0}), [past(aborted, status="ABORTED")], FRAMEWORKS)
    assert view is not None
    assert "Ctrl-C" in view.passed_over[0].why


def test_a_fix_by_a_looser_limit_says_so(made: Any) -> None:
    """Who moves the limit until it is green is seen beside the verdict."""
    from clinigate.core import Criterion, Relation

    old = (Criterion("a.rate", "a.rate", Relation.BELOW, 0.01),)
    new = (Criterion("a.rate", "a.rate", Relation.BELOW, 0.5),)
    before, now = (
        made(run, {"a.rate": 100}, criteria=criteria) for run, criteria in ((BASE, old), (NOW, new))
    )
    view = change_view(now, [past(before)], FRAMEWORKS)
    assert view is not None
    assert view.rows[0].kind is ChangeKind.FIXED
    assert "looser" in view.rows[0].note
    assert [limit.looser for limit in view.limits] == [True]
    back = change_view(replace(before, run=NOW), [past(replace(now, run=BASE))], FRAMEWORKS)
    assert back is not None
    assert [limit.looser for limit in back.limits] == [False]


def test_coverage_gained_and_lost_is_named(made: Any) -> None:
    """Clauses that are shown no more are named, by framework."""
    view = compare(made, {"a.rate": 0}, {"a.rate": 200})
    (row,) = view.coverage
    assert (row.shown_before, row.shown_now, row.lost) == (1, 0, ("164.312(b)",))
    assert "HIPAA" in row.framework or "Security" in row.framework


def test_what_was_evaluated_is_compared_too(made: Any) -> None:
    """Another image and another pack are rows."""
    before = replace(
        made(BASE, {"a.rate": 0}),
        subject=Subject("demo", "1.0", {"image": "sha256:" + "a" * 64}),
        packs=(PackUse("crisis", "1", "sha256:" + "b" * 64, 3, "authored"),),
    )
    view = change_view(made(NOW, {"a.rate": 0}), [past(before)], FRAMEWORKS)
    assert view is not None
    assert [row.what for row in view.system] == ["Digest of image", "Pack crisis"]
    assert [row.now for row in view.system] == ["none", "none"]


def test_another_seed_and_a_missing_signature_are_cautions(made: Any) -> None:
    """What could mislead stands beside the comparison."""
    before = made(BASE, {"a.rate": 0}, plan=Plan(seed=7))
    view = change_view(made(NOW, {"a.rate": 0}), [past(before, signed=False)], FRAMEWORKS)
    assert view is not None
    assert "UNSIGNED" in view.cautions[0]
    assert "seed" in view.cautions[1]


BOTH = {"a.rate": 0, "b.rate": 200}


def test_a_part_of_the_stages_is_told(made: Any) -> None:
    """A run of one stage looks at less: what it left out did not change."""
    view = change_view(made(NOW, {"a.rate": 0}), [past(made(BASE, BOTH))], FRAMEWORKS)
    assert view is not None
    assert any("1 criteria that the earlier run looked at" in each for each in view.cautions)
    whole = change_view(made(NOW, BOTH), [past(made(BASE, {"a.rate": 0}))], FRAMEWORKS)
    assert whole is not None
    assert not any("looked at were not" in each for each in whole.cautions)


def test_the_page_shows_the_change_and_nothing_in_it_acts(made: Any) -> None:
    """A criterion's title with markup is text; the section names what regressed."""
    from clinigate.core import Criterion, Relation

    criteria = (Criterion("a.rate", "a.rate", Relation.BELOW, 0.05, title="<b>rate</b>\u202e"),)
    before, now = (made(run, {"a.rate": n}, criteria=criteria) for run, n in ((BASE, 0), (NOW, 90)))
    page = render_html(build_report(now, past=[past(before)]))
    assert "Change since the last run" in page
    assert "1 regressed" in page
    assert "&lt;b&gt;rate&lt;/b&gt;[U+202E]" in page
    assert "<b>rate" not in page
