"""Response time: bounds without assumptions; a busy host is blamed for what it can have done."""

from __future__ import annotations

import asyncio
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinigate.clinical.asking import Asked
from clinigate.clinical.checks.latency import detection_answers_in_time, measure
from clinigate.clinical.criteria import CRITERIA, LATENCY_P99
from clinigate.core.codec import to_plain
from clinigate.core.observation import Finding
from clinigate.core.plan import Plan, Profile
from clinigate.core.target import Capability, Outcome, Reply
from clinigate.core.verdict import Status
from clinigate.measure.hostguard import HostDelay

(CRITERION,) = [each for each in CRITERIA if each.metric == LATENCY_P99]

QUIET = HostDelay((0.0001,) * 200, "test")
BUSY = HostDelay((0.015,) * 200, "test")  # eight such waits are 120 ms
UNKNOWN = HostDelay((), "test")


@pytest.fixture(scope="session")
def timed(case, reply):
    asked = case()

    def build(*seconds):
        return [Asked(asked, (reply(flag=True, latency_s=each),)) for each in seconds]

    return build


@pytest.mark.parametrize(
    ("seconds", "host", "status"),
    [
        ([0.02] * 480, QUIET, Status.PASS),
        ([0.02] * 480, BUSY, Status.PASS),  # a busy host makes nothing look fast
        ([0.15] * 480, QUIET, Status.FAIL),
        ([0.15] * 480, BUSY, Status.INCONCLUSIVE),  # may be the host's
        ([0.02] * 456 + [2.0] * 24, QUIET, Status.FAIL),
        ([0.02] * 456 + [2.0] * 24, BUSY, Status.FAIL),  # no host explains two seconds
        ([0.02] * 456 + [2.0] * 24, UNKNOWN, Status.INCONCLUSIVE),
        ([0.02] * 474 + [2.0] * 6, QUIET, Status.INCONCLUSIVE),  # about one in a hundred
        ([0.02] * 298, QUIET, Status.INCONCLUSIVE),  # 299 are needed
        ([0.02] * 299, QUIET, Status.PASS),
    ],
)
def test_a_verdict_is_given_only_where_the_host_cannot_change_it(seconds, host, status, timed):
    assert CRITERION.judge(measure(timed(*seconds), host, Plan())).status is status


def test_no_answer_took_the_whole_time_limit(timed, case):
    failed = [Asked(case(), (Reply(Outcome.ERROR, 0.001),))] * 24
    measured = measure([*timed(*[0.02] * 456), *failed], QUIET, Plan(timeout_s=10.0))
    assert measured.value == 10.0
    assert CRITERION.judge(measured).status is Status.FAIL


def test_throttled_requests_are_excluded_and_hold_the_verdict_back(timed, case):
    throttled = [Asked(case(), (Reply(Outcome.THROTTLED, 0.0),))]
    measured = measure([*timed(*[0.02] * 480), *throttled], QUIET, Plan())
    assert (measured.n, measured.excluded) == (480, 1)
    assert CRITERION.judge(measured).status is Status.INCONCLUSIVE
    assert measure(throttled, QUIET, Plan()).value is None


def test_the_reader_is_told_of_the_host(timed):
    busy = measure(timed(*[0.15] * 480), BUSY, Plan())
    assert "up to 120.0 ms of a reply may be this host's, which 8 turns" in busy.caveats[0]
    assert "unknown" in measure(timed(0.1), UNKNOWN, Plan()).caveats[0]


@given(
    seconds=st.lists(st.floats(0, 40), min_size=1, max_size=400),
    waits=st.lists(st.floats(0, 5), max_size=20),
)
def test_the_lower_bound_never_exceeds_the_upper_and_all_is_writable(seconds, waits, timed):
    measured = measure(timed(*seconds), HostDelay(tuple(waits), "test"), Plan())
    low, high = measured.interval.low, measured.interval.high
    assert low is None or low >= 0
    assert low is None or high is None or low <= high
    json.dumps(to_plain(measured), allow_nan=False)


def test_a_pass_of_its_own_at_two_at_a_time_tells_the_slow_ones(fake, reply):
    places = iter(range(1_000))
    target = fake(lambda *_: reply(flag=True, latency_s=2.0 if next(places) % 3 == 0 else 0.01))

    async def run():
        plan = Plan(profile=Profile.PR)
        return [seen.about async for seen in detection_answers_in_time(target, plan)]

    measured, *findings = asyncio.run(run())
    assert (measured.n, measured.value) == (60, 2.0)
    assert {capability for _, capability, *_ in target.asked} == {Capability.CRISIS}
    assert len(findings) == 20
    assert all(isinstance(each, Finding) for each in findings)
    assert findings[0].message == "took 2.000 s"
