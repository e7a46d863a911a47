"""Questionnaires scored over HTTP: one sheet by its own address, many by that of a batch."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any
from urllib.parse import quote

from clinigate.config.scoring import ScoringSection
from clinigate.config.target_values import to_jmespath
from clinigate.core.scoring import SCORED_FIELDS, Answers, Instrument, Scored, Terms
from clinigate.core.target import Outcome
from clinigate.targets.answer import keys_of
from clinigate.targets.attempt import AttemptError
from clinigate.targets.http_json import parse_answer, search
from clinigate.targets.scoring_answer import read_scored
from clinigate.targets.template import fill_values
from clinigate.targets.wire import Received, Wire, body_of

__all__ = ["JsonScoring"]

#: Statuses by which a service says that it does not take a sheet.
_REFUSALS = frozenset({400, 422})
_FIELD = "[target.scoring]"
_PLAIN = re.compile(r"[A-Za-z_]\w*")

Look = Callable[[Any], Any]


class JsonScoring:
    """Has sheets scored by a JSON service."""

    def __init__(self, wire: Wire, section: ScoringSection) -> None:
        self._wire = wire
        self._section = section
        self._paths = section.answer.model_dump(exclude_none=True)
        self._looks = {name: _look(path) for name, path in self._paths.items()}
        self._terms = MappingProxyType(
            {each: section.terms.of(each) for each in map(Instrument, section.instruments)}
        )
        batch = section.batch
        self._results = None if batch is None else _look(batch.results)

    @property
    def instruments(self) -> Mapping[Instrument, Terms]:
        """What the section says that the service scores."""
        return self._terms

    @property
    def scored_fields(self) -> frozenset[str]:
        """What there is a path for."""
        return frozenset(self._paths) & frozenset(SCORED_FIELDS)

    @property
    def sheets_at_once(self) -> int:
        """The size of a batch; 1 without one."""
        return 1 if self._section.batch is None else self._section.batch.size

    async def send(self, instrument: Instrument, sheets: Sequence[Answers]) -> Sequence[Scored]:
        """Send one sheet to its own address, and more to that of many."""
        if len(sheets) == 1:
            return [await self._one(instrument, sheets[0])]
        return await self._many(instrument, sheets)

    async def _one(self, instrument: Instrument, sheet: Answers) -> Scored:
        values = {"instrument": self._name(instrument), "answers": list(sheet)}
        try:
            received = await self._exchange(self._section.path, self._section.request, values)
        except AttemptError as failure:
            if failure.status in _REFUSALS:
                return Scored(Outcome.REFUSED, 0.0, of_request=True, error=failure.reason)
            raise
        body = parse_answer(self._wire.censor(received.value))
        return self._read(body, received.latency_s)

    async def _many(self, instrument: Instrument, sheets: Sequence[Answers]) -> Sequence[Scored]:
        batch = self._section.batch
        assert batch is not None
        assert self._results is not None
        values = {"instrument": self._name(instrument), "sheets": [list(each) for each in sheets]}
        received = await self._exchange(batch.path, batch.request, values)
        body = parse_answer(self._wire.censor(received.value))
        results = self._results(body)
        if not isinstance(results, list) or len(results) != len(sheets):
            found = f"{len(results)} of them" if isinstance(results, list) else "no list"
            raise AttemptError(
                Outcome.UNPARSABLE,
                f"scoring: results, looked up as {batch.results!r}, is {found} for {len(sheets)} "
                f"sheets; the answer has {keys_of(body)}; mend [target.scoring.batch]",
            )
        return [self._read(result, received.latency_s) for result in results]

    async def _exchange(
        self, path: str, request: Any, values: Mapping[str, Any]
    ) -> Received[bytes]:
        return await self._wire.exchange(
            self._section.method,
            fill_values(path, {"instrument": quote(values["instrument"], safe="")}),
            fill_values(request, values),
            field=_FIELD,
            read=body_of,
        )

    def _read(self, body: Any, latency_s: float) -> Scored:
        values = {name: look(body) for name, look in self._looks.items()}
        scored = read_scored(values, latency_s=latency_s)
        if scored.outcome is Outcome.UNPARSABLE:
            mend = f"the answer has {keys_of(body)}; mend [target.scoring.answer]"
            return Scored(scored.outcome, latency_s, error=f"{scored.error}; {mend}")
        return scored

    def _name(self, instrument: Instrument) -> str:
        return self._section.terms.name_of(instrument)


def _look(path: str) -> Look:
    """What finds a value. Most paths are one name, which is found quicker without JMESPath."""
    if _PLAIN.fullmatch(path):
        return lambda body: body.get(path) if isinstance(body, Mapping) else None
    import jmespath

    compiled = jmespath.compile(to_jmespath(path))
    return lambda body: search(compiled, body)
