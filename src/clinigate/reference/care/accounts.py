"""What is kept of accounts between requests: failed log-ins, codes that were used, resets."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from clinigate.reference.care.care import Care
from clinigate.reference.care.people import folded

__all__ = ["LOCKED_AFTER", "LOCKED_S", "Accounts", "accounts_of", "brief_s"]

LOCKED_AFTER = 5
"""After how many failed log-ins in a row nobody gets in."""
LOCKED_S = 60.0
"""For how long."""
_BRIEF_S = 900.0
_MOST = 10_000


def brief_s(care: Care) -> float:
    """Return how long a reset and access in an emergency last: half of what a session may idle."""
    return min(_BRIEF_S, care.sessions.idle_s / 2)


def accounts_of(care: Care) -> Accounts:
    """Return what is kept of the accounts of one start."""
    found = care.state.setdefault("accounts", Accounts(care.clock, reset_s=brief_s(care)))
    assert isinstance(found, Accounts)
    return found


@dataclass(frozen=True, slots=True)
class _Failed:
    times: int
    until: float


class Accounts:
    """Counts failed log-ins, and knows what may be used once."""

    def __init__(self, clock: Callable[[], float], *, reset_s: float) -> None:
        """`reset_s`: for how long a password can be set anew with the token of a reset."""
        self.reset_s = reset_s
        self._clock = clock
        self._failed: dict[str, _Failed] = {}
        self._step: dict[str, int] = {}
        self._resets: dict[str, tuple[str, float]] = {}

    def locked_s(self, login: str) -> float:
        """Return for how many seconds nobody gets in by this login; 0 where it is open."""
        failed = self._failed.get(folded(login))
        if failed is None or failed.times < LOCKED_AFTER:
            return 0.0
        return max(0.0, failed.until - self._clock())

    def failed(self, login: str) -> None:
        """Count a log-in that failed, whether there is such an account or not."""
        key, now = folded(login), self._clock()
        before = self._failed.pop(key, None)
        times = 1 if before is None or before.until <= now else before.times + 1
        self._failed[key] = _Failed(times, now + LOCKED_S)
        if len(self._failed) > _MOST:
            # The oldest, so that made-up logins do not fill the memory.
            self._failed.pop(next(iter(self._failed)))

    def let_in(self, login: str) -> None:
        """Somebody logged in: what failed before counts no more."""
        self._failed.pop(folded(login), None)

    def is_fresh(self, login: str, step: int) -> bool:
        """Whether the code of a half minute was not used yet, nor one of a later one.

        RFC 6238, section 5.2: a code that was accepted is not accepted again.
        """
        return step > self._step.get(login, -1)

    def use(self, login: str, step: int) -> None:
        """The code of a half minute was accepted."""
        self._step[login] = step

    def reset(self, login: str) -> str:
        """Return a token that sets a password anew, once."""
        token = secrets.token_urlsafe(24)
        self._resets = {key: held for key, held in self._resets.items() if held[0] != login}
        self._resets[_digest(token)] = (login, self._clock() + self.reset_s)
        return token

    def reset_of(self, token: str) -> str | None:
        """Return whose password a token sets anew, while it is good; it is then used up."""
        login, until = self._resets.pop(_digest(token), ("", 0.0))
        return login if self._clock() < until else None

    def forget(self, login: str) -> None:
        """Somebody is gone."""
        self._failed.pop(folded(login), None)
        self._step.pop(login, None)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
