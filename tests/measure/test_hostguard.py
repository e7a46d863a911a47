"""The host guard tells how long a program waited for a processor, by whichever clock there is."""

from __future__ import annotations

import math
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinigate.measure import HostDelay, HostGuard


@given(
    waits=st.lists(st.floats(0, 10), min_size=1, max_size=60),
    turns=st.integers(1, 20),
)
def test_turns_in_a_row_wait_at_most_the_worst_of_each_and_longer_rows_longer(waits, turns):
    delay = HostDelay(tuple(waits), "test")
    assert delay.of_turns(turns) <= turns * max(waits) * (1 + 1e-9)
    assert delay.of_turns(turns, share=0.5) <= delay.of_turns(turns)
    assert delay.of_turns(turns) <= delay.of_turns(turns + 1) * (1 + 1e-9)


def test_the_99th_percentile_leaves_one_in_a_hundred_out():
    assert HostDelay((0.0,) * 99 + (1.0,), "test").of_turns(1) == 0.0
    assert HostDelay((0.0,) * 98 + (1.0,) * 2, "test").of_turns(1) == 1.0


def test_rare_waits_do_not_add_up_as_if_they_came_together():
    rare = HostDelay(((0.1,) + (0.0,) * 49) * 20, "test")
    assert rare.of_turns(8) == pytest.approx(0.1)
    assert HostDelay((0.1, 0.0), "test").of_turns(8) == pytest.approx(0.8)


def test_nothing_seen_is_not_a_quiet_host():
    assert HostDelay((), "test").of_turns(1) == math.inf


@pytest.mark.parametrize("source", ["schedstat", "clocks"])
def test_a_guard_watches_at_least_one_turn_and_stops(source, tmp_path):
    path = tmp_path / "schedstat"
    if source == "schedstat":
        path.write_text("1000 5000000 3\n")
    with HostGuard(pause_s=0.001, schedstat=path) as guard:
        pass
    delay = guard.delay
    assert (delay.source, len(delay.waits) >= 1) == (source, True)
    assert 0 <= delay.of_turns(8) < math.inf
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
