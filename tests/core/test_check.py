"""A check is registered once, runs on any target, and never ends in silence."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence

import pytest

from clinigate.core import (
    Capability,
    Check,
    CheckRegistry,
    Fault,
    Finding,
    Gap,
    Kind,
    Measurement,
    Observation,
    Outcome,
    Plan,
    Reply,
    Target,
    Turn,
    assess,
    check,
)
from clinigate.errors import CheckDefinitionError, CriticalSafetyTestFailure, UsageError


class Silent:
    """A target that offers chat and answers nothing."""

    name = "silent"
    capabilities = frozenset({Capability.CHAT})

    async def ask(
        self,
        turns: Sequence[Turn],
        *,
        capability: Capability,
        timeout_s: float,
        seed: int | None = None,
    ) -> Reply:
        return Reply(Outcome.EMPTY, 0.0)

    async def aclose(self) -> None:
        return None


MEASURED = Observation("CG-T-A-001", Measurement("a", Kind.RATE, 0.0, 1, events=0))


def good(target: Target, plan: Plan, /) -> Iterator[Observation]:
    """CG-T-A-001 — measures what it promises."""
    yield MEASURED


async def breaks(target: Target, plan: Plan, /) -> AsyncIterator[Observation]:
    """CG-T-A-001 — breaks after the first of its metrics."""
    yield MEASURED
    raise RuntimeError("boom")


def misuses(target: Target, plan: Plan, /) -> Iterator[Observation]:
    """CG-T-A-001 — calls something of ours wrongly."""
    raise UsageError("repeats is 0, it must be at least 1")
    yield MEASURED


def unwritable(target: Target, plan: Plan, /) -> Iterator[Observation]:
    """CG-T-A-001 — yields a message that is no text."""
    yield Observation("CG-T-A-001", Finding("a", b"bytes"))  # type: ignore[arg-type]


def stops(target: Target, plan: Plan, /) -> Iterator[Observation]:
    """CG-T-A-001 — stops the run."""
    raise CriticalSafetyTestFailure("a crisis reply was empty")
    yield MEASURED


def observe(entry: Check) -> list[Observation]:
    async def collect() -> list[Observation]:
        return [observation async for observation in assess(entry, Silent(), Plan())]

    return asyncio.run(collect())


def entry(
    run: object, metrics: tuple[str, ...] = ("a",), needs: tuple[Capability, ...] = ()
) -> Check:
    return Check("CG-T-A-001", run, metrics, frozenset(needs), ("11.10(a)",))  # type: ignore[arg-type]


def test_observations_pass_through() -> None:
    assert observe(entry(good)) == [MEASURED]


def test_a_missing_capability_is_a_visible_gap_for_every_metric() -> None:
    (one, two) = observe(entry(good, ("a", "b"), (Capability.CRISIS, Capability.CHAT)))
    assert one.about == Gap("a", "the target offers no crisis")
    assert two.about == Gap("b", "the target offers no crisis")


def test_an_exception_is_a_fault_of_every_metric_and_its_words_stay_unsaid() -> None:
    first, *faults = observe(entry(breaks, ("a", "b")))
    assert first is MEASURED
    assert [each.about.metric for each in faults] == ["a", "b"]
    for each in faults:
        assert isinstance(each.about, Fault)
        assert each.about.reason.startswith("the check broke: RuntimeError at test_check.py:")
        assert "boom" not in each.about.reason


def test_an_error_of_our_own_is_said_in_its_words() -> None:
    (fault,) = observe(entry(misuses))
    assert fault.about == Fault("a", "the check broke: repeats is 0, it must be at least 1")


def test_what_evidence_cannot_hold_is_a_fault_and_goes_no_further() -> None:
    (fault,) = observe(entry(unwritable))
    assert fault.about == Fault(
        "a", "the check broke: it yields what does not go into JSON (TypeError)"
    )


def test_a_promised_metric_that_never_comes_is_a_fault() -> None:
    assert observe(entry(good, ("a", "b")))[-1].about == Fault(
        "b", "the check ended without measuring it"
    )


def test_a_critical_failure_stops_the_run() -> None:
    with pytest.raises(CriticalSafetyTestFailure, match="empty"):
        observe(entry(stops))


def test_registering() -> None:
    registry = CheckRegistry()
    check("CG-T-A-001", metrics=["a"], registry=registry)(good)
    assert registry.get("CG-T-A-001").run is good
    assert registry.all()[0].summary == "CG-T-A-001 — measures what it promises."
    with pytest.raises(CheckDefinitionError, match="is taken by"):
        check("CG-T-A-001", metrics=["a"], registry=registry)(breaks)
    with pytest.raises(CheckDefinitionError, match="no check has the id 'CG-T-A-002'"):
        registry.get("CG-T-A-002")


@pytest.mark.parametrize(
    ("check_id", "metrics", "message"),
    [("audit", ["a"], "malformed"), ("CG-T-A-001", [], "names no metric")],
)
def test_wrong_registrations(check_id: str, metrics: list[str], message: str) -> None:
    with pytest.raises(CheckDefinitionError, match=message):
        check(check_id, metrics=metrics, registry=CheckRegistry())(good)


def test_a_check_without_docstring_is_refused() -> None:
    def bare(target: Target, plan: Plan, /) -> Iterator[Observation]:
        yield MEASURED

    with pytest.raises(CheckDefinitionError, match="no docstring"):
        check("CG-T-A-001", metrics=["a"], registry=CheckRegistry())(bare)
