"""The prober asks on schedule whatever is under way, and notes all that comes of it."""

from __future__ import annotations

import asyncio
import itertools
import math
import sys
import threading

import pytest

from clinigate.errors import TargetError, UsageError
from clinigate.measure import prober as prober_module
from clinigate.measure.arrivals import constant
from clinigate.measure.prober import Answer, OpenLoopProber, probe
from clinigate.measure.timeline import Timeline


@pytest.fixture(scope="module")
def probed(run_virtually):
    """Probes in virtual time and returns the timeline."""

    def run(ask, arrivals, *, timeout_s=5.0):
        result = []

        async def main():
            loop = asyncio.get_running_loop()
            result.append(Timeline(clock=loop.time))
            await probe(ask, arrivals, timeline=result[0], timeout_s=timeout_s)

        run_virtually(main())
        return result[0]

    return run


async def answers(number):
    return "ok"


async def hangs(number):
    await asyncio.Event().wait()


def test_a_stall_of_one_second_in_ten_shows_in_the_percentiles_as_it_should(probed):
    """Analytic: frozen 1 s in 10, 100/s; a share of (1 - x) of 10% waits longer than x seconds."""

    async def frozen(number):
        now = asyncio.get_running_loop().time()
        await asyncio.sleep(0.005 + (max(0.0, 10 - now % 10) if now % 10 >= 9 else 0.0))
        return "ok"

    timeline = probed(frozen, constant(100, 40))
    assert timeline.count == 4000
    assert timeline.latencies.quantile(0.5) == pytest.approx(0.005, rel=0.02)
    assert timeline.latencies.quantile(0.95) == pytest.approx(0.505, rel=0.02)
    assert timeline.latencies.quantile(0.99) == pytest.approx(0.905, rel=0.02)


def test_requests_go_out_on_schedule_while_others_hang(probed):
    timeline = probed(hangs, constant(50, 2), timeout_s=3.0)
    assert [sample.scheduled_s for sample in timeline.samples] == [n / 50 for n in range(100)]
    assert timeline.lags.max < 1e-6
    assert timeline.outcomes == {"timeout": 100}
    assert timeline.latencies.quantile(0.5) == pytest.approx(3.0)


def test_a_prober_that_is_late_says_so_and_counts_from_when_the_request_was_due(probed):
    async def computes(number):
        if number == 0:
            asyncio.get_running_loop()._skipping.now += 1.0  # the loop is blocked for a second
        return "ok"

    timeline = probed(computes, constant(10, 1.5))
    late = timeline.samples[1]
    assert (late.scheduled_s, late.lag_s) == (0.1, pytest.approx(0.9))
    assert late.latency_s == pytest.approx(0.9)
    assert timeline.count == 15


def test_what_is_answered_or_raised_is_the_outcome(probed):
    async def varied(number):
        match number:
            case 0:
                return "ok"
            case 1:
                return "http-503"
            case 2:
                raise ConnectionRefusedError("10.0.0.7")
            case 3:
                return Answer("ok", target="api-2")
            case _:
                return Answer("stale", target="api-1")

    told = [(s.ok, s.outcome, s.target) for s in probed(varied, constant(10, 0.5)).samples]
    assert told == [
        (True, "ok", ""),
        (False, "http-503", ""),
        (False, "ConnectionRefusedError", ""),
        (True, "ok", "api-2"),
        (False, "stale", "api-1"),
    ]


def test_arrivals_count_from_the_start_of_the_probe(run_virtually):
    async def main():
        loop = asyncio.get_running_loop()
        timeline = Timeline(clock=loop.time)
        await asyncio.sleep(2)
        await probe(answers, constant(10, 0.3), timeline=timeline, timeout_s=1)
        assert [s.scheduled_s for s in timeline.samples] == pytest.approx([2.0, 2.1, 2.2])

    run_virtually(main())


