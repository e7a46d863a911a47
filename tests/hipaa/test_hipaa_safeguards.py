"""What records of care ask of a service, clause by clause: the probes beside the named tests.

Each needs to be told how its requests look, in `[hipaa]` of clinigate.toml; where that is missing
it says so and is skipped. Those that write use synthetic patients, which they remove; what locks an
account or alters a record of its own is asked for by --allow-destructive. `clinigate hipaa tests`
lists what each sends and sees.

    python -m pytest tests/hipaa/ --audit-trail-validation --phi-protection --consent-management
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

Assess = Callable[[str], None]


class TestTechnicalProbes:
    """45 CFR 164.312: access, audit, integrity, authentication and transmission, in detail."""

    @pytest.mark.hipaa
    def test_idle_logoff(self, assess_hipaa: Assess) -> None:
        """A session that nobody uses ends by itself."""
        assess_hipaa("idle_logoff")

    @pytest.mark.hipaa
    def test_unique_users(self, assess_hipaa: Assess) -> None:
        """A login names one person, in whatever spelling."""
        assess_hipaa("unique_users")

    @pytest.mark.hipaa
    def test_mfa(self, assess_hipaa: Assess) -> None:
        """Nobody logs in without a second factor, nor twice with one."""
        assess_hipaa("mfa")

    @pytest.mark.hipaa
    def test_break_glass(self, assess_hipaa: Assess) -> None:
        """In an emergency a record opens, with a reason, for a time, and it shows."""
        assess_hipaa("break_glass")

    @pytest.mark.hipaa
    def test_anonymous_sweep(self, assess_hipaa: Assess) -> None:
        """Nobody is served without credentials, at no address."""
        assess_hipaa("anonymous_sweep")

    @pytest.mark.hipaa
    def test_role_matrix(self, assess_hipaa: Assess) -> None:
        """Each role may do what it is declared to, and nothing else."""
        assess_hipaa("role_matrix")

    @pytest.mark.hipaa
    def test_idor(self, assess_hipaa: Assess) -> None:
        """Nobody reaches the record of somebody else by its id."""
        assess_hipaa("idor")

    @pytest.mark.hipaa
    def test_facility_matrix(self, assess_hipaa: Assess) -> None:
        """Who works at one facility sees no records of another."""
        assess_hipaa("facility_matrix")

    @pytest.mark.hipaa
    def test_injection(self, assess_hipaa: Assess) -> None:
        """What is sent never becomes part of a query."""
        assess_hipaa("injection")

    @pytest.mark.hipaa
    def test_scopes(self, assess_hipaa: Assess) -> None:
        """A token opens what its scopes name, and without a scope nothing."""
        assess_hipaa("scopes")

    @pytest.mark.hipaa
    def test_token_forgery(self, assess_hipaa: Assess) -> None:
        """A forged token opens nothing."""
        assess_hipaa("token_forgery")

    @pytest.mark.hipaa
    def test_rate_limits(self, assess_hipaa: Assess) -> None:
        """No client asks more often than it may, at no replica."""
        assess_hipaa("rate_limits")

    @pytest.mark.hipaa(flag="phi-protection")
    def test_backup_encryption(self, assess_hipaa: Assess) -> None:
        """Backups of records lie encrypted."""
        assess_hipaa("backup_encryption")

    @pytest.mark.hipaa(flag="phi-protection")
    def test_encryption_strength(self, assess_hipaa: Assess) -> None:
        """Records are encrypted with AES and keys of 256 bits."""
        assess_hipaa("encryption_strength")

    @pytest.mark.hipaa(flag="phi-protection")
    def test_ciphertext_freshness(self, assess_hipaa: Assess) -> None:
        """What is the same in clear differs in the store."""
        assess_hipaa("ciphertext_freshness")

    @pytest.mark.hipaa
    def test_lost_update(self, assess_hipaa: Assess) -> None:
        """No change covers another one unseen."""
        assess_hipaa("lost_update")

    @pytest.mark.hipaa
    def test_replay(self, assess_hipaa: Assess) -> None:
        """A write that is sent again is carried out once."""
        assess_hipaa("replay")

    @pytest.mark.hipaa
    def test_bit_flip(self, assess_hipaa: Assess) -> None:
        """A record that was altered in the store is not served."""
        assess_hipaa("bit_flip")

    @pytest.mark.hipaa(flag="audit-trail-validation")
    def test_audit_append_only(self, assess_hipaa: Assess) -> None:
        """Rows of the audit table are neither changed nor removed."""
        assess_hipaa("audit_append_only")

    @pytest.mark.hipaa(flag="audit-trail-validation")
    def test_audit_rows(self, assess_hipaa: Assess) -> None:
        """Each access to a record leaves one audit row with who, whose and outcome."""
        assess_hipaa("audit_rows")

    @pytest.mark.hipaa
    def test_tls_ciphers(self, assess_hipaa: Assess) -> None:
        """TLS is spoken with forward secrecy and authenticated encryption alone."""
        assess_hipaa("tls_ciphers")

    @pytest.mark.hipaa
    def test_hsts(self, assess_hipaa: Assess) -> None:
        """Browsers are told to insist on HTTPS."""
        assess_hipaa("hsts")

    @pytest.mark.hipaa
    def test_message_integrity(self, assess_hipaa: Assess) -> None:
        """A partner's message is taken only signed, unaltered, in time and once."""
        assess_hipaa("message_integrity")


