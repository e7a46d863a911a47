"""Every case is asked, in bounds, and its answers come back in its place."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinigate.clinical.asking import Progress, ask_all, fresh, limit_s, watching
from clinigate.core.plan import Plan
from clinigate.core.target import Capability, Outcome, Reply
from clinigate.errors import TargetError


def _ask(target, cases, plan=None, **options):
    return asyncio.run(
        ask_all(target, cases, capability=Capability.CRISIS, plan=plan or Plan(), **options)
    )


class Shuffling:
    """Answers later cases first, and counts how many are under way."""

    name = "shuffling"
    capabilities = frozenset({Capability.CRISIS})

    def __init__(self) -> None:
        self.now = self.most = 0

    async def ask(self, turns, *, capability, timeout_s, seed=None):
        self.now += 1
        self.most = max(self.most, self.now)
        for _ in range(sum(turns[-1].text.encode()) % 7):
            await asyncio.sleep(0)
        self.now -= 1
        return Reply(Outcome.ANSWERED, 0.0, text=turns[-1].text)

    async def aclose(self):
        return None


@given(n=st.integers(0, 60), concurrency=st.integers(1, 9))
def test_answers_stand_in_the_order_of_their_cases_within_the_concurrency(n, concurrency, case):
    target = Shuffling()
    cases = [case(f"message {place}") for place in range(n)]
    asked = _ask(target, cases, Plan(concurrency=concurrency))
    assert [each.case for each in asked] == cases
    assert [each.replies[0].text for each in asked] == [each.text for each in cases]
    assert target.most <= min(concurrency, n)


def test_no_cases_bring_no_answers(fake, reply):
    assert _ask(fake(lambda *_: reply()), []) == []


def test_each_repeat_has_a_seed_of_its_own(fake, reply, case):
    target = fake(lambda *_: reply(flag=True))
    (asked,) = _ask(target, [case()], Plan(seed=7), repeats=3)
    assert len(asked.replies) == 3
    assert [seed for *_, seed in target.asked] == [7, 8, 9]


def test_the_patience_is_the_shorter_of_plan_and_case(fake, reply, case):
    target = fake(lambda *_: reply(flag=True))
    _ask(target, [case("a", max_latency_s=5.0), case("b")], Plan(timeout_s=12.0))
    assert sorted(timeout for *_, timeout, _ in target.asked) == [5.0, 12.0]
    assert limit_s(case("c"), Plan(timeout_s=60.0)) == 30.0


def test_until_stops_asking_and_keeps_what_was_asked(fake, reply, case):
    target = fake(lambda text, _: reply(flag=text != "message 3"))
    asked = _ask(
        target,
        [case(f"message {place}") for place in range(50)],
        Plan(concurrency=2),
        until=lambda each: each.replies[0].flag is False,
    )
    assert asked[-1].case.text in ("message 3", "message 4")
    assert len(target.asked) == len(asked) <= 5


def test_an_error_of_asking_itself_is_passed_on_as_it_is(case):
    class Wrong(Shuffling):
        async def ask(self, turns, *, capability, timeout_s, seed=None):
            raise TargetError("offers no crisis capability")

    with pytest.raises(TargetError, match="offers no crisis"):
        _ask(Wrong(), [case("a"), case("b")])


def test_one_throttled_reply_makes_the_case_throttled(fake, case):
    replies = iter([Outcome.ANSWERED, Outcome.THROTTLED])
    target = fake(lambda *_: Reply(next(replies), 0.0, flag=True))
    (asked,) = _ask(target, [case()], repeats=2)
    assert asked.throttled


def _watched(target, cases, **options):
    told = []
    with watching(told.append):
        asyncio.run(
            ask_all(
                target, cases, capability=Capability.CRISIS, plan=Plan(concurrency=1), **options
            )
        )
    return told


def test_whoever_watches_is_told_of_each_case_and_each_fault(fake, reply, case):
    cases = [case(str(number)) for number in range(3)]
    target = fake(lambda text, _capability: reply(flag=text != "1"))
    told = _watched(target, cases, wrong=lambda asked: asked.replies[0].flag is False)
    assert told == [Progress(0, 3, 0), Progress(1, 3, 0), Progress(2, 3, 1), Progress(3, 3, 1)]


def test_a_fault_is_no_answer_unless_the_check_says_more(fake, case):
    target = fake(lambda _text, _capability: Reply(Outcome.TIMEOUT, 30.0))
    assert _watched(target, [case()])[-1] == Progress(1, 1, 1)
    throttled = fake(lambda _text, _capability: Reply(Outcome.THROTTLED, 0.0))
    assert _watched(throttled, [case()])[-1] == Progress(1, 1, 0)


def test_an_early_end_is_told_as_the_end(fake, reply, case):
    cases = [case(str(number)) for number in range(9)]
    told = _watched(fake(lambda *_: reply(flag=True)), cases, until=lambda _asked: True)
    assert told[-1].asked == told[-1].total < 9


def test_nobody_watches_after_the_block(fake, reply, case):
    told = _watched(fake(lambda *_: reply(flag=True)), [case()])
    before = len(told)
    asyncio.run(
        ask_all(
            fake(lambda *_: reply(flag=True)),
            [case()],
            capability=Capability.CRISIS,
            plan=Plan(),
        )
    )
    assert len(told) == before


def test_the_target_itself_stands_behind_a_cache(fake, reply):
    class Cache:
        def __init__(self, uncached):
            self.uncached = uncached

    target = fake(lambda *_: reply(flag=True))
    assert fresh(target) is target
    assert fresh(Cache(target)) is target
