"""Synthetic accounts: added, logged in, and removed again."""

from __future__ import annotations

import base64
import binascii
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from clinigate.config.hipaa_accounts import AccountsTable
from clinigate.config.hipaa_call import CallTable, LoginTable
from clinigate.errors import ClinigateError, ConfigError, TargetError
from clinigate.hipaa.actors import LoggedIn, call, filled, told
from clinigate.hipaa.premises import Premises
from clinigate.hipaa.tally import Tally
from clinigate.targets.service import Answer
from clinigate.targets.template import fill_values

__all__ = [
    "Account",
    "accounts",
    "add",
    "enter",
    "felt",
    "fresh_login",
    "fresh_password",
    "goes_on",
    "is_in",
    "login_table",
    "needed",
    "refresh",
    "remove",
    "session_of",
    "table_of",
    "use",
]

_STEP_S, _DIGITS = 30, 6
_PAUSE_S = 0.05


@dataclass(frozen=True, slots=True)
class Account:
    """A synthetic account. `id`: as the service names it; `secret`: of its second factor."""

    login: str
    password: str = field(repr=False)
    id: str = ""
    secret: str | None = field(default=None, repr=False)

    @property
    def values(self) -> dict[str, Any]:
        """What fills the placeholders of `[hipaa.accounts]`."""
        return {"login": self.login, "password": self.password, "account": self.id}

    def code(self, *, ago: int = 0) -> str:
        """Return the second factor of now, or of some half minutes ago; empty without one.

        Raises:
            ConfigError: the secret is no base 32.
        """
        if self.secret is None:
            return ""
        try:
            key = base64.b32decode(self.secret.replace(" ", "").upper())
        except binascii.Error:
            raise ConfigError(
                "[hipaa.accounts] secret_answer: what stands there is no secret in base 32"
            ) from None
        totp = TOTP(key, _DIGITS, SHA1(), _STEP_S, enforce_key_length=False)  # noqa: S303 - RFC 6238's
        return totp.generate(int(time.time()) - ago * _STEP_S).decode()


def table_of(premises: Premises) -> AccountsTable:
    """Return `[hipaa.accounts]`."""
    return premises.table.accounts


def login_table(premises: Premises) -> LoginTable:
    """Return `[hipaa.login]`.

    Raises:
        ConfigError: it is missing.
    """
    if premises.table.login is None:
        raise ConfigError("[hipaa.login]: say how people log in")
    return premises.table.login


def needed(premises: Premises, *names: str) -> str | None:
    """Say what of `[hipaa.accounts]` a probe lacks, if it lacks something."""
    missing = [name for name in names if getattr(premises.table.accounts, name) is None]
    if not missing:
        return None
    return f"needs {', '.join(missing)} in [hipaa.accounts]; docs/hipaa-accounts.md says what"


def fresh_login(premises: Premises) -> str:
    """Return a login that nobody has."""
    name = f"clinigate-{secrets.token_hex(6)}"
    return str(fill_values(table_of(premises).login, {"name": name}))


def fresh_password() -> str:
    """Return a password that obeys whatever rule of letters, digits and signs there is."""
    return f"{secrets.token_urlsafe(18)}-aZ7"


def add(premises: Premises, login: str, password: str) -> Answer:
    """Ask for an account, whether it is given or not.

    Raises:
        ConfigError, TargetError: as `clinigate.hipaa.actors.call`.
    """
    table = table_of(premises).add
    assert table is not None
    return call(premises, table, {"login": login, "password": password})


@contextmanager
def accounts(
    premises: Premises, tally: Tally, *, how_many: int = 1, password: str | None = None
) -> Iterator[tuple[Account, ...]]:
    """Add accounts for the length of a block, and remove them at its end.

    `tally` hears of those that could not be removed. `password` is by default one of each.

    Raises:
        ConfigError: the role that adds them cannot log in.
        TargetError: one is not added.
    """
    made: list[Account] = []
    try:
        for _ in range(how_many):
            made.append(_made(premises, password or fresh_password()))
        yield tuple(made)
    finally:
        for each in made:
            remove(premises, tally, each)


