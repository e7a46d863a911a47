"""How these probes ask: as whom a table says, and what an answer says of a patient's will."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from clinigate.config.hipaa_call import CallTable
from clinigate.config.target_values import PLACEHOLDER
from clinigate.core.observation import Observation
from clinigate.errors import ClinigateError, TargetError
from clinigate.hipaa.actors import Voices, told
from clinigate.hipaa.premises import Premises
from clinigate.hipaa.tally import Tally
from clinigate.targets.service import Answer

__all__ = ["MADE_UP", "Asking", "mentions", "observed", "without"]

MADE_UP = "clinigate-made-up"
"""An id that nobody has."""

#: Of 400 and 422 the request itself may be the reason; each probe sends the same one when it must
#: be served, and does not pass where it is not.
_REFUSALS = frozenset({400, 403, 404, 409, 410, 412, 422, 428, 451})


@dataclass(slots=True)
class Asking:
    """One probe asks. `where`: the table of `[hipaa.rights]` that its requests stand in."""

    premises: Premises
    tally: Tally
    where: str
    _voices: Voices = field(init=False)

    def __post_init__(self) -> None:
        self._voices = Voices(self.premises)

    def ask(self, table: CallTable, values: Mapping[str, Any]) -> Answer:
        """Send the request of a table as whom it names; raises as `actors.Voices.ask`."""
        return self._voices.ask(table, values)

    @property
    def off_s(self) -> float:
        """By how many seconds the clock of the service is ahead of ours."""
        return 0.0 if self.premises.service is None else self.premises.service.clock_off_s

    def made(self, table: CallTable, values: Mapping[str, Any], name: str) -> str:
        """Put something on record and return its id. `name`: of the request in its table.

        Raises:
            ConfigError: as `ask`.
            TargetError: it is not put on record, or has no id.
        """
        answer = self.ask(table, values)
        found = self.id_of(table, answer)
        if found is None:
            raise TargetError(
                f"{self.where} {name}: {table.method} {table.path.partition('?')[0]} answers "
                f"{answer.status} and gives no id at {table.answer}; mend it, or the rights of "
                "who asks"
            )
        return found

    def id_of(self, table: CallTable, answer: Answer) -> str | None:
        """Return the id of what was put on record; None where nothing was.

        It is empty where the table does not say where one stands.
        """
        found = told(answer, table.answer) if answer.served else None
        if isinstance(found, str | int):
            return str(found)
        return "" if answer.served and table.answer == "@" else None

    def shut(self, answer: Answer, what: str, message: str) -> None:
        """What must be refused. `what`: the case; `message`: what is wrong where it is served."""
        if answer.served or answer.status in _REFUSALS:
            self.tally.expect(not answer.served, what, message)
        else:
            self.tally.cannot(
                f"{what}: it answers {answer.status}, which says nothing of a patient's will"
            )

    def stays_open(self, answer: Answer, what: str, message: str) -> None:
        """What a patient did not speak of. `message`: what is wrong where it is refused."""
        if answer.served or answer.status in _REFUSALS:
            self.tally.expect(answer.served, what, message)
        else:
            self.tally.cannot(f"{what}: it answers {answer.status}")

    def opens(self, answer: Answer, what: str) -> bool:
        """What must be served, so that the refusals of the same request say something."""
        if not answer.served:
            self.tally.cannot(
                f"{what}: it answers {answer.status} and must be served for its refusals to say "
                f"anything; mend {self.where}"
            )
        return answer.served


def observed(tally: Tally, doing: Callable[[], None]) -> Iterator[Observation]:
    """Yield what a probe counts; where it breaks off, what was found before is told as well.

    Raises:
        ClinigateError: it breaks off.
    """
    try:
        doing()
    except ClinigateError:
        if tally.broken:
            yield from tally.observations()
        raise
    yield from tally.observations()


def without(table: CallTable, name: str) -> CallTable:
    """Return a request that says nothing where a placeholder stands: in body, path and headers."""

    def emptied(text: str) -> str:
        return PLACEHOLDER.sub(lambda found: "" if found[1] == name else found[0], text)

    headers = {key: emptied(value) for key, value in table.headers.items()}
    body = None if table.body is None else _left_out(table.body, name)
    changes = {"path": emptied(table.path), "headers": headers, "body": body}
    return table.model_copy(update=changes)


def mentions(table: CallTable, name: str) -> bool:
    """Whether a placeholder stands anywhere in a request."""
    return name in PLACEHOLDER.findall(table.model_dump_json())


def _left_out(node: Any, name: str) -> Any:
    if isinstance(node, dict):
        return {key: _left_out(value, name) for key, value in node.items() if not _is(value, name)}
    if isinstance(node, list):
        return [_left_out(value, name) for value in node if not _is(value, name)]
    return node


def _is(value: Any, name: str) -> bool:
    whole = PLACEHOLDER.fullmatch(value) if isinstance(value, str) else None
    return whole is not None and whole[1] == name
