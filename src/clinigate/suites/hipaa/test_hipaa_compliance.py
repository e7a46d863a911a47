"""The safeguards of HIPAA: thirteen named tests, and two that the options below ask for.

Run it against the service that clinigate.toml describes in [target] and [hipaa]:

    python -m pytest tests/hipaa/ --audit-trail-validation --phi-protection --consent-management

Technical safeguards are tried on the running service, its store and its logs. Administrative and
physical ones are dated words of named people, in hipaa-attestations.toml. Add tests of your own
beside these, with the same fixture.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

Assess = Callable[[str], None]


class TestTechnicalSafeguards:
    """45 CFR 164.312: what the service itself must keep."""

    @pytest.mark.hipaa(flag="phi-protection")
    def test_phi_encryption(self, assess_hipaa: Assess) -> None:
        """What patients say cannot be read in the store."""
        assess_hipaa("phi_encryption")

    @pytest.mark.hipaa
    def test_access_control(self, assess_hipaa: Assess) -> None:
        """No route serves who may not use it."""
        assess_hipaa("access_control")

    @pytest.mark.hipaa(flag="audit-trail-validation")
    def test_audit_trail(self, assess_hipaa: Assess) -> None:
        """Each access leaves one row, and a doctored log is noticed."""
        assess_hipaa("audit_trail")

    @pytest.mark.hipaa
    def test_data_retention(self, assess_hipaa: Assess) -> None:
        """Records are kept for six years."""
        assess_hipaa("data_retention")

    @pytest.mark.hipaa
    def test_transmission_security(self, assess_hipaa: Assess) -> None:
        """Nothing travels in clear."""
        assess_hipaa("transmission_security")

    @pytest.mark.hipaa
    def test_integrity_controls(self, assess_hipaa: Assess) -> None:
        """A record that was altered is noticed."""
        assess_hipaa("integrity_controls")

    @pytest.mark.hipaa
    def test_authentication(self, assess_hipaa: Assess) -> None:
        """Nobody gets in with forged, expired or missing credentials."""
        assess_hipaa("authentication")


class TestAdministrativeSafeguards:
    """45 CFR 164.308: what people see to."""

    @pytest.mark.hipaa
    def test_security_officer(self, assess_hipaa: Assess) -> None:
        """Somebody is responsible for security."""
        assess_hipaa("security_officer")

    @pytest.mark.hipaa
    def test_workforce_training(self, assess_hipaa: Assess) -> None:
        """The workforce is trained."""
        assess_hipaa("workforce_training")

    @pytest.mark.hipaa
    def test_incident_response(self, assess_hipaa: Assess) -> None:
        """Incidents are answered by a plan."""
        assess_hipaa("incident_response")


class TestPhysicalSafeguards:
    """45 CFR 164.310: doors, desks and disks."""

    @pytest.mark.hipaa
    def test_facility_access(self, assess_hipaa: Assess) -> None:
        """Who enters is controlled."""
        assess_hipaa("facility_access")

    @pytest.mark.hipaa
    def test_workstation_controls(self, assess_hipaa: Assess) -> None:
        """Workstations are used and secured by rules."""
        assess_hipaa("workstation_controls")

    @pytest.mark.hipaa
    def test_device_controls(self, assess_hipaa: Assess) -> None:
        """Devices and media are controlled."""
        assess_hipaa("device_controls")


class TestPhiInLogs:
    """45 CFR 164.530(c): logs are read by more people than records."""

    @pytest.mark.hipaa(flag="phi-protection")
    def test_phi_in_logs(self, assess_hipaa: Assess) -> None:
        """What patients say does not stand in logs."""
        assess_hipaa("phi_in_logs")


class TestConsent:
    """45 CFR 164.508: nobody is served who did not agree, and everybody in a crisis."""

    @pytest.mark.hipaa(flag="consent-management")
    def test_consent(self, assess_hipaa: Assess) -> None:
        """Consent is asked for, and ends when it is taken back."""
        assess_hipaa("consent")
