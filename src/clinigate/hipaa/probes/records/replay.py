"""CG-HIPAA-REPLAY-001 — a write that is carried out again when it is sent again. 45 CFR
164.312(c)(1).

Something is written under a nonce, sent again, sent four times at once, and another write is sent
under the nonce of the first; each must be there once at most. Limits: the write that the
configuration names; how long a nonce is remembered is not seen.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from clinigate.config.hipaa_records import ReplayTable
from clinigate.core.observation import Observation
from clinigate.errors import TargetError
from clinigate.hipaa.named import Named
from clinigate.hipaa.premises import Premises
from clinigate.hipaa.probes.records.asking import Voices
from clinigate.hipaa.synthetic import MARK, Written, written
from clinigate.hipaa.tally import Tally, gap
from clinigate.targets.service import Answer

__all__ = ["replay"]

_AT_ONCE = 4
_NOT_OF_NONCES = frozenset({401, 404, 429})


def replay(named: Named, premises: Premises) -> Iterator[Observation]:
    """Send writes again."""
    table = premises.table.records.replay
    if table is None:
        yield gap(named, "give [hipaa.records.replay] write and read")
        return
    tally = Tally(named)
    with written(premises, tally) as (one,):
        writes = _Writes(Voices(premises), table, one)
        nonce, text = _nonce(), _text()
        answer = writes.send(nonce, text)
        if not answer.served or writes.count(text) != 1:
            raise TargetError(
                f"[hipaa.records.replay] write: answers {answer.status}, and read does not tell "
                "what it wrote; mend them"
            )
        again = writes.send(nonce, text)
        message = "a write that is sent again is done again"
        _expect(tally, again, writes.count(text) == 1, "again", message)
        other = _text()
        answer = writes.send(nonce, other)
        none = writes.count(other) == 0
        _expect(tally, answer, none, "nonce", "one nonce serves for two writes")
        _at_once(tally, writes)
    yield from tally.observations()


class _Writes:
    """What is written about one synthetic patient."""

    def __init__(self, voices: Voices, table: ReplayTable, one: Written) -> None:
        self._voices, self._table, self._one = voices, table, one

    def send(self, nonce: str, text: str) -> Answer:
        values = {**self._one.values, "nonce": nonce, "value": text}
        return self._voices.ask(self._table.write, values)

    def count(self, text: str) -> int:
        found = self._voices.found(self._table.read, self._one.values)
        if not isinstance(found, list):
            raise TargetError("[hipaa.records.replay] read: answer is no list; mend it")
        return sum(text in str(each) for each in found)


def _expect(tally: Tally, answer: Answer, holds: bool, where: str, message: str) -> None:
    """Count one; what was refused for other reasons than its nonce shows nothing of it."""
    if holds and (answer.status >= 500 or answer.status in _NOT_OF_NONCES):
        tally.cannot(f"{where}; it answers {answer.status}, which says nothing of a nonce")
    else:
        tally.expect(holds, where, message)


def _at_once(tally: Tally, writes: _Writes) -> None:
    nonce, text = _nonce(), _text()
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        list(pool.map(lambda _: writes.send(nonce, text), range(_AT_ONCE)))
    count = writes.count(text)
    if count == 0:
        tally.cannot(f"{_AT_ONCE} at once; none of them is carried out")
        return
    tally.expect(count == 1, "at once", f"a write that is sent {_AT_ONCE} times is done {count}")


def _nonce() -> str:
    return secrets.token_hex(16)


def _text() -> str:
    return f"{MARK} {secrets.token_hex(8)}"