def remove(premises: Premises, tally: Tally, account: Account) -> None:
    """Remove an account; `tally` hears of it where that fails."""
    table = table_of(premises).remove or table_of(premises).disable
    if table is None:
        tally.remarks.append("a synthetic account stays; give [hipaa.accounts] remove")
        return
    try:
        answer = call(premises, table, account.values)
    except ClinigateError:
        tally.remarks.append("a synthetic account could not be removed; no answer")
        return
    if not answer.served and answer.status not in (404, 410):
        tally.remarks.append(f"a synthetic account could not be removed; answers {answer.status}")


def _made(premises: Premises, password: str) -> Account:
    table = table_of(premises)
    assert table.add is not None
    account = Account(fresh_login(premises), password)
    answer = add(premises, account.login, password)
    found = told(answer, table.add.answer) if answer.served else None
    if not isinstance(found, str | int):
        raise TargetError(
            f"{table.add.method} {table.add.path}: answers {answer.status} and gives no id at "
            f"{table.add.answer}; mend [hipaa.accounts] add"
        )
    secret = None if table.secret_answer is None else told(answer, table.secret_answer)
    return replace(account, id=str(found), secret=secret if isinstance(secret, str) else None)


def enter(
    premises: Premises, account: Account, *, password: str | None = None, otp: str | None = ""
) -> Answer:
    """Try to log an account in: by default with what is right.

    `otp` is a code in place of that of now; None leaves it out.

    Raises:
        ConfigError, TargetError: as `clinigate.hipaa.actors.call`.
    """
    values = {
        "login": account.login,
        "password": account.password if password is None else password,
        "otp": account.code() if otp == "" else otp,
    }
    service = premises.service
    assert service is not None
    return service.send_as(filled(login_table(premises), values))


def is_in(premises: Premises, answer: Answer) -> bool:
    """Whether an answer to a log-in gives a token: a form that asks for more does not."""
    return answer.served and isinstance(told(answer, login_table(premises).answer), str)


def session_of(premises: Premises, account: Account) -> LoggedIn:
    """Log an account in that must be let in.

    Raises:
        TargetError: it is not.
    """
    answer, table = enter(premises, account), login_table(premises)
    if not is_in(premises, answer):
        raise TargetError(
            f"a synthetic account is not let in: the log-in answers {answer.status}; mend "
            "[hipaa.login], or secret_answer in [hipaa.accounts]"
        )
    again = None if table.refresh_answer is None else told(answer, table.refresh_answer)
    return LoggedIn(told(answer, table.answer), again if isinstance(again, str) else None)


def use(
    premises: Premises, session: LoggedIn, *, headers: Mapping[str, str] | None = None
) -> Answer:
    """Do what an account may do, with the token of a session."""
    table = table_of(premises).use
    assert table is not None
    return call(premises, table, {}, headers={**session.headers, **(headers or {})})


def refresh(premises: Premises, session: LoggedIn) -> Answer | None:
    """Go on with a session by its refresh token; None where there is none, or no way to."""
    table: CallTable | None = login_table(premises).refresh
    if table is None or session.refresh is None:
        return None
    return call(premises, table, {"refresh": session.refresh}, headers={})


def goes_on(premises: Premises, tally: Tally, session: LoggedIn) -> None:
    """Go on with a session that is open: only then the refusal of a later one says something.

    `tally` hears of it where there is no refresh token, or it does nothing.
    """
    if session.refresh is None:
        tally.remarks.append("there is no refresh token at refresh_answer of [hipaa.login]")
        return
    answer = refresh(premises, session)
    if answer is None:
        tally.cannot("the refresh token; give refresh in [hipaa.login]")
    elif not is_in(premises, answer):
        tally.cannot(
            f"the refresh token; while a session is open it is answered {answer.status} and gets "
            "no token; mend refresh in [hipaa.login]"
        )


def felt(premises: Premises, ask: Callable[[], Answer]) -> Answer:
    """Ask until it is refused, for as long as a change of an account may take to be felt."""
    until = time.monotonic() + table_of(premises).takes_effect_s
    while (answer := ask()).served and time.monotonic() < until:
        time.sleep(_PAUSE_S)
    return answer