def test_a_cancelled_probe_gives_up_what_is_under_way_and_notes_it(run_virtually):
    async def main():
        timeline = Timeline(clock=asyncio.get_running_loop().time)
        under_way = asyncio.create_task(
            probe(hangs, constant(10, 9), timeline=timeline, timeout_s=60)
        )
        await asyncio.sleep(0.55)
        under_way.cancel()
        with pytest.raises(asyncio.CancelledError):
            await under_way
        assert timeline.outcomes == {"unfinished": 6}

    run_virtually(main())


def test_a_probe_that_returns_nothing_is_a_mistake_and_no_outage(probed):
    async def forgot(number):
        pass

    with pytest.raises(UsageError, match="returned NoneType; wanted 'ok'"):
        probed(forgot, constant(10, 9))


def test_broken_arrivals_are_told_after_what_was_asked_is_known(probed):
    def broken():
        yield 0.0
        raise UsageError("peak is too low")

    with pytest.raises(UsageError, match="peak"):
        probed(answers, broken())
    with (
        pytest.raises(UsageError, match="peak"),
        OpenLoopProber(answers, broken(), timeline=Timeline(), timeout_s=1) as prober,
    ):
        prober.finish(30)


@pytest.mark.parametrize("timeout_s", [0, -1, math.inf])
def test_a_time_limit_that_cannot_be_is_refused(timeout_s):
    with pytest.raises(UsageError, match="timeout_s"):
        OpenLoopProber(answers, constant(1, 1), timeline=Timeline(), timeout_s=timeout_s)


def test_the_caller_can_wait_for_what_the_prober_sees():
    down = threading.Event()

    async def ask(number):
        return "refused" if down.is_set() else "ok"

    arrivals = (number / 500 for number in itertools.count())
    with OpenLoopProber(ask, arrivals, timeline=Timeline(), timeout_s=1) as prober:
        assert prober.wait_for(lambda t: t.outcomes["ok"] >= 3, 30)
        down.set()
        assert prober.wait_for(lambda t: t.outcomes["refused"] >= 3, 30)
        assert not prober.finish(0)
    assert "clinigate-prober" not in [thread.name for thread in threading.enumerate()]


def test_leaving_waits_for_answers_and_leaving_by_an_error_does_not():
    asked = threading.Event()

    async def slow(number):
        asked.set()
        await asyncio.sleep(0.05)
        return "ok"

    timeline = Timeline()
    with OpenLoopProber(slow, iter([0.0]), timeline=timeline, timeout_s=30):
        assert asked.wait(30)
    assert timeline.outcomes == {"ok": 1}

    asked.clear()
    timeline = Timeline()

    async def never(number):
        asked.set()
        await hangs(number)

    def interrupted():
        with OpenLoopProber(never, iter([0.0]), timeline=timeline, timeout_s=600):
            assert asked.wait(30)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert timeline.outcomes == {"unfinished": 1}


def test_every_sample_of_a_schedule_is_there_when_it_is_finished():
    timeline = Timeline()
    with OpenLoopProber(answers, constant(1000, 0.05), timeline=timeline, timeout_s=5) as prober:
        assert prober.finish(30)
    assert timeline.count == 50


def test_a_probe_that_cannot_be_stopped_is_named(monkeypatch):
    monkeypatch.setattr(prober_module, "_GRACE_S", 0.0)
    release, asked = threading.Event(), threading.Event()

    async def blocks(number):
        asked.set()
        release.wait()
        return "ok"

    prober = OpenLoopProber(blocks, iter([0.0]), timeline=Timeline(), timeout_s=0.01)
    with pytest.raises(TargetError, match="blocks its event loop"), prober:
        asked.wait(30)
    release.set()
    assert prober.finish(30)
    prober._thread.join(30)


def test_threads_take_turns_quickly_only_while_someone_probes():
    before = sys.getswitchinterval()
    outer = OpenLoopProber(answers, constant(1, 60), timeline=Timeline(), timeout_s=1)
    inner = OpenLoopProber(answers, constant(1, 60), timeline=Timeline(), timeout_s=1)
    with outer:
        with inner:
            assert sys.getswitchinterval() < before
        assert sys.getswitchinterval() < before
    assert sys.getswitchinterval() == pytest.approx(before)
