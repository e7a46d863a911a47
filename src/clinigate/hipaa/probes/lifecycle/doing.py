"""Probes of the life of a record: the function that does each, by its name."""

from __future__ import annotations

from collections.abc import Mapping

from clinigate.hipaa.doing import Probe
from clinigate.hipaa.probes.lifecycle.accounting import accounting
from clinigate.hipaa.probes.lifecycle.amendment import amendment
from clinigate.hipaa.probes.lifecycle.code import reidentification_code
from clinigate.hipaa.probes.lifecycle.copies import access_completeness
from clinigate.hipaa.probes.lifecycle.decision import automated_decision
from clinigate.hipaa.probes.lifecycle.erasure import erasure
from clinigate.hipaa.probes.lifecycle.fhir_valid import fhir_valid
from clinigate.hipaa.probes.lifecycle.portability import portability
from clinigate.hipaa.probes.lifecycle.retention import retention_job

__all__ = ["PROBES"]

PROBES: Mapping[str, Probe] = {
    "fhir_valid": fhir_valid,
    "access_completeness": access_completeness,
    "accounting": accounting,
    "amendment": amendment,
    "erasure": erasure,
    "retention_job": retention_job,
    "reidentification_code": reidentification_code,
    "automated_decision": automated_decision,
    "portability": portability,
}
