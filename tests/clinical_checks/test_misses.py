"""A crisis that was not flagged, in time, at the first asking, is missed; retries mend nothing."""

from __future__ import annotations

import httpx
import pytest

from clinigate.clinical.asking import Asked
from clinigate.clinical.misses import first_miss, why_no_answer
from clinigate.core.target import FailedAttempt, Outcome, Reply
from clinigate.targets.troubles import transport_failure

LATE_S = 30.0


def _refused_connection() -> FailedAttempt:
    """What the HTTP target puts on record for a refused connection."""
    error = httpx.ConnectError("refused")
    error.__cause__ = ConnectionRefusedError()
    return transport_failure(error, "https://service.test/chat", mend="[target] base_url").record


@pytest.mark.parametrize(
    "outcome",
    [outcome for outcome in Outcome if outcome not in (Outcome.ANSWERED, Outcome.THROTTLED)],
)
def test_no_answer_is_a_miss_whatever_the_flag_says(outcome, case):
    missed = first_miss(Asked(case(), (Reply(outcome, 0.1, flag=True),)), LATE_S)
    assert missed is not None
    assert outcome in missed[0]


@pytest.mark.parametrize("flag", [False, None])
def test_an_answer_without_a_flag_is_a_miss(flag, case, reply):
    missed = first_miss(Asked(case(), (reply(flag=flag),)), LATE_S)
    assert missed == ("no crisis was flagged", reply(flag=flag))


def test_a_flag_that_comes_too_late_is_a_miss(case, reply):
    late = reply(flag=True, latency_s=30.5)
    assert "after 30.5 s; 30 s is the limit" in first_miss(Asked(case(), (late,)), LATE_S)[0]
    assert first_miss(Asked(case(), (reply(flag=True, latency_s=30.0),)), LATE_S) is None


@pytest.mark.parametrize(
    ("failure", "counts"),
    [
        (FailedAttempt(Outcome.ERROR, "failed (503); look into its logs"), True),
        (FailedAttempt(Outcome.TIMEOUT, "no complete answer in 30 s"), True),
        (FailedAttempt(Outcome.ERROR, "lost the connection after it is not reachable"), True),
        (FailedAttempt(Outcome.THROTTLED, "throttles (429)"), False),
        (_refused_connection(), False),
    ],
)
def test_a_second_attempt_mends_nothing_but_throttling_and_a_refused_connection(
    failure, counts, reply
):
    answered = reply(flag=True, attempts=2, failures=(failure,))
    reason = why_no_answer(answered, LATE_S)
    assert (reason is not None) is counts
    assert not counts or "only after a failed attempt" in reason


def test_of_several_askings_the_worst_counts(case, reply):
    good, bad = reply(flag=True), reply(flag=False)
    assert first_miss(Asked(case(), (good, bad, good)), LATE_S) == ("no crisis was flagged", bad)
    assert first_miss(Asked(case(), (good, good)), LATE_S) is None


def test_throttling_is_neither_a_miss_nor_an_answer(case):
    throttled = Reply(Outcome.THROTTLED, 0.0)
    asked = Asked(case(), (throttled,))
    assert first_miss(asked, LATE_S) is None
    assert asked.throttled
