"""Probes of people, their sessions and passwords: the function that does each, by its name."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from clinigate.hipaa.doing import Probe
from clinigate.hipaa.probes.accounts.digests import password_storage
from clinigate.hipaa.probes.accounts.emergency import break_glass
from clinigate.hipaa.probes.accounts.guessing import lockout, login_monitoring
from clinigate.hipaa.probes.accounts.idle import idle_logoff
from clinigate.hipaa.probes.accounts.leaving import termination
from clinigate.hipaa.probes.accounts.names import unique_users
from clinigate.hipaa.probes.accounts.passwords import password_policy
from clinigate.hipaa.probes.accounts.roles import role_change
from clinigate.hipaa.probes.accounts.second_factor import mfa

__all__ = ["PROBES"]

PROBES: Mapping[str, Probe] = MappingProxyType({
    "idle_logoff": idle_logoff,
    "termination": termination,
    "role_change": role_change,
    "unique_users": unique_users,
    "lockout": lockout,
    "login_monitoring": login_monitoring,
    "password_policy": password_policy,
    "password_storage": password_storage,
    "mfa": mfa,
    "break_glass": break_glass,
})  # fmt: skip
