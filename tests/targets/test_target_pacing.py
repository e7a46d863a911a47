"""Requests are spaced, throttling shuts the door for all, and `Retry-After` is read right."""

from __future__ import annotations

import asyncio
import itertools
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinigate.targets.pacing import Pacer, backoff_s, parse_retry_after

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC).timestamp()


def turns(pacer: Pacer, clock: Any, count: int) -> list[float]:
    """The times at which that many turns came, one after the other."""

    async def take() -> list[float]:
        times = []
        for _ in range(count):
            await pacer.turn()
            times.append(clock.now())
        return times

    return asyncio.run(take())


def test_without_a_rate_nobody_waits(clock: Any) -> None:
    """No limit, no sleep."""
    turns(Pacer(clock), clock, 50)
    assert clock.slept == []


def test_a_rate_is_never_exceeded_in_any_minute(clock: Any) -> None:
    """100 a minute: no window of 60 s holds more than 100, wherever it begins."""
    times = turns(Pacer(clock, requests_per_minute=100), clock, 350)
    for first, beyond in zip(times, times[100:], strict=False):
        assert beyond - first >= 60 - 1e-6


def test_idle_time_is_not_saved_up(clock: Any) -> None:
    """After a pause of an hour the next two still keep their distance."""
    pacer = Pacer(clock, requests_per_minute=60)
    turns(pacer, clock, 1)
    clock.time += 3600
    first, second = turns(pacer, clock, 2)
    assert second - first == pytest.approx(1.0)


def test_a_closed_door_holds_everybody(clock: Any) -> None:
    """Whoever comes while it is shut waits for its end, and a shorter end does not open it."""
    pacer = Pacer(clock)
    pacer.close(30)
    pacer.close(5)
    assert pacer.closed_for_s == 30
    assert turns(pacer, clock, 2) == [1030.0, 1030.0]
    assert pacer.closed_for_s == 0


def test_those_who_waited_behind_the_door_are_spaced_again(clock: Any) -> None:
    """A door that shuts while some wait for their slots must not let them all out at once."""
    pacer = Pacer(clock, requests_per_minute=60)
    times: list[float] = []

    async def one() -> None:
        await pacer.turn()
        times.append(clock.now())

    async def crowd() -> None:
        await pacer.turn()
        waiting = asyncio.gather(*(one() for _ in range(4)))
        await asyncio.sleep(0)
        pacer.close(100)
        await waiting

    asyncio.run(crowd())
    gaps = [later - earlier for earlier, later in itertools.pairwise(times)]
    assert min(times) >= 1100
    assert min(gaps) >= 1 - 1e-6


def test_backoff_doubles_up_to_its_cap() -> None:
    """0.5 s first, never above 8 s."""
    assert [backoff_s(n) for n in (1, 2, 3, 4, 5, 6, 60)] == [0.5, 1, 2, 4, 8, 8, 8]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        ("0", 0.0),
        (" 120 ", 120.0),
        ("9" * 400, 1e9),
        ("Wed, 01 May 2024 12:00:30 GMT", 30.0),
        ("Wednesday, 01-May-24 12:00:30 GMT", 30.0),
        ("Wed May  1 12:00:30 2024", 30.0),
        ("Wed, 01 May 2024 11:00:00 GMT", 0.0),
        ("-5", None),
        ("1.5", None),
        ("soon", None),
        ("", None),
    ],
)
def test_retry_after(value: str | None, expected: float | None) -> None:
    """Whole seconds or the three forms of an HTTP-date; a past date is now; else None."""
    assert parse_retry_after(value, now=NOON) == expected


@given(st.integers(0, 10**10), st.floats(0, 1e10))
def test_any_http_date_is_read(moment: int, now: float) -> None:
    """Every date gives its distance, never below nothing."""
    date = format_datetime(datetime.fromtimestamp(moment, UTC), usegmt=True)
    assert parse_retry_after(date, now=now) == min(max(0.0, moment - now), 1e9)


@given(st.text() | st.from_regex(r"\w{3}, \d+ \w{3} \d+ \d+:\d+:\d+ [\w+-]*"), st.floats(0, 1e10))
def test_nothing_makes_the_parser_fail(value: str, now: float) -> None:
    """What a service writes there is its own affair; the answer is a wait or None."""
    delay = parse_retry_after(value, now=now)
    assert delay is None or 0 <= delay <= 1e9
