"""Probes of people, their sessions and passwords: what they are."""

from __future__ import annotations

from clinigate.hipaa.probe import Effect, Named, Safeguard

__all__ = ["DECLARED"]

_LOGIN = ("login",)

DECLARED: tuple[Named, ...] = (
    Named(
        "idle_logoff",
        "CG-HIPAA-LOGOFF-001",
        Safeguard.TECHNICAL,
        "a session that nobody uses ends by itself",
        ("164.312(a)(2)(iii)",),
        effect=Effect.WRITES,
        sends="Two synthetic accounts log in; one goes on asking, the other rests for as long as a "
        "session may idle and then asks, with its refresh token too.",
        looks_at="Whether a session that is used is served beyond its first time, and one that "
        "rested is refused by the service's own clock.",
        cannot_see="A screen that stays open on a desk, and sessions of other front ends.",
        needs=_LOGIN,
    ),
    Named(
        "termination",
        "CG-HIPAA-TERMINATION-001",
        Safeguard.ADMINISTRATIVE,
        "whoever leaves gets in no more, from the next request",
        ("164.308(a)(3)(ii)(C)", "11.300(c)", "CC6.2"),
        effect=Effect.WRITES,
        sends="Two synthetic accounts are disabled, one of them while its session is open; both "
        "then ask with what they have.",
        looks_at="Whether the session, its refresh token and a new log-in are refused.",
        cannot_see="Keys of programs, log-ins to a database or a cluster, streams that are open, "
        "and whether anybody disables an account on the day that its owner leaves.",
        needs=_LOGIN,
    ),
    Named(
        "role_change",
        "CG-HIPAA-ROLE-CHANGE-001",
        Safeguard.ADMINISTRATIVE,
        "rights that are taken away are gone, and the change is on record",
        ("164.308(a)(4)(ii)(C)", "CC6.3"),
        effect=Effect.WRITES,
        sends="The role of a synthetic account is changed while its session is open, and the "
        "session asks for what it could do before.",
        looks_at="Whether it is refused, and whether an audit row names who changed it, the role "
        "before and the role after.",
        cannot_see="Whether the role is the right one for the person.",
        needs=_LOGIN,
    ),
    Named(
        "unique_users",
        "CG-HIPAA-USERS-001",
        Safeguard.TECHNICAL,
        "a login names one person, in whatever spelling",
        ("164.312(a)(2)(i)", "11.300(a)"),
        effect=Effect.WRITES,
        sends="A synthetic account is added, and its login is asked for again: as it is, in "
        "capitals, in wide letters, with a blank behind it.",
        looks_at="Whether each is refused for its name.",
        cannot_see="People who share a login and its password.",
        needs=_LOGIN,
    ),
    Named(
        "lockout",
        "CG-HIPAA-LOCKOUT-001",
        Safeguard.ADMINISTRATIVE,
        "passwords cannot be guessed for as long as one likes",
        ("164.308(a)(5)(ii)(C)", "11.300(d)"),
        effect=Effect.DISTURBS,
        sends="As many log-ins that fail as locked_after says, to a synthetic account, and then "
        "one that is right.",
        looks_at="Whether the right one is refused, or told to come later, while an account that "
        "nobody guessed at gets in.",
        cannot_see="One password tried at many accounts, and guesses from many addresses.",
        needs=_LOGIN,
    ),
    Named(
        "login_monitoring",
        "CG-HIPAA-LOGINS-001",
        Safeguard.ADMINISTRATIVE,
        "each log-in that fails is on record, and no log holds a password",
        ("164.308(a)(5)(ii)(C)",),
        effect=Effect.WRITES,
        sends="Log-ins with wrong passwords and one with a login that nobody has, and then one "
        "that is right.",
        looks_at="The audit rows that they leave, with login, source, time and outcome; and the "
        "logs, for what was typed, plain and in base64.",
        cannot_see="Whether anybody reads the log, and logs that the configuration does not name.",
        needs=_LOGIN,
    ),
    Named(
        "password_policy",
        "CG-HIPAA-PASSWORDS-001",
        Safeguard.ADMINISTRATIVE,
        "weak passwords are refused, and old ones open nothing",
        ("164.308(a)(5)(ii)(D)", "11.300(b)"),
        effect=Effect.WRITES,
        sends="Synthetic accounts with weak and breached passwords, changes of a password, and "
        "resets, one twice and one too late.",
        looks_at="Whether each is refused that must be, and whether the old password opens "
        "nothing after a change and a reset, where the new one does.",
        cannot_see="To whom the token of a reset is sent, and breached passwords beside those of "
        "the list.",
        needs=_LOGIN,
    ),
    Named(
        "password_storage",
        "CG-HIPAA-STORAGE-001",
        Safeguard.ADMINISTRATIVE,
        "passwords lie in the store as digests that are slow to guess",
        ("164.308(a)(5)(ii)(D)",),
        effect=Effect.WRITES,
        sends="Two synthetic accounts with the same password are added.",
        looks_at="The digests in the store: their form, their cost by OWASP's figures, and that "
        "those of the two differ.",
        cannot_see="A key that is mixed in from elsewhere, copies of the store, and passwords kept "
        "by somebody else who logs people in.",
        needs=_LOGIN,
    ),
    Named(
        "mfa",
        "CG-HIPAA-MFA-001",
        Safeguard.TECHNICAL,
        "nobody logs in without a second factor, nor twice with one",
        ("164.312(d)", "CC6.1"),
        effect=Effect.WRITES,
        sends="Log-ins of synthetic accounts with the right password: without a second factor, "
        "with a blank, a wrong and a used one, and at last with the right one.",
        looks_at="Whether all but the last are refused.",
        cannot_see="Second factors that are no codes of RFC 6238, and how they are handed out.",
        needs=_LOGIN,
    ),
    Named(
        "break_glass",
        "CG-HIPAA-EMERGENCY-001",
        Safeguard.TECHNICAL,
        "in an emergency a record opens, with a reason, for a time, and it shows",
        ("164.312(a)(2)(ii)",),
        effect=Effect.WRITES,
        sends="Somebody who may not read the record of a synthetic patient asks to in an "
        "emergency, without a reason and with one, reads it, and reads it when the time is over.",
        looks_at="Whether it opens with a reason alone and closes by itself, whether the audit "
        "rows are flagged, and whether an alert names the patient.",
        cannot_see="Whether the reason is true, and whether anybody looks at the alert.",
        needs=("login", "patients"),
    ),
)
