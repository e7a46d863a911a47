"""Probes of what comes in and goes out: what they are."""

from __future__ import annotations

from clinigate.hipaa.probe import Effect, Named, Safeguard

__all__ = ["DECLARED"]

DECLARED: tuple[Named, ...] = (
    Named(
        "tls_ciphers",
        "CG-HIPAA-TLS-CIPHERS-001",
        Safeguard.TECHNICAL,
        "TLS is spoken with forward secrecy and authenticated encryption alone",
        ("164.312(e)(2)(ii)",),
        sends="handshakes by sslyze with every version, cipher suite and curve that it knows",
        looks_at="which of them the service takes, its chain of certificates, keys and dates",
        cannot_see="what is spoken behind the address, as between a proxy and its database",
    ),
    Named(
        "hsts",
        "CG-HIPAA-HSTS-001",
        Safeguard.TECHNICAL,
        "browsers are told to insist on HTTPS",
        ("164.312(e)(2)(ii)",),
        sends="requests for the front page, the document and what is refused to nobody",
        looks_at="the header Strict-Transport-Security of each answer, refusals too",
        cannot_see="whether a browser heeds it, and the first visit before it was told",
    ),
    Named(
        "cache_control",
        "CG-HIPAA-CACHE-CONTROL-001",
        Safeguard.PHYSICAL,
        "no browser keeps a record, and no address names a patient",
        ("164.310(b)",),
        effect=Effect.WRITES,
        sends="a synthetic patient, and requests that read the record and search for it",
        looks_at="Cache-Control of each answer, and every address in its headers and body",
        cannot_see="what the pages of a browser do with a record once they have it",
        needs=("patients",),
    ),
    Named(
        "malware_upload",
        "CG-HIPAA-MALWARE-UPLOAD-001",
        Safeguard.ADMINISTRATIVE,
        "files with malware are refused, and the refusal is on record",
        ("164.308(a)(5)(ii)(B)",),
        effect=Effect.WRITES,
        sends="a harmless file of each kind, and the EICAR test file plain, in a ZIP, in a PDF and "
        "in a FHIR Binary",
        looks_at="what is taken in, and the audit row of each refusal",
        cannot_see="malware that no scanner knows by its bytes, and files that come another way",
        needs=("patients", "traffic.upload"),
    ),
    Named(
        "message_integrity",
        "CG-HIPAA-MESSAGE-INTEGRITY-001",
        Safeguard.TECHNICAL,
        "a partner's message is taken only signed, unaltered, in time and once",
        ("164.312(e)(2)(i)",),
        effect=Effect.WRITES,
        sends="a right message, and the same altered, unsigned, signed by another, too old, of the "
        "future and a second time",
        looks_at="which of them the service takes",
        cannot_see="messages that the service itself sends to others",
        needs=("traffic.message",),
    ),
    Named(
        "activity_review",
        "CG-HIPAA-ACTIVITY-REVIEW-001",
        Safeguard.ADMINISTRATIVE,
        "somebody is told of one person who reads far too many records",
        ("164.308(a)(1)(ii)(D)",),
        effect=Effect.WRITES,
        sends="many reads of synthetic patients by one person, and a burst of refused ones by "
        "another",
        looks_at="whether an alert about each appears where alerts are read",
        cannot_see="whether people act on an alert, and how many alerts are false",
        needs=("patients", "roles", "traffic.activity"),
    ),
    Named(
        "privacy_notice",
        "CG-HIPAA-PRIVACY-NOTICE-001",
        Safeguard.PRIVACY,
        "the notice of privacy practices is there for everybody, and is the one in force",
        ("164.520",),
        sends="one request for the notice, without credentials",
        looks_at="its version and date, and its text where the signed file is named",
        cannot_see="whether its words meet the rule, and whether patients were given it",
        needs=("traffic.notice",),
    ),
)