class TestAdministrativeProbes:
    """45 CFR 164.308: what the service does of the organisation's own rules."""

    @pytest.mark.hipaa
    def test_termination(self, assess_hipaa: Assess) -> None:
        """Whoever leaves gets in no more, from the next request."""
        assess_hipaa("termination")

    @pytest.mark.hipaa
    def test_role_change(self, assess_hipaa: Assess) -> None:
        """Rights that are taken away are gone, and the change is on record."""
        assess_hipaa("role_change")

    @pytest.mark.hipaa
    def test_lockout(self, assess_hipaa: Assess) -> None:
        """Passwords cannot be guessed for as long as one likes."""
        assess_hipaa("lockout")

    @pytest.mark.hipaa(flag="audit-trail-validation")
    def test_login_monitoring(self, assess_hipaa: Assess) -> None:
        """Each log-in that fails is on record, and no log holds a password."""
        assess_hipaa("login_monitoring")

    @pytest.mark.hipaa
    def test_password_policy(self, assess_hipaa: Assess) -> None:
        """Weak passwords are refused, and old ones open nothing."""
        assess_hipaa("password_policy")

    @pytest.mark.hipaa
    def test_password_storage(self, assess_hipaa: Assess) -> None:
        """Passwords lie in the store as digests that are slow to guess."""
        assess_hipaa("password_storage")

    @pytest.mark.hipaa
    def test_backup_plan(self, assess_hipaa: Assess) -> None:
        """Backups are new enough, and hold what the store holds."""
        assess_hipaa("backup_plan")

    @pytest.mark.hipaa
    def test_retention_job(self, assess_hipaa: Assess) -> None:
        """The retention job removes what is over its time, and nothing younger than six years."""
        assess_hipaa("retention_job")

    @pytest.mark.hipaa
    def test_malware_upload(self, assess_hipaa: Assess) -> None:
        """Files with malware are refused, and the refusal is on record."""
        assess_hipaa("malware_upload")

    @pytest.mark.hipaa(flag="audit-trail-validation")
    def test_activity_review(self, assess_hipaa: Assess) -> None:
        """Somebody is told of one person who reads far too many records."""
        assess_hipaa("activity_review")


class TestPhysicalProbes:
    """45 CFR 164.310: what stays on a desk or a disk."""

    @pytest.mark.hipaa(flag="phi-protection")
    def test_erasure(self, assess_hipaa: Assess) -> None:
        """Nothing stays of somebody who was erased, and a hold is answered with its reason."""
        assess_hipaa("erasure")

    @pytest.mark.hipaa(flag="phi-protection")
    def test_cache_control(self, assess_hipaa: Assess) -> None:
        """No browser keeps a record, and no address names a patient."""
        assess_hipaa("cache_control")


