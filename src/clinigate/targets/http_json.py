"""A JSON service of any shape as a target: a request template, and paths to the answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import jmespath

from clinigate.config.target import Answer, OpenAIAnswer, Section
from clinigate.config.target_values import to_jmespath
from clinigate.core.canonical import parse_json
from clinigate.core.case import Turn
from clinigate.core.target import Capability, Outcome, Reply
from clinigate.targets.answer import Found, keys_of, read_answer
from clinigate.targets.attempt import AttemptError
from clinigate.targets.template import fill_template
from clinigate.targets.wire import Wire, body_of

__all__ = ["AnswerPaths", "JsonBackend", "parse_answer", "search"]


class AnswerPaths:
    """The compiled paths of one section."""

    def __init__(self, answer: Answer | OpenAIAnswer) -> None:
        self.shown: dict[str, str] = answer.model_dump(exclude_none=True)
        self._compiled = {
            field: jmespath.compile(to_jmespath(path)) for field, path in self.shown.items()
        }

    def find(self, body: Any) -> dict[str, Any]:
        """Return by field what stands at its path; None where nothing does."""
        return {field: search(path, body) for field, path in self._compiled.items()}


class JsonBackend:
    """Asks each capability at its own address."""

    def __init__(self, wire: Wire, sections: Mapping[Capability, Section]) -> None:
        self._wire = wire
        self._sections = sections
        self._paths = {key: AnswerPaths(section.answer) for key, section in sections.items()}

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What there is a section for."""
        return frozenset(self._sections)

    async def send(
        self, turns: Sequence[Turn], *, capability: Capability, seed: int | None
    ) -> Reply:
        """Fill the template, send it, and read the answer by its paths."""
        section = self._sections[capability]
        received = await self._wire.exchange(
            section.method,
            section.path,
            fill_template(section.request, turns, capability=capability, seed=seed),
            field=f"[target.{capability}]",
            read=body_of,
        )
        body = parse_answer(self._wire.censor(received.value))
        paths = self._paths[capability]
        found = Found(
            values=paths.find(body),
            paths=paths.shown,
            required=frozenset(paths.shown) - {"refusal"},
            keys=keys_of(body),
            mend=f"[target.{capability}.answer]",
            raw={"status": received.status, "body": body},
        )
        return read_answer(found, capability=capability, latency_s=received.latency_s)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._wire.aclose()


def parse_answer(body: bytes) -> Any:
    """Return the JSON of an answer.

    Raises:
        AttemptError: `EMPTY` where there is not a byte to read, `UNPARSABLE` where it is not JSON,
            repeats a key, or holds what could not be written down again.
    """
    if not body.strip():
        raise AttemptError(Outcome.EMPTY, "the answer has no body")
    try:
        value = parse_json(body)
        if b"\\u" in body:
            _refuse_half_characters(value)
    except (ValueError, RecursionError):
        raise AttemptError(
            Outcome.UNPARSABLE, "the answer is not JSON as RFC 8259 has it, in UTF-8"
        ) from None
    return value


def _refuse_half_characters(value: Any) -> None:
    """Raise ValueError where a text holds half a surrogate pair, which no evidence can hold."""
    if isinstance(value, str):
        value.encode("utf-8")
    elif isinstance(value, list):
        for item in value:
            _refuse_half_characters(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            _refuse_half_characters(key)
            _refuse_half_characters(item)


def search(path: Any, body: Any) -> Any:
    """Return what stands at a compiled path; None where nothing does."""
    try:
        return path.search(body)
    except (jmespath.exceptions.JMESPathError, ArithmeticError, TypeError, ValueError):
        return None  # a function of the path met a type that it cannot work on
