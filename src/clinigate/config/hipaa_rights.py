"""The table `[hipaa.rights]`: how patients agree to uses of their records, and these are asked for.

Each part is a table of its own, and each of them one probe or two: what is left out is not tried.
`{{expires}}` is a time of ISO 8601 in UTC, `{{expires_epoch}}` the same in seconds since the epoch
and `{{expires_date}}` its date.
"""

from __future__ import annotations

from pydantic import Field, model_validator

from clinigate.config.hipaa_call import CallTable
from clinigate.config.table import Table

__all__ = [
    "AuthorizationTable",
    "ObjectionTable",
    "PsychotherapyTable",
    "ResearchTable",
    "RightsTable",
    "ScopedConsentTable",
]


class ScopedConsentTable(Table):
    """`[hipaa.rights.consent]`: consent to data of one kind from one source.

    Placeholders: {{patient}}, {{source}}, {{kind}} and the {{expires}} of the consent.
    """

    give: CallTable = Field(description="records it; `answer` is where its id stands")
    withdraw: CallTable | None = Field(
        default=None, description="takes it back, with {{consent}} for the id that `give` answered"
    )
    use: CallTable = Field(description="a use of such data, which takes consent")
    sources: list[str] = Field(min_length=1, description="two sources of data, as the service's")
    kinds: list[str] = Field(min_length=1, description="two kinds of data, as the service's")


class AuthorizationTable(Table):
    """`[hipaa.rights.authorization]`: a signed authorization of a use beyond care.

    Placeholders: {{patient}}, {{purpose}}, {{recipient}}, the {{expires}} of the authorization, and
    {{authorization}} for its id, which is left out of a body where there is none.
    """

    give: CallTable = Field(description="records one; `answer` is where its id stands")
    revoke: CallTable | None = Field(default=None, description="revokes it")
    use: CallTable = Field(description="a disclosure that takes one")
    disclosures: CallTable | None = Field(
        default=None,
        description="lists the disclosures of a patient; `answer` is where the ids of their "
        "authorizations stand",
    )
    purposes: list[str] = Field(
        default=["research", "marketing"], min_length=1, description="what takes an authorization"
    )
    recipients: list[str] = Field(
        default=["clinigate-one", "clinigate-two"],
        min_length=1,
        description="two who may be told, as the service names them",
    )
    core: list[str] = Field(
        default=[],
        description="members of the body of `give` without which an authorization is none "
        "(164.508(c)(1)); each is left out once",
    )

    @model_validator(mode="after")
    def _core_is_sent(self) -> AuthorizationTable:
        strange = set(self.core) - set(self.give.body or {})
        if strange:
            raise ValueError(f"core names {min(strange)}, which is no member of the body of give")
        return self


class PsychotherapyTable(Table):
    """`[hipaa.rights.psychotherapy]`: psychotherapy notes, and who may read them.

    The authorization is that of `[hipaa.rights.authorization]`.
    """

    write: CallTable = Field(description="writes a note, with {{patient}} and {{text}}")
    read: CallTable = Field(
        description="reads such notes, with {{patient}} and {{authorization}}; asked by somebody "
        "else than who wrote them"
    )
    elsewhere: list[CallTable] = Field(
        default=[],
        description="what else tells of a patient, as the other notes and the copy for the "
        "patient, where no such note may stand",
    )
    purpose: str = Field(
        default="psychotherapy_notes",
        description="{{purpose}} of an authorization that opens them; one for another use does not",
    )


class ObjectionTable(Table):
    """A patient says no to some uses, with {{patient}} for who it is.

    The placeholders of `[hipaa.patients]` are filled as well, {{expires}} in `record` is far ahead,
    and {{record}} is the id that it answered.
    """

    before: CallTable | None = Field(
        default=None, description="what must be on record before the uses are served, if anything"
    )
    record: CallTable = Field(description="records it; `answer` is where its id stands")
    uses: list[CallTable] = Field(
        min_length=1,
        description="what is served before and must not be afterwards; where the answer is a "
        "list, `answer` is where the patient would stand",
    )
    spared: list[CallTable] = Field(
        default=[], description="what it does not speak of, and is served before and afterwards"
    )
    lift: CallTable | None = Field(default=None, description="takes it back, with {{record}}")


class ResearchTable(Table):
    """`[hipaa.rights.research]`: data that goes out for a study that a review board approved.

    Placeholders: {{study}}, {{approval}} for the id of the approval, which is left out of a body
    where there is none, and the {{expires}} of the approval.
    """

    approve: CallTable | None = Field(
        default=None, description="records an approval; `answer` is where its id stands"
    )
    withdraw: CallTable | None = Field(default=None, description="takes an approval back")
    export: CallTable = Field(description="hands out the data")
    approval: str | None = Field(
        default=None, description="id of an approval in force, where none can be recorded"
    )
    study: str = Field(default="clinigate-study-one", description="the study of that approval")
    other_study: str = Field(
        default="clinigate-study-two", description="a study that nobody approved"
    )


class RightsTable(Table):
    """`[hipaa.rights]`: what probes of what patients agreed to need to know."""

    expires_in_s: float = Field(
        default=3.0,
        ge=0,
        le=120,
        description="seconds that a consent or an authorization lasts which the probe waits out; "
        "0 where the service counts in days: then only one whose time was over before is tried",
    )
    consent: ScopedConsentTable | None = None
    authorization: AuthorizationTable | None = None
    psychotherapy: PsychotherapyTable | None = None
    directive: ObjectionTable | None = Field(
        default=None, description="a FHIR R4 Consent that denies, and the uses it denies"
    )
    restriction: ObjectionTable | None = Field(
        default=None, description="a restriction of what a health plan is told"
    )
    opt_out: ObjectionTable | None = Field(
        default=None, description="an objection to the directory, or to family being told"
    )
    research: ResearchTable | None = None
