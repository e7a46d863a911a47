"""Sessions of people: they end after a time without a request, by the service's own clock.

45 CFR 164.312(a)(2)(iii): a session that is not used ends by itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from clinigate.reference.care.people import Person
from clinigate.reference.care.tokens import Tokens

__all__ = ["Opened", "Session", "Sessions"]


@dataclass(frozen=True, slots=True)
class Session:
    """One session. `used_at`: of its last request, in seconds since the epoch."""

    login: str
    role: str
    facility: str | None
    patient: str | None
    begun_at: float
    used_at: float


@dataclass(frozen=True, slots=True)
class Opened:
    """What somebody who logged in is given."""

    access: str
    refresh: str


class Sessions:
    """The sessions that are open.

    Attributes:
        idle_s: how long one lasts without a request. ends_idle: whether it then ends.
    """

    def __init__(self, *, idle_s: float, longest_s: float, clock: Callable[[], float]) -> None:
        self.idle_s = idle_s
        self.ends_idle = True
        self._longest_s = longest_s
        self._clock = clock
        self.tokens = Tokens(clock=clock, lifetime_s=longest_s)
        self._open: dict[str, Session] = {}
        self._refresh: dict[str, str] = {}

    def begin(self, person: Person) -> Opened:
        """Open a session."""
        now = self._clock()
        opened = Opened(self.tokens.make(), self.tokens.make())
        key, again = self._key(opened.access), self._key(opened.refresh)
        self._open[key] = Session(
            person.login, person.role, person.facility, person.patient, now, now
        )
        self._refresh[again] = key
        return opened

    def used(self, token: str) -> Session | None:
        """Return the session of a token, used now; None where it has ended or never was."""
        key = self._key(token)
        session = self._open.get(key)
        if session is None:
            return None
        if self._is_over(session):
            self._end(key)
            return None
        self._open[key] = replace(session, used_at=self._clock())
        return self._open[key]

    def refreshed(self, refresh: str, person_of: Callable[[str], Person | None]) -> Opened | None:
        """Return new tokens for those of a session that is open; each refreshes once."""
        key = self._refresh.pop(self._key(refresh), None)
        session = self._open.get(key or "")
        if key is None or session is None or self._is_over(session):
            return None
        self._end(key)
        person = person_of(session.login)
        return None if person is None or not person.active else self.begin(person)

    def give_role(self, login: str, role: str) -> None:
        """Let the sessions of somebody go on with another role, from the next request."""
        for key, each in self._open.items():
            if each.login == login:
                self._open[key] = replace(each, role=role)

    def end_all_of(self, login: str) -> None:
        """End every session of somebody."""
        for key in [key for key, each in self._open.items() if each.login == login]:
            self._end(key)

    def end(self, token: str) -> None:
        """End one session."""
        self._end(self._key(token))

    def _is_over(self, session: Session) -> bool:
        now = self._clock()
        idled = self.ends_idle and now - session.used_at >= self.idle_s
        return idled or now - session.begun_at >= self._longest_s

    def _end(self, key: str) -> None:
        self._open.pop(key, None)
        self._refresh = {again: held for again, held in self._refresh.items() if held != key}

    def _key(self, token: str) -> str:
        return self.tokens.key_of(token) or ""
