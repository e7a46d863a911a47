"""The people who log in, each once for a probe, and anew where their session may have idled."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping

from clinigate.config.hipaa import RoleTable
from clinigate.errors import ClinigateError
from clinigate.hipaa.actors import as_bearer, log_in
from clinigate.hipaa.premises import Premises
from clinigate.hipaa.tally import Tally

__all__ = ["Crowd"]

_STILL_FRESH = 0.5


class Crowd:
    """Whoever logs in by `[hipaa.login]`."""

    def __init__(self, tally: Tally, premises: Premises) -> None:
        self._tally = tally
        self._premises = premises
        self._tokens: dict[str, str | None] = {}
        self._asked_at: dict[str, float] = {}

    def roles(self) -> Iterator[tuple[str, RoleTable]]:
        """Yield each role that logs in, with its name."""
        for name, role in self._premises.table.roles.items():
            if role.login is not None:
                yield name, role

    def headers(self, name: str) -> Mapping[str, str] | None:
        """Return what a request of a role carries; None where it cannot log in, which is told."""
        now = time.monotonic()
        token = self._tokens.get(name)
        if name not in self._tokens or (token is not None and self._has_idled(name, now)):
            token = self._tokens[name] = self._logged_in(name)
        self._asked_at[name] = now
        return None if token is None else as_bearer(token)

    def _logged_in(self, name: str) -> str | None:
        try:
            return log_in(self._premises, name).bearer
        except ClinigateError as error:
            self._tally.cannot(f"the role {name}: {error}")
            return None

    def _has_idled(self, name: str, now: float) -> bool:
        login = self._premises.table.login
        idle_s = None if login is None else login.idle_timeout_s
        return idle_s is not None and now - self._asked_at[name] > idle_s * _STILL_FRESH
