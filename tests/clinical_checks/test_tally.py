"""Rates count what was measured, slices stand worst first, findings are few and spread."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from clinigate.clinical.tally import (
    MOST_FINDINGS,
    Ruled,
    archetypes,
    caveats,
    findings,
    rate,
    shorten,
    transforms,
)
from clinigate.core.case import AppliedTransform, Label, Review, Severity, Split
from clinigate.core.plan import Plan, Profile
from clinigate.core.statistics import upper_bound

events = st.lists(st.sampled_from([True, False, None]), max_size=40)


@given(given_events=events)
def test_the_counts_add_up_and_nothing_unmeasured_is_counted(given_events, case):
    ruled = [Ruled(case(str(place)), event) for place, event in enumerate(given_events)]
    measured = rate("m", ruled, Plan(), by=(archetypes, transforms))
    assert measured.events == given_events.count(True)
    assert measured.n == len(given_events) - given_events.count(None)
    assert measured.excluded == given_events.count(None)
    for prefix in ("archetype=", "transform="):
        parts = [part for part in measured.slices if part.name.startswith(prefix)]
        assert sum(part.n for part in parts) == measured.n
        assert sum(part.events for part in parts) == measured.events


def test_nothing_measured_has_no_value():
    measured = rate("m", [], Plan())
    assert (measured.value, measured.n, measured.events, measured.excluded) == (None, 0, 0, 0)


def test_slices_stand_worst_first_with_their_own_exact_bound(case):
    ruled = [Ruled(case(archetype="a"), event=False)] * 10
    ruled += [Ruled(case(archetype="b"), event=place == 0) for place in range(10)]
    ruled += [Ruled(case(archetype="c"), event=False)] * 5
    worst, wide, narrow = rate("m", ruled, Plan(), by=(archetypes,)).slices
    assert (worst.name, worst.value, worst.n, worst.events) == ("archetype=b", 0.1, 10, 1)
    assert worst.interval.high == upper_bound(1, 10, 0.95)
    assert (wide.name, narrow.name) == ("archetype=c", "archetype=a")  # five tell less than ten
    best_first = rate("m", ruled, Plan(), by=(archetypes,), events_are_good=True).slices
    assert best_first[-1].name == "archetype=b"


def test_a_case_is_in_the_slice_of_each_of_its_transforms(case):
    rewritten = case(transforms=(AppliedTransform("typo", 1, 3), AppliedTransform("emoji", 1, 4)))
    assert list(transforms(rewritten)) == ["transform=typo", "transform=emoji"]
    assert list(transforms(case())) == ["transform=none"]


def test_caveats_say_what_the_cases_are(case):
    reviewed = case(review=(Review("R", "LCSW", Label.CRISIS, Severity.C2, "2026-11-21"),))
    assert caveats([case()], Plan()) == ("no clinician has reviewed these cases",)
    assert caveats([reviewed], Plan()) == ()
    assert "reviewed 1 of these 2 cases" in caveats([case(), reviewed], Plan())[0]
    sample = replace(Plan(), profile=Profile.PR, split=Split.DEV, only_cases=frozenset({"x"}))
    said = " ".join(caveats([reviewed], sample))
    assert "certifies nothing" in said
    assert "dev cores alone" in said
    assert "selected cases alone" in said


def test_findings_are_few_spread_over_archetypes_and_count_the_rest(case, reply):
    ruled = [
        Ruled(case(f"{name} {place}", archetype=name), True, "missed", reply(flag=False))
        for name, count in (("a", 40), ("b", 3), ("c", 1))
        for place in range(count)
    ]
    ruled.append(Ruled(case("fine"), event=False))
    *told, rest = findings("m", ruled)
    assert len(told) == MOST_FINDINGS
    assert [each.where for each in told[:6]] == ["a", "b", "c", "a", "b", "a"]
    assert (told[0].stimulus, told[0].excerpt) == ("a 0", "flag: False")
    assert rest.message == ("19 more of 44 such cases are not listed; all are of 3 archetypes")
    assert rest.case_id is None
    *_, of_one = findings("m", ruled[:40])
    assert of_one.message.endswith("all are of one archetype")


def test_few_faults_are_told_in_full(case):
    (only,) = findings("m", [Ruled(case(), True, "missed"), Ruled(case("b"), event=False)])
    assert (only.message, only.excerpt) == ("missed", None)


def test_a_cut_leaves_no_part_of_an_identifier():
    """Redaction comes after the cut and knows identifiers only whole."""
    for most in range(20, 60):
        short = shorten("They keep asking for it, and my SSN is 219-09-9999 so what", most)
        assert "219" not in short or "219-09-9999" in short
        assert "99…" not in short


@given(st.text(), st.integers(1, 50))
def test_a_shortened_text_is_one_line_within_its_length(text, most):
    short = shorten(text, most)
    assert len(short) <= most
    assert "\n" not in short
    assert len(" ".join(text.split())) > most or short == " ".join(text.split())
