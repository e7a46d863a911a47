"""Questionnaires scored by a function of this process."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from clinigate.core.blame import blame
from clinigate.core.scoring import SCORED_FIELDS, Answers, Instrument, Scored, Terms
from clinigate.core.target import Outcome
from clinigate.errors import UsageError
from clinigate.targets.clock import Clock
from clinigate.targets.parameters import label_of
from clinigate.targets.python_callable import in_thread
from clinigate.targets.scoring_answer import read_scored

__all__ = ["CallableScoring"]

_AT_ONCE = 512
_READ = ("total", "refusal", *SCORED_FIELDS)


class CallableScoring:
    """Calls a function with an instrument's name and the list of a sheet's answers.

    It returns the total, or a mapping with `total`, `percent`, `band`, `positive`, `follow_up`,
    `refusal`. None, a ValueError and a TypeError say that it does not score the sheet.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        *,
        clock: Clock,
        terms: Mapping[Instrument, Terms] | None = None,
    ) -> None:
        """Take the instruments of `terms`, of the function's attribute `instruments`, or all.

        Raises:
            UsageError: what scores is no function, or names an instrument that nobody knows.
        """
        if not callable(function):
            raise UsageError(f"what scores sheets is no function: {type(function).__name__}")
        self._function = function
        self._clock = clock
        self._terms = terms or _declared(function)
        self._is_async = inspect.iscoroutinefunction(function)

    @property
    def instruments(self) -> Mapping[Instrument, Terms]:
        """What the function is said to score."""
        return self._terms

    @property
    def scored_fields(self) -> frozenset[str]:
        """Nothing is said of it before: its answers tell."""
        return frozenset()

    @property
    def sheets_at_once(self) -> int:
        """Calls are cheap."""
        return _AT_ONCE

    async def send(self, instrument: Instrument, sheets: Sequence[Answers]) -> Sequence[Scored]:
        """Call the function once for each sheet."""
        if self._is_async:
            return [await self._awaited(instrument, sheet) for sheet in sheets]
        scored: Sequence[Scored] = await in_thread(
            lambda: [self._called(instrument, sheet) for sheet in sheets]
        )
        return scored

    async def _awaited(self, instrument: Instrument, sheet: Answers) -> Scored:
        started = self._clock.now()
        try:
            answer = await self._function(instrument.value, list(sheet))
        except Exception as error:  # noqa: BLE001 - the system under test
            return self._raised(error, started)
        return self._read(answer, started)

    def _called(self, instrument: Instrument, sheet: Answers) -> Scored:
        started = self._clock.now()
        try:
            answer = self._function(instrument.value, list(sheet))
        except Exception as error:  # noqa: BLE001 - the system under test
            return self._raised(error, started)
        return self._read(answer, started)

    def _raised(self, error: Exception, started: float) -> Scored:
        refused = isinstance(error, ValueError | TypeError)
        outcome = Outcome.REFUSED if refused else Outcome.ERROR
        what = f"{label_of(self._function)} raised {blame(error)}"
        return Scored(outcome, self._clock.now() - started, error=what)

    def _read(self, answer: Any, started: float) -> Scored:
        latency_s = self._clock.now() - started
        if answer is None:
            return Scored(Outcome.REFUSED, latency_s, error="the function returned None")
        if isinstance(answer, Scored):
            return replace(answer, latency_s=latency_s)
        if isinstance(answer, Mapping):
            return read_scored({name: answer.get(name) for name in _READ}, latency_s=latency_s)
        return read_scored({"total": answer}, latency_s=latency_s)


def _declared(function: Callable[..., Any]) -> Mapping[Instrument, Terms]:
    named: Iterable[str] = getattr(function, "instruments", tuple(Instrument))
    unknown = sorted(set(named) - set(Instrument))
    if unknown:
        raise UsageError(
            f"{label_of(function)} says that it scores {unknown[0]!r}; known are "
            f"{', '.join(Instrument)}"
        )
    return MappingProxyType({Instrument(each): Terms() for each in named})
