"""Probes of what patients agreed to: what they are."""

from __future__ import annotations

from clinigate.hipaa.probe import Effect, Named, Safeguard

__all__ = ["DECLARED"]

DECLARED: tuple[Named, ...] = (
    Named(
        "psychotherapy_notes",
        "CG-HIPAA-PSYCHOTHERAPY-001",
        Safeguard.PRIVACY,
        "psychotherapy notes are shown by an authorization of their own alone",
        ("164.508(a)(2)",),
        effect=Effect.WRITES,
        sends="A psychotherapy note of a synthetic patient, and requests to read it without an "
        "authorization, with a made-up one, with one for another use, and with one of its own.",
        looks_at="Whether the words of the note stand in what is answered, at its own address and "
        "at the others that [hipaa.rights.psychotherapy] names.",
        cannot_see="Addresses that nobody named, notes that are kept among others unmarked, and "
        "whether who wrote a note may read it.",
        needs=("patients",),
    ),
    Named(
        "authorization",
        "CG-HIPAA-AUTHORIZATION-001",
        Safeguard.PRIVACY,
        "a use beyond care takes an authorization that is in force",
        ("164.508",),
        effect=Effect.WRITES,
        sends="Disclosures of synthetic patients for each purpose without an authorization, and "
        "with one that is made up, somebody else's, for another purpose or recipient, expired, "
        "revoked, incomplete, or in force.",
        looks_at="Which of them are refused, and whether the disclosure that was made names its "
        "authorization.",
        cannot_see="Whether a person signed, and uses that the service does not let anybody ask "
        "for.",
        needs=("patients",),
    ),
    Named(
        "consent_scope",
        "CG-HIPAA-CONSENT-SCOPE-001",
        Safeguard.PRIVACY,
        "consent opens one kind of data of one source of one patient, until it is taken back",
        ("164.506(b)", "Art.7"),
        effect=Effect.WRITES,
        sends="Requests for two kinds of data from two sources of two synthetic patients, before "
        "one of them agreed to one, after that, and after it was taken back.",
        looks_at="Which of them are served.",
        cannot_see="How consent was asked for, and what is done with data inside the service.",
        needs=("patients",),
    ),
    Named(
        "consent_expiry",
        "CG-HIPAA-CONSENT-EXPIRY-001",
        Safeguard.PRIVACY,
        "consent that has expired opens nothing",
        ("164.506(b)", "Art.7"),
        effect=Effect.WRITES,
        sends="A consent whose time was over two days ago, and one that runs out within "
        "[hipaa.rights] expires_in_s.",
        looks_at="Whether data is served afterwards, by the clock of the service as its header "
        "Date tells it.",
        cannot_see="Data that was handed out before and is kept elsewhere.",
        needs=("patients",),
    ),
    Named(
        "fhir_consent",
        "CG-HIPAA-FHIR-CONSENT-001",
        Safeguard.PRIVACY,
        "a FHIR Consent that denies is heeded",
        ("164.506(b)", "Art.7"),
        effect=Effect.WRITES,
        sends="A FHIR R4 Consent of a synthetic patient with a provision that denies, the uses it "
        "denies, and those it spares; before it, after it, and after it was made inactive.",
        looks_at="Which of these uses are served, and that another patient's still are.",
        cannot_see="Provisions of another form than the one in [hipaa.rights.directive].",
        needs=("patients",),
    ),
    Named(
        "restriction",
        "CG-HIPAA-RESTRICTION-001",
        Safeguard.PRIVACY,
        "a restriction that was agreed to is heeded",
        ("164.522(a)",),
        effect=Effect.WRITES,
        sends="A restriction of a synthetic patient who paid themselves, the disclosure to the "
        "health plan that it forbids, and those it spares; before it and after it.",
        looks_at="Which of these disclosures are made, and that another patient's still are.",
        cannot_see="What goes to a health plan otherwise than by this service, and whether a "
        "request that must be agreed to was.",
        needs=("patients",),
    ),
    Named(
        "opt_out",
        "CG-HIPAA-OPT-OUT-001",
        Safeguard.PRIVACY,
        "who objected is not in the directory, and family is not told",
        ("164.510(b)",),
        effect=Effect.WRITES,
        sends="An objection of a synthetic patient, and requests to the directory and for what "
        "family is told; before it and after it.",
        looks_at="Whether the patient's id, name or numbers stand in what is answered, and that "
        "another patient's still do.",
        cannot_see="What people say on the telephone, and lists on paper.",
        needs=("patients",),
    ),
    Named(
        "research_release",
        "CG-HIPAA-RESEARCH-001",
        Safeguard.PRIVACY,
        "data goes out for research by an approval that is in force alone",
        ("164.512(i)",),
        effect=Effect.WRITES,
        sends="Requests for an export without an approval, and with one that is made up, expired, "
        "withdrawn, of another study, or in force.",
        looks_at="Which of them are served.",
        cannot_see="Whether a review board really approved, and what the receiver does with it.",
        needs=("rights",),
    ),
)
