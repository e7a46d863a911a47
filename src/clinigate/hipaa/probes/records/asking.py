"""Requests and programs of the configuration, as the probes of records ask them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from clinigate.config.hipaa_call import CallTable
from clinigate.errors import ConfigError, TargetError
from clinigate.hipaa import actors
from clinigate.hipaa.planting import fresh_patient
from clinigate.hipaa.premises import Premises
from clinigate.hipaa.programs import run_program
from clinigate.targets.service import Answer

__all__ = ["Voices", "fresh_text", "printed"]

_LONGEST_S = 120.0


class Voices(actors.Voices):
    """Whoever the configuration's requests are sent as, where those must be served."""

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
        return actors.told(self.served(table, values), table.answer)


def fresh_text(member: str) -> str:
    """Return a new text that fits into a member of a record, as far as its name tells."""
    values = fresh_patient().values
    return values.get(member, values["email"])


def printed(premises: Premises, command: Sequence[str], field: str) -> bytes:
    """Return what a program of the configuration prints.

    Raises:
        ConfigError: it does not run, or does not end well.
    """
    done = run_program(
        command, field, cwd=premises.base_dir, environ=premises.environ, longest_s=_LONGEST_S
    )
    if done is None:
        raise ConfigError(f"{field}: {command[0]} does not end in {_LONGEST_S:g} s")
    if done.returncode != 0:
        raise ConfigError(f"{field}: {command[0]} ends with {done.returncode}, not 0")
    return done.stdout
