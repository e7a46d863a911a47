"""Probes of what patients agreed to: the function that does each, by its name."""

from __future__ import annotations

from collections.abc import Mapping

from clinigate.hipaa.doing import Probe
from clinigate.hipaa.probes.rights.authorization import authorization
from clinigate.hipaa.probes.rights.consent import consent_expiry, consent_scope
from clinigate.hipaa.probes.rights.objections import fhir_consent, opt_out, restriction
from clinigate.hipaa.probes.rights.psychotherapy import psychotherapy_notes
from clinigate.hipaa.probes.rights.research import research_release

__all__ = ["PROBES"]

PROBES: Mapping[str, Probe] = {
    "psychotherapy_notes": psychotherapy_notes,
    "authorization": authorization,
    "consent_scope": consent_scope,
    "consent_expiry": consent_expiry,
    "fhir_consent": fhir_consent,
    "restriction": restriction,
    "opt_out": opt_out,
    "research_release": research_release,
}
