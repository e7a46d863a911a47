"""What an answer to a synthetic account says: let in, refused, or nothing of the kind."""

from __future__ import annotations

from clinigate.hipaa.premises import Premises
from clinigate.hipaa.probes.accounts.synthetic import is_in
from clinigate.hipaa.tally import Tally
from clinigate.targets.service import Answer

__all__ = ["REFUSALS", "not_let_in", "not_taken", "refused"]

REFUSALS = frozenset({400, 401, 403, 409, 410, 422, 423})
"""What a service answers that does not carry out what is asked, for what was asked."""
_TOO_OFTEN = 429
#: Refusals of who asks: they say nothing of what was asked.
_OF_THE_SENDER = frozenset({401, 403})


def refused(tally: Tally, answer: Answer, where: str, message: str) -> None:
    """Count one that must be refused for who asks; `message` is told where it is served."""
    if answer.served:
        tally.expect(False, where, message)
    elif answer.refused:
        tally.expect(True, where, message)
    else:
        tally.cannot(f"{where}: it answers {answer.status}, which refuses nobody")


def not_let_in(
    premises: Premises,
    tally: Tally,
    answer: Answer,
    where: str,
    message: str,
    *,
    slowed: bool = False,
) -> None:
    """Count a log-in that must fail; `message` is told where it opens a session.

    `slowed`: whether to be asked to come later is such a failure.
    """
    if is_in(premises, answer):
        tally.expect(False, where, message)
    elif answer.served or answer.status in REFUSALS or (slowed and answer.status == _TOO_OFTEN):
        tally.expect(True, where, message)
    else:
        tally.cannot(f"{where}: the log-in answers {answer.status}, which refuses nobody")


def not_taken(tally: Tally, answer: Answer, where: str, message: str, *, of: str) -> None:
    """Count one that must be refused for the login or password in it: `of` says which."""
    if answer.served:
        tally.expect(False, where, message)
    elif answer.status in REFUSALS - _OF_THE_SENDER:
        tally.expect(True, where, message)
    else:
        tally.cannot(f"{where}: it answers {answer.status}, which says nothing of the {of}")
