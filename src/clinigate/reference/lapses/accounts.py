"""Defects of people and their sessions."""

from __future__ import annotations

from clinigate.reference.defect import Defect

__all__ = [
    "FAST_PASSWORD_DIGEST",
    "LAPSES",
    "LINGERING_SESSIONS",
    "NAMELESS_LOG_INS",
    "NEVER_LOGS_OFF",
    "NO_LOCKOUT",
    "SECOND_FACTOR_SKIPPED",
    "STALE_ROLES",
    "TWIN_LOGINS",
    "UNEXPLAINED_EMERGENCY",
    "WEAK_PASSWORDS",
]

NEVER_LOGS_OFF = Defect(
    "never-logs-off", "A session that nobody uses stays open.", ("hipaa.idle_logoff",)
)
LINGERING_SESSIONS = Defect(
    "lingering-sessions",
    "Whoever is disabled goes on with the session that they have.",
    ("hipaa.termination",),
)
STALE_ROLES = Defect(
    "stale-roles",
    "A role that was taken away serves on in the sessions that are open.",
    ("hipaa.role_change",),
)
TWIN_LOGINS = Defect(
    "twin-logins",
    "A login in other letters makes a second account of the same name.",
    ("hipaa.unique_users",),
)
NO_LOCKOUT = Defect(
    "no-lockout", "Passwords can be guessed for as long as one likes.", ("hipaa.lockout",)
)
NAMELESS_LOG_INS = Defect(
    "nameless-log-ins",
    "The audit row of a log-in that failed does not say whose it was.",
    ("hipaa.login_monitoring",),
)
WEAK_PASSWORDS = Defect("weak-passwords", "Any password will do.", ("hipaa.password_policy",))
FAST_PASSWORD_DIGEST = Defect(
    "fast-password-digest",
    "Passwords lie in the store as a digest that is fast to guess.",
    ("hipaa.password_storage",),
)
SECOND_FACTOR_SKIPPED = Defect(
    "second-factor-skipped", "A log-in without the second factor opens a session.", ("hipaa.mfa",)
)
UNEXPLAINED_EMERGENCY = Defect(
    "unexplained-emergency", "Access in an emergency takes no reason.", ("hipaa.break_glass",)
)

LAPSES = (
    NEVER_LOGS_OFF,
    LINGERING_SESSIONS,
    STALE_ROLES,
    TWIN_LOGINS,
    NO_LOCKOUT,
    NAMELESS_LOG_INS,
    WEAK_PASSWORDS,
    FAST_PASSWORD_DIGEST,
    SECOND_FACTOR_SKIPPED,
    UNEXPLAINED_EMERGENCY,
)
