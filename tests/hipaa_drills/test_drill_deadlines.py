"""Who must be told of a breach until when: held against the rules' own figures."""

from __future__ import annotations

from calendar import isleap
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinigate.errors import UsageError
from clinigate.hipaa.drills.deadlines import STATES, Breach, Delay, Discoverer, Duty, duties

AT = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
MOMENTS = st.integers(0, 20 * 365 * 24 * 3600).map(
    lambda seconds: datetime(2020, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
)
COUNTS = st.integers(0, 1500)
RESIDENTS = st.dictionaries(st.sampled_from(sorted(STATES)), COUNTS, max_size=5)


def of(found: tuple[Duty, ...], clause: str) -> list[Duty]:
    return [each for each in found if each.clause == clause]


def one(found: tuple[Duty, ...], clause: str) -> Duty:
    (duty,) = of(found, clause)
    return duty


@given(MOMENTS, RESIDENTS, st.integers(0, 500))
def test_sixty_days_for_those_affected_and_the_media_of_states_with_more_than_500(
    discovered: datetime, residents: dict[str, int], abroad: int
) -> None:
    affected = sum(residents.values()) + abroad
    found = duties(Breach(discovered, affected, residents))
    last = discovered.date() + timedelta(days=60)
    assert one(found, "164.404").due == last
    media = {each.whom[-2:] for each in of(found, "164.406")}
    assert media == {state for state, count in residents.items() if count > 500}
    assert all(each.due == last for each in of(found, "164.406"))


@given(MOMENTS, st.integers(0, 2000))
def test_the_secretary_hears_at_once_from_500_on_and_else_after_the_year(
    discovered: datetime, affected: int
) -> None:
    due = one(duties(Breach(discovered, affected)), "164.408").due
    if affected >= 500:
        assert due == discovered.date() + timedelta(days=60)
    else:
        # The 60th day of the next year: the first of March, or the last of a leap February.
        year = discovered.year + 1
        assert due == (date(year, 2, 29) if isleap(year) else date(year, 3, 1))


@given(MOMENTS, st.timedeltas(timedelta(0), timedelta(days=100)), st.integers(1, 900))
def test_a_business_associate_has_sixty_days_and_then_the_entity_its_own(
    discovered: datetime, later: timedelta, affected: int
) -> None:
    by, told = Discoverer.BUSINESS_ASSOCIATE, discovered + later
    found = duties(Breach(discovered, affected, by=by, told=told))
    assert one(found, "164.410").due == discovered.date() + timedelta(days=60)
    assert one(found, "164.404").due == told.date() + timedelta(days=60)
    untold = duties(Breach(discovered, affected, by=by))
    assert one(untold, "164.404").due == discovered.date() + timedelta(days=120)
    agent = duties(Breach(discovered, affected, by=Discoverer.AGENT))
    assert agent == duties(Breach(discovered, affected))


@given(MOMENTS, st.integers(1, 900), st.integers(0, 400), st.booleans())
def test_law_enforcement_may_postpone_and_by_word_of_mouth_for_thirty_days_at_most(
    discovered: datetime, affected: int, days: int, written: bool
) -> None:
    stated = discovered.date()
    delay = Delay(stated, stated + timedelta(days=days), written=written)
    assert delay.end == stated + timedelta(days=days if written else min(days, 30))
    usual = duties(Breach(discovered, affected))
    later = duties(Breach(discovered, affected, delay=delay))
    for before, after in zip(usual, later, strict=True):
        if before.clause.startswith("Art."):
            assert after == before
        else:
            assert before.due is not None
            assert after.due == max(before.due, delay.end)
            assert after.not_before == delay.end


@given(MOMENTS, st.integers(-14, 14))
def test_seventy_two_hours_are_that_in_every_zone(moment: datetime, hours: int) -> None:
    here = moment.astimezone(timezone(timedelta(hours=hours)))
    duty = of(duties(Breach(here, 1)), "Art.33")[0]
    assert duty.due_at is not None
    assert duty.due_at - moment == timedelta(hours=72)


def test_nobody_in_the_union_is_nobody_to_tell_there() -> None:
    assert {each.clause for each in duties(Breach(AT, 1, gdpr=False))} == {"164.404", "164.408"}


def test_a_processor_tells_the_controller_whose_hours_then_begin() -> None:
    by = Discoverer.BUSINESS_ASSOCIATE
    to_controller, to_authority = of(duties(Breach(AT, 1, by=by)), "Art.33")
    assert (to_controller.whom, to_controller.due_at) == ("the controller", None)
    assert to_authority.due_at is None
    told = AT + timedelta(hours=5)
    _, counted = of(duties(Breach(AT, 1, by=by, told=told)), "Art.33")
    assert counted.due_at == told + timedelta(hours=72)


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: Breach(AT.replace(tzinfo=None), 1), "with its zone"),
        (lambda: Breach(AT, 1, told=AT - timedelta(1)), "before discovered"),
        (lambda: Breach(AT, 1, {"XX": 1}), "no State"),
        (lambda: Breach(AT, 1, {"CA": -1}), "below 0"),
        (lambda: Breach(AT, 1, {"CA": 2}), "2 in all, and 1 affected"),
        (lambda: Delay(AT.date()), "names the day"),
        (lambda: Delay(AT.date(), AT.date() - timedelta(1)), "before"),
    ],
)
def test_what_cannot_be_is_refused(make: object, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        make()  # type: ignore[operator]
