"""Recovery times, lost writes and spent budgets come out as on timelines worked out by hand."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinigate.errors import UsageError
from clinigate.measure.recovery import availability, budget_spent, burn_rate, markers, recover
from clinigate.measure.timelinefile import Sample


def run(until: float, *, bad=lambda at: False, took=lambda at: 0.01, rate: float = 20):
    """Requests at `rate` from 0 until `until`, bad and slow where the functions say so."""
    return [
        Sample(at, at, at + took(at), not bad(at), "refused" if bad(at) else "ok")
        for at in (number / rate for number in range(round(until * rate)))
    ]


def test_an_outage_is_measured_from_the_fault_to_the_first_stable_window():
    found = recover(run(20, bad=lambda at: 5.2 <= at < 8.0), fault_at_s=5.0)
    assert found.rto_s == pytest.approx(3.0)
    assert found.settled_s == found.rto_s
    assert not found.relapsed
    assert found.first_bad_s == pytest.approx(0.2)
    assert found.detected_s == pytest.approx(0.21)
    assert (found.requests, found.bad) == (300, 56)
    assert found.bad_seconds == pytest.approx(2.8)
    assert found.observed_s == pytest.approx(14.95)


def test_never_recovered_is_none_and_never_zero():
    found = recover(run(20, bad=lambda at: at >= 5.2), fault_at_s=5.0)
    assert (found.rto_s, found.settled_s) == (None, None)
    assert found.bad_seconds == pytest.approx(14.8, abs=0.01)


def test_a_last_good_stretch_shorter_than_the_window_is_no_recovery():
    samples = run(20, bad=lambda at: 5 <= at < 19.1)
    assert recover(samples, fault_at_s=5.0).rto_s is None
    assert recover(samples, fault_at_s=5.0, stable_s=0.8).rto_s == pytest.approx(14.1)


def test_without_harm_there_was_nothing_to_recover_from():
    found = recover(run(20), fault_at_s=5.0)
    assert (found.rto_s, found.settled_s, found.bad_seconds) == (0.0, 0.0, 0.0)
    assert (found.first_bad_s, found.detected_s) == (None, None)


def test_a_green_window_before_the_harm_begins_is_no_recovery():
    found = recover(run(30, bad=lambda at: 9 <= at < 12), fault_at_s=5.0)
    assert (found.first_bad_s, found.rto_s) == (pytest.approx(4.0), pytest.approx(7.0))


def test_one_request_in_flight_when_the_fault_came_counts():
    samples = run(20)
    samples.append(Sample(4.9, 4.9, 5.3, False, "reset"))
    found = recover(samples, fault_at_s=5.0)
    assert (found.bad, found.in_flight, found.in_flight_bad) == (1, 1, 1)
    assert found.first_bad_s == 0.0
    assert found.detected_s == pytest.approx(0.3)
    assert 0 <= found.rto_s <= 0.05
    before = Sample(4.5, 4.5, 4.9, False, "reset")
    assert recover([*run(20), before], fault_at_s=5.0).bad == 0


def test_good_answers_between_bad_ones_are_no_stable_window():
    flapping = run(30, bad=lambda at: 5 <= at < 15 and math.floor(at * 2) % 2 == 0)
    assert recover(flapping, fault_at_s=5.0).rto_s == pytest.approx(9.5)


def test_a_relapse_is_told_beside_the_first_recovery():
    found = recover(run(30, bad=lambda at: 5 <= at < 7 or 12 <= at < 14), fault_at_s=5.0)
    assert (found.rto_s, found.settled_s) == (pytest.approx(2.0), pytest.approx(9.0))
    assert found.relapsed


def test_a_frozen_service_recovers_when_it_is_prompt_again():
    frozen = run(20, took=lambda at: 9.0 - at if 5 <= at < 9 else 0.01)
    assert recover(frozen, fault_at_s=5.0).rto_s == 0.0
    found = recover(frozen, fault_at_s=5.0, p95_limit_s=0.1)
    assert found.rto_s == pytest.approx(3.9)
    assert (found.bad, found.first_bad_s) == (0, pytest.approx(0.0))
    assert found.detected_s == pytest.approx(4.0)


def test_a_single_slow_answer_among_many_is_no_harm():
    slow = run(20, took=lambda at: 0.5 if at == 10 else 0.01)
    assert recover(slow, fault_at_s=5.0, p95_limit_s=0.1).rto_s == 0.0


def test_too_few_requests_are_refused_and_not_judged():
    with pytest.raises(UsageError, match="no request ended after the fault at 99 s"):
        recover(run(20), fault_at_s=99)
    with pytest.raises(UsageError, match="holds 30 requests, the fullest holds 20"):
        recover(run(20), fault_at_s=5, least=30)


@given(
    states=st.lists(st.booleans(), min_size=40, max_size=200),
    fault=st.integers(0, 19),
    least=st.integers(1, 5),
)
def test_whatever_happens_the_figures_agree_with_each_other(states, fault, least):
    samples = [Sample(n / 10, n / 10, n / 10 + 0.01, ok, "") for n, ok in enumerate(states)]
    found = recover(samples, fault_at_s=fault / 10, stable_s=0.5, least=least)
    after = states[fault:]
    assert (found.requests, found.bad) == (len(after), after.count(False))
    assert found.bad_seconds == pytest.approx(found.bad / 10)
    if not found.bad:
        assert found.rto_s == 0.0
    if found.rto_s is not None and found.bad:
        start = round(found.rto_s * 10)
        assert all(after[start : start + 5])
        assert not all(after[:start])
        assert found.settled_s is None or found.settled_s >= found.rto_s


def test_acknowledged_writes_that_are_gone_are_lost_and_the_loss_has_a_length():
    acked = {number: 10 + number / 10 for number in range(50)}
    there = [number for number in acked if number < 40]
    report = markers(acked, there)
    assert report.lost == tuple(range(40, 50))
    assert report.rpo_s == pytest.approx(1.0)
    assert report.acked == 50


def test_what_was_never_acknowledged_is_ambiguous_and_never_lost():
    report = markers({1: 0.1, 2: 0.2}, [1, 2, 3], ambiguous=[3, 4, 2])
    assert (report.lost, report.rpo_s) == ((), 0.0)
    assert (report.ambiguous, report.ambiguous_found) == ((3, 4), (3,))


def test_what_is_there_twice_or_from_nowhere_is_told():
    report = markers({1: 0.1, 2: 0.2}, [1, 1, 2, 7])
    assert (report.duplicated, report.unknown, report.lost) == ((1,), (7,), ())


def test_a_loss_with_no_survivor_reaches_back_to_the_beginning():
    assert markers({5: 3.0, 6: 4.0}, [], began_s=1.5).rpo_s == pytest.approx(2.5)
    assert markers({}, [1]).rpo_s is None
    assert markers({1: 1.0, 2: 2.0, 3: 3.0}, [1, 3]).rpo_s == pytest.approx(1.0)
    with pytest.raises(UsageError, match="acked"):
        markers({1: math.nan}, [1])


@given(
    acked=st.dictionaries(st.integers(0, 60), st.floats(0, 100)),
    there=st.lists(st.integers(0, 60)),
    ambiguous=st.sets(st.integers(0, 60)),
)
def test_every_write_has_one_fate(acked, there, ambiguous):
    report = markers(acked, there, ambiguous)
    survived = acked.keys() & set(there)
    assert set(report.lost) | survived == acked.keys()
    assert not set(report.lost) & set(there)
    assert not set(report.ambiguous) & acked.keys()
    assert set(there) == survived | set(report.ambiguous_found) | set(report.unknown)
    assert (report.rpo_s is None) == (not acked)
    assert report.lost or not report.rpo_s
    assert report.rpo_s is None or 0 <= report.rpo_s <= 100


def test_availability_carries_its_counts():
    measured = availability("chaos.kill.availability", run(10, bad=lambda at: at < 1))
    assert (measured.n, measured.events, measured.value) == (200, 180, 0.9)
    assert availability("m", []).value is None


def test_budgets_are_those_of_the_month():
    assert budget_spent(1296, 0.9995) == pytest.approx(1.0)
    assert budget_spent(346.3, 0.9995) == pytest.approx(0.267, abs=5e-4)
    assert budget_spent(36, 0.999, period_days=1) == pytest.approx(36 / 86.4)
    assert burn_rate(10, 200, 0.9995) == pytest.approx(100)
    assert burn_rate(0, 0, 0.9995) is None
    for wrong in (
        lambda: budget_spent(-1, 0.99),
        lambda: budget_spent(1, 1.0),
        lambda: budget_spent(1, 0.9, period_days=0),
        lambda: burn_rate(2, 1, 0.99),
    ):
        with pytest.raises(UsageError):
            wrong()
