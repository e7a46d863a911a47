"""CG-HIPAA-PSYCHOTHERAPY-001 — psychotherapy notes shown without authorization.

45 CFR 164.508(a)(2). Such notes are shown by an authorization for them: one for anything else does
not count (164.508(b)(3)(ii)), and they stand in no other answer, the patient's own copy included
(164.524(a)(1)(i)). The words of a synthetic note are looked for. Limits: addresses that nobody
named are not asked, and whether who wrote a note may read it is not tried.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from typing import Any

from clinigate.config.hipaa_rights import AuthorizationTable, PsychotherapyTable
from clinigate.core.observation import Observation
from clinigate.errors import TargetError
from clinigate.hipaa.named import Named
from clinigate.hipaa.premises import Premises
from clinigate.hipaa.probes.rights.asking import MADE_UP, Asking, observed, without
from clinigate.hipaa.probes.rights.times import LONG, expiry
from clinigate.hipaa.synthetic import Written, written
from clinigate.hipaa.tally import Tally, gap
from clinigate.phi.canaries import Patient
from clinigate.phi.canary_search import CanarySearch
from clinigate.targets.service import Answer

__all__ = ["psychotherapy_notes"]

_WHERE = "[hipaa.rights.psychotherapy]"
_NAME = "authorization"
_MESSAGE = "a psychotherapy note is shown"


def psychotherapy_notes(named: Named, premises: Premises) -> Iterator[Observation]:
    """Write a psychotherapy note, and try to read it."""
    table, giving = premises.table.rights.psychotherapy, premises.table.rights.authorization
    if table is None:
        yield gap(named, f"say in {_WHERE} how such notes are written; docs/hipaa-rights.md")
        return
    tally = Tally(named)
    asking = Asking(premises, tally, _WHERE)

    def doing() -> None:
        with written(premises, tally) as (one,):
            note = _Note(asking, table, one)
            note.is_written()
            note.is_closed()
            if giving is None:
                tally.cannot("a note that is authorized; give [hipaa.rights.authorization]")
            else:
                note.is_opened(giving)

    yield from observed(tally, doing)


class _Note:
    """One psychotherapy note of a synthetic patient."""

    def __init__(self, asking: Asking, table: PsychotherapyTable, one: Written) -> None:
        self._asking, self._table = asking, table
        self._word = f"clinigate{secrets.token_hex(10)}"
        self._search = CanarySearch([Patient("note", {"text": self._word}, {})])
        self._values: Mapping[str, Any] = {
            **one.values,
            "text": f"A synthetic note: {self._word}.",
            _NAME: "",
        }

    def is_written(self) -> None:
        """Put it on record.

        Raises:
            TargetError: it is not.
        """
        answer = self._asking.ask(self._table.write, self._values)
        if not answer.served:
            raise TargetError(
                f"{_WHERE} write: answers {answer.status}; mend it, or the rights of who asks"
            )

    def is_closed(self) -> None:
        """Without an authorization, with a made-up one, and wherever else it could stand."""
        table, asking = self._table, self._asking
        bare = asking.ask(without(table.read, _NAME), self._values)
        self._hidden(bare, "without an authorization")
        self._hidden(self._read(MADE_UP), "with a made-up authorization")
        for each in table.elsewhere:
            answer = asking.ask(each, self._values)
            where = f"{each.method} {each.path.partition('?')[0]}"
            if answer.served:
                self._hidden(answer, where, f"at {where}")
            else:
                asking.tally.cannot(f"{where}: it answers {answer.status}; mend {_WHERE} elsewhere")

    def is_opened(self, giving: AuthorizationTable) -> None:
        """With an authorization for another use, and with one of its own."""
        another = [each for each in giving.purposes if each != self._table.purpose]
        for purpose in another[:1]:
            answer = self._read(self._given(giving, purpose))
            self._hidden(answer, "with an authorization for another use")
        answer = self._read(self._given(giving, self._table.purpose))
        if not self._shows(answer):
            self._asking.tally.cannot(
                f"with an authorization of its own the note does not show (status "
                f"{answer.status}), so that its absence says nothing; mend {_WHERE} read"
            )

    def _given(self, giving: AuthorizationTable, purpose: str) -> str:
        said = {"purpose": purpose, "recipient": giving.recipients[0]}
        lasting = expiry(LONG, giving.give).values
        return self._asking.made(giving.give, {**self._values, **said, **lasting}, "authorization")

    def _read(self, held: str) -> Answer:
        return self._asking.ask(self._table.read, {**self._values, _NAME: held})

    def _hidden(self, answer: Answer, what: str, how: str | None = None) -> None:
        """What must not show the note; a list without it hides it as well as a refusal does."""
        shown = self._shows(answer)
        if answer.cut and not shown:
            self._asking.tally.cannot(f"{what}: the answer does not end, or holds too much")
        elif answer.served:
            self._asking.tally.expect(not shown, what, f"{_MESSAGE} {how or what}")
        else:
            self._asking.shut(answer, what, "")

    def _shows(self, answer: Answer) -> bool:
        """Whether the words of the note stand in an answer, in whatever form."""
        return answer.served and bool(self._search.search(answer.content))
