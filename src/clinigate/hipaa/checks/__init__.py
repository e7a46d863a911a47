"""What each named test does: one function from the premises to observations."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from clinigate.hipaa.checks.access import access_control
from clinigate.hipaa.checks.attested import attested
from clinigate.hipaa.checks.audit import audit_trail
from clinigate.hipaa.checks.authentication import authentication
from clinigate.hipaa.checks.consent import consent
from clinigate.hipaa.checks.encryption import phi_encryption
from clinigate.hipaa.checks.integrity import integrity_controls
from clinigate.hipaa.checks.logs import phi_in_logs
from clinigate.hipaa.checks.retention import retention
from clinigate.hipaa.checks.transmission import transmission_security
from clinigate.hipaa.doing import Probe
from clinigate.hipaa.probes.access import doing as access
from clinigate.hipaa.probes.accounts import doing as accounts
from clinigate.hipaa.probes.lifecycle import doing as lifecycle
from clinigate.hipaa.probes.records import doing as records
from clinigate.hipaa.probes.rights import doing as rights
from clinigate.hipaa.probes.traffic import doing as traffic

__all__ = ["PROBES"]

PROBES: Mapping[str, Probe] = MappingProxyType(
    {
        "phi_encryption": phi_encryption,
        "access_control": access_control,
        "audit_trail": audit_trail,
        "data_retention": retention,
        "transmission_security": transmission_security,
        "integrity_controls": integrity_controls,
        "authentication": authentication,
        "security_officer": attested,
        "workforce_training": attested,
        "incident_response": attested,
        "facility_access": attested,
        "workstation_controls": attested,
        "device_controls": attested,
        "phi_in_logs": phi_in_logs,
        "consent": consent,
        **accounts.PROBES,
        **access.PROBES,
        **records.PROBES,
        **rights.PROBES,
        **lifecycle.PROBES,
        **traffic.PROBES,
    }
)
"""By the name of the test."""
