"""The host guard tells how long a program waited for a processor, by whichever clock there is."""

from __future__ import annotations

import math
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinigate.measure import HostGuard
from clinigate.measure.hostguard import summarise

waits = st.lists(st.floats(0, 10), min_size=1)


@given(waits)
def test_the_summary_is_made_of_what_was_seen(seen):
    delay = summarise(seen, "test")
    assert delay.turns == len(seen)
    assert delay.median_s <= delay.p99_s <= delay.worst_s == max(seen)
    assert {delay.median_s, delay.p99_s} <= set(seen)


def test_the_99th_percentile_leaves_one_in_a_hundred_out():
    assert summarise([0.0] * 99 + [1.0], "test").p99_s == 0.0
    assert summarise([0.0] * 98 + [1.0] * 2, "test").p99_s == 1.0


def test_nothing_seen_is_not_a_quiet_host():
    delay = summarise([], "test")
    assert (delay.turns, delay.p99_s) == (0, math.inf)


@pytest.mark.parametrize("source", ["schedstat", "clocks"])
def test_a_guard_watches_at_least_one_turn_and_stops(source, tmp_path):
    path = tmp_path / "schedstat"
    if source == "schedstat":
        path.write_text("1000 5000000 3\n")
    with HostGuard(pause_s=0.001, schedstat=path) as guard:
        pass
    delay = guard.delay
    assert (delay.source, delay.turns >= 1) == (source, True)
    assert 0 <= delay.p99_s < math.inf
    assert "clinigate-host" not in [thread.name for thread in threading.enumerate()]


def test_the_wait_is_what_the_kernel_added_during_the_turn(tmp_path):
    path = tmp_path / "schedstat"
    path.write_text("0 1000000000 1\n")
    path_after = tmp_path / "after"
    path_after.write_text("0 1250000000 2\n")
    guard = HostGuard(pause_s=0.0, schedstat=path)

    def swap() -> bool:
        path_after.replace(path)
        return False

    guard._stop.wait = lambda _timeout: swap()
    assert guard._turn_by_schedstat(path) == pytest.approx(0.25)