class TestPrivacyProbes:
    """45 CFR 164.500 and following, GDPR: what patients may ask for, and refuse."""

    @pytest.mark.hipaa(flag="phi-protection")
    def test_minimum_necessary(self, assess_hipaa: Assess) -> None:
        """Each role sees the fields it needs, and no more."""
        assess_hipaa("minimum_necessary")

    @pytest.mark.hipaa(flag="consent-management")
    def test_psychotherapy_notes(self, assess_hipaa: Assess) -> None:
        """Psychotherapy notes are shown by an authorization of their own alone."""
        assess_hipaa("psychotherapy_notes")

    @pytest.mark.hipaa(flag="consent-management")
    def test_authorization(self, assess_hipaa: Assess) -> None:
        """A use beyond care takes an authorization that is in force."""
        assess_hipaa("authorization")

    @pytest.mark.hipaa(flag="consent-management")
    def test_consent_scope(self, assess_hipaa: Assess) -> None:
        """Consent opens one kind of data of one source of one patient, until it is taken back."""
        assess_hipaa("consent_scope")

    @pytest.mark.hipaa(flag="consent-management")
    def test_consent_expiry(self, assess_hipaa: Assess) -> None:
        """Consent that has expired opens nothing."""
        assess_hipaa("consent_expiry")

    @pytest.mark.hipaa(flag="consent-management")
    def test_fhir_consent(self, assess_hipaa: Assess) -> None:
        """A FHIR Consent that denies is heeded."""
        assess_hipaa("fhir_consent")

    @pytest.mark.hipaa(flag="consent-management")
    def test_restriction(self, assess_hipaa: Assess) -> None:
        """A restriction that was agreed to is heeded."""
        assess_hipaa("restriction")

    @pytest.mark.hipaa(flag="consent-management")
    def test_opt_out(self, assess_hipaa: Assess) -> None:
        """Who objected is not in the directory, and family is not told."""
        assess_hipaa("opt_out")

    @pytest.mark.hipaa(flag="consent-management")
    def test_research_release(self, assess_hipaa: Assess) -> None:
        """Data goes out for research by an approval that is in force alone."""
        assess_hipaa("research_release")

    @pytest.mark.hipaa
    def test_fhir_valid(self, assess_hipaa: Assess) -> None:
        """What is said in FHIR is valid R4, and what is none is refused."""
        assess_hipaa("fhir_valid")

    @pytest.mark.hipaa
    def test_access_completeness(self, assess_hipaa: Assess) -> None:
        """The copy for a patient holds all that the store has of them, and of nobody else."""
        assess_hipaa("access_completeness")

    @pytest.mark.hipaa
    def test_accounting(self, assess_hipaa: Assess) -> None:
        """Each disclosure that counts is accounted for, and no other."""
        assess_hipaa("accounting")

    @pytest.mark.hipaa
    def test_amendment(self, assess_hipaa: Assess) -> None:
        """An amendment keeps what stood there, and a denial the statement of who disagrees."""
        assess_hipaa("amendment")

    @pytest.mark.hipaa(flag="phi-protection")
    def test_reidentification_code(self, assess_hipaa: Assess) -> None:
        """The code of a patient is not made of what is known of them."""
        assess_hipaa("reidentification_code")

    @pytest.mark.hipaa
    def test_automated_decision(self, assess_hipaa: Assess) -> None:
        """A person can decide in place of the model."""
        assess_hipaa("automated_decision")

    @pytest.mark.hipaa
    def test_portability(self, assess_hipaa: Assess) -> None:
        """A record that goes out comes in again whole."""
        assess_hipaa("portability")

    @pytest.mark.hipaa
    def test_privacy_notice(self, assess_hipaa: Assess) -> None:
        """The notice of privacy practices is there for everybody, and is the one in force."""
        assess_hipaa("privacy_notice")
