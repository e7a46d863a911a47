"""Requests and programs of the configuration, as the probes of records ask them."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from typing import Any

from clinigate.config.hipaa_call import CallTable
from clinigate.errors import ConfigError, TargetError
from clinigate.hipaa.actors import as_bearer, bearer_of, call, told
from clinigate.hipaa.planting import fresh_patient
from clinigate.hipaa.premises import Premises
from clinigate.targets.service import Answer

__all__ = ["Voices", "fresh_text", "printed"]

_LONGEST_S = 120.0


class Voices:
    """Sends requests of the configuration; each role logs in once, and again if it has to."""

    def __init__(self, premises: Premises) -> None:
        self._premises = premises
        self._headers: dict[str, dict[str, str]] = {}

    def ask(self, table: CallTable, values: Mapping[str, Any]) -> Answer:
        """Send a request as whom its table names.

        Raises:
            ConfigError, TargetError: as `actors.call`.
        """
        if table.role is None:
            return call(self._premises, table, values)
        answer = call(self._premises, table, values, headers=self._of(table.role))
        if answer.status == 401:
            self._headers.pop(table.role, None)
            answer = call(self._premises, table, values, headers=self._of(table.role))
        return answer

    def served(self, table: CallTable, values: Mapping[str, Any]) -> Answer:
        """Send a request that must be served.

        Raises:
            TargetError: it is not.
        """
        answer = self.ask(table, values)
        if not answer.served:
            raise TargetError(
                f"{table.method} {table.path}: answers {answer.status}; the probe needs it served"
            )
        return answer

    def found(self, table: CallTable, values: Mapping[str, Any]) -> Any:
        """Return what stands at `answer` of a request that must be served; raises as `served`."""
        return told(self.served(table, values), table.answer)

    def _of(self, role: str) -> dict[str, str]:
        if role not in self._headers:
            self._headers[role] = as_bearer(bearer_of(self._premises, role))
        return self._headers[role]


def fresh_text(member: str) -> str:
    """Return a new text that fits into a member of a record, as far as its name tells."""
    values = fresh_patient().values
    return values.get(member, values["email"])


def printed(premises: Premises, command: Sequence[str], field: str) -> bytes:
    """Return what a program of the configuration prints.

    Raises:
        ConfigError: it does not run, or does not end well.
    """
    try:
        done = subprocess.run(  # noqa: S603 - the configuration's own words, and no shell
            list(command),
            cwd=premises.base_dir,
            env=dict(premises.environ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_LONGEST_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ConfigError(
            f"{field}: {command[0]} does not run ({type(error).__name__}); give its path"
        ) from None
    if done.returncode != 0:
        raise ConfigError(f"{field}: {command[0]} ends with {done.returncode}, not 0")
    return done.stdout
