"""The named tests: thirteen that the platform asks for, and two that its options ask for.

Each is a check with one id, one metric and the clauses that it speaks to. 45 CFR Part 164, Subpart
C, the Security Rule.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from clinigate.hipaa.probe import Effect, Named, Safeguard
from clinigate.hipaa.probes import access, accounts, lifecycle, records, rights, traffic

__all__ = ["ASKED_FOR", "NAMED", "Effect", "Named", "Safeguard"]


_TECHNICAL, _ADMINISTRATIVE, _PHYSICAL, _ = Safeguard
_TABLE = (
    Named(
        "phi_encryption",
        "CG-HIPAA-ENCRYPTION-001",
        _TECHNICAL,
        "PHI lies encrypted in the store",
        ("164.312(a)(2)(iv)",),
        effect=Effect.WRITES,
    ),
    Named(
        "access_control",
        "CG-HIPAA-ACCESS-001",
        _TECHNICAL,
        "no route serves who may not use it",
        ("164.312(a)(1)", "164.308(a)(3)(i)"),
    ),
    Named(
        "audit_trail",
        "CG-HIPAA-AUDIT-001",
        _TECHNICAL,
        "each access leaves one audit row, and the log shows tampering",
        ("164.312(b)",),
    ),
    Named(
        "data_retention",
        "CG-HIPAA-RETENTION-001",
        _TECHNICAL,
        "records are kept for six years",
        ("164.316(b)(2)(i)",),
        attested=True,
    ),
    Named(
        "transmission_security",
        "CG-HIPAA-TRANSMISSION-001",
        _TECHNICAL,
        "PHI travels over TLS 1.2 or newer alone",
        ("164.312(e)(1)", "164.312(e)(2)(ii)"),
    ),
    Named(
        "integrity_controls",
        "CG-HIPAA-INTEGRITY-001",
        _TECHNICAL,
        "an altered record is noticed",
        ("164.312(c)(1)", "164.312(c)(2)"),
        effect=Effect.WRITES,
    ),
    Named(
        "authentication",
        "CG-HIPAA-AUTHENTICATION-001",
        _TECHNICAL,
        "no one gets in without valid credentials",
        ("164.312(d)",),
    ),
    Named(
        "security_officer",
        "CG-HIPAA-OFFICER-001",
        _ADMINISTRATIVE,
        "a security official is named",
        ("164.308(a)(2)",),
        attested=True,
    ),
    Named(
        "workforce_training",
        "CG-HIPAA-TRAINING-001",
        _ADMINISTRATIVE,
        "the workforce is trained",
        ("164.308(a)(5)(i)",),
        attested=True,
    ),
    Named(
        "incident_response",
        "CG-HIPAA-INCIDENT-001",
        _ADMINISTRATIVE,
        "incidents are answered by a plan",
        ("164.308(a)(6)(i)",),
        attested=True,
    ),
    Named(
        "facility_access",
        "CG-HIPAA-FACILITY-001",
        _PHYSICAL,
        "access to facilities is controlled",
        ("164.310(a)(1)",),
        attested=True,
    ),
    Named(
        "workstation_controls",
        "CG-HIPAA-WORKSTATION-001",
        _PHYSICAL,
        "workstations are used and secured by rules",
        ("164.310(b)", "164.310(c)"),
        attested=True,
    ),
    Named(
        "device_controls",
        "CG-HIPAA-DEVICE-001",
        _PHYSICAL,
        "devices and media are controlled",
        ("164.310(d)(1)",),
        attested=True,
    ),
    Named(
        "phi_in_logs",
        "CG-HIPAA-LOGS-001",
        _TECHNICAL,
        "no PHI stands in logs",
        ("164.530(c)",),
        effect=Effect.WRITES,
    ),
    Named(
        "consent",
        "CG-HIPAA-CONSENT-001",
        _TECHNICAL,
        "nobody is served without consent, and everybody in a crisis",
        ("164.508", "Art.7"),
        effect=Effect.WRITES,
    ),
)

NAMED: Mapping[str, Named] = MappingProxyType(
    {
        each.name: each
        for each in (
            *_TABLE,
            *accounts.DECLARED,
            *access.DECLARED,
            *records.DECLARED,
            *rights.DECLARED,
            *lifecycle.DECLARED,
            *traffic.DECLARED,
        )
    }
)
"""Every named test by its name."""

ASKED_FOR: tuple[str, ...] = tuple(each.name for each in _TABLE)
"""Those that the platform and its options ask for; the others are probes of records of care."""
