"""The table `[hipaa.lifecycle]`: what probes of the life of a record need to know."""

from __future__ import annotations

from pydantic import Field

from clinigate.config.hipaa_call import CallTable
from clinigate.config.table import Table
from clinigate.config.target_values import ResponsePath

__all__ = [
    "AccountingTable",
    "AdditionTable",
    "AmendmentTable",
    "CodeTable",
    "CopyTable",
    "DecisionTable",
    "ErasureTable",
    "FhirTable",
    "LifecycleTable",
    "PortabilityTable",
    "RetentionJobTable",
    "StepTable",
]

_SIX_YEARS = 2192


class AdditionTable(CallTable):
    """`[[hipaa.lifecycle.additions]]`: adds something to the record of {{patient}}.

    {{value}} is a text that is looked for afterwards; what stands at `answer` is known to later
    requests as the placeholder that `name` gives.
    """

    name: str = Field(min_length=1, description="what it adds, as 'note'; a placeholder afterwards")
    in_copy: bool = Field(
        default=True, description="whether the text belongs to the copy that a patient is given"
    )


class StepTable(CallTable):
    """`[[hipaa.lifecycle.fhir.steps]]`: a request that is answered with a resource."""

    resource: str = Field(
        pattern=r"^[A-Z][A-Za-z]+$", description="type of the resource that is answered"
    )
    name: str | None = Field(
        default=None, description="placeholder under which later steps know what `answer` tells"
    )


class FhirTable(Table):
    """`[hipaa.lifecycle.fhir]`: requests of the FHIR interface, with {{patient}} and {{value}}."""

    steps: list[StepTable] = Field(
        min_length=1, description="requests, in their order; each must answer a valid resource"
    )
    refused: list[CallTable] = Field(
        default=[], description="requests with what is no resource of R4; each must be refused"
    )


class CopyTable(Table):
    """`[hipaa.lifecycle.copy_for_patient]`: the copy of a record that a patient is given."""

    read: CallTable = Field(
        description="gives the copy of {{patient}}; `answer` is the list of ids of what is in it"
    )
    rows: list[str] = Field(
        default=[],
        description="queries of [hipaa.records.store], or of the server at [hipaa] store_dsn_env, "
        "that list the ids of all rows about {{patient}}: one column each",
    )


class AccountingTable(Table):
    """`[hipaa.lifecycle.accounting]`: who was told of a patient."""

    record: CallTable = Field(
        description="puts a disclosure on record: {{patient}}, {{recipient}}, {{description}}, "
        "{{purpose}}"
    )
    report: CallTable = Field(description="the accounting; `answer` is the list of its rows")
    counted: list[str] = Field(min_length=1, description="purposes that a patient is told of")
    excluded: list[str] = Field(
        default=[], description="purposes that they need not be told of, as treatment"
    )
    date: str = Field(default="date", description="member of a row: when")
    recipient: str = Field(default="recipient", description="member of a row: who was told")
    description: str = Field(default="description", description="member of a row: what of")
    purpose: str = Field(default="purpose", description="member of a row: what for")
    restart: list[str] = Field(
        default=[], description="program that restarts the service, and ends when it is back"
    )


class AmendmentTable(Table):
    """`[hipaa.lifecycle.amendment]`: how a record is amended, and what stood there is kept."""

    ask: CallTable = Field(
        description="asks for the amendment of {{patient}} to {{value}}; `answer` is its id, "
        "{{amendment}} from then on"
    )
    accept: CallTable | None = Field(
        default=None, description="accepts {{amendment}}, where asking does not"
    )
    deny: CallTable | None = Field(default=None, description="denies {{amendment}}")
    disagree: CallTable | None = Field(
        default=None, description="links the {{statement}} of who disagrees with the denial"
    )
    replaces: str = Field(
        default="email", description="placeholder of the synthetic patient that is amended"
    )
    history: CallTable = Field(
        description="what was amended; `answer` is the list, each with all that belongs to it"
    )


class ErasureTable(Table):
    """`[hipaa.lifecycle.erasure]`: how somebody is erased, and where they may stay behind."""

    erase: CallTable = Field(description="erases {{patient}}")
    finds: list[CallTable] = Field(
        default=[],
        description="requests that tell of {{patient}} while they are there, beside "
        "[hipaa.patients] read; placeholders of the additions are known",
    )
    places: list[str] = Field(
        default=[],
        description="files and folders searched byte by byte, beside [hipaa] stores and logs: "
        "caches, exports, search index",
    )
    hold: CallTable | None = Field(
        default=None, description="holds {{patient}}, with {{reason}}; erasing is then refused"
    )
    release: CallTable | None = Field(default=None, description="lets {{patient}} go again")
    refusal: ResponsePath = Field(
        default="error.message", description="where a refused erasure says why"
    )


class RetentionJobTable(Table):
    """`[hipaa.lifecycle.retention]`: the job that removes what is over its time."""

    write: CallTable = Field(
        description="adds a document of {{patient}} that came to be on {{created}} and was last "
        "in effect on {{effective}}, with {{value}}; `answer` is its id"
    )
    read: CallTable = Field(description="reads {{document}} of {{patient}}")
    run: CallTable = Field(description="runs the job, and answers when it is done")
    limit_days: int = Field(
        default=_SIX_YEARS,
        ge=_SIX_YEARS,
        description="days since a document was last in effect after which the job removes it",
    )


class CodeTable(CallTable):
    """`[hipaa.lifecycle.code]`: tells the code of {{patient}} for research, at `answer`."""

    salts: list[str] = Field(
        default=[], description="texts that may have been put before or behind what was hashed"
    )


class DecisionTable(Table):
    """`[hipaa.lifecycle.decision]`: what a model decides of {{patient}}, and a person's review."""

    decide: CallTable = Field(
        description="has the model decide; `answer` is the id, {{decision}} from then on"
    )
    read: CallTable = Field(description="reads {{decision}}; `answer` is the outcome that holds")
    review: CallTable = Field(
        description="a person decides {{outcome}} in its place, with {{reason}}"
    )
    outcomes: list[str] = Field(min_length=2, description="what may come of it, two at least")


class PortabilityTable(Table):
    """`[hipaa.lifecycle.portability]`: a record goes out and comes in again."""

    export: CallTable = Field(description="gives the record of {{patient}}, at `answer`")
    take_in: CallTable = Field(
        description="takes in {{export}} as a new patient, or it alone where there is no body; "
        "`answer` is their id"
    )
    fhir: bool = Field(default=True, description="whether the export is a resource of FHIR R4")
    not_compared: list[str] = Field(
        default=["id", "meta", "fullUrl", "reference", "timestamp"],
        description="members that may differ when the record went out again",
    )


class LifecycleTable(Table):
    """`[hipaa.lifecycle]`: what probes of the life of a record need to know."""

    additions: list[AdditionTable] = Field(
        default=[],
        description="requests that add to the record of a synthetic patient: notes and the like",
    )
    fhir: FhirTable | None = None
    copy_for_patient: CopyTable | None = None
    accounting: AccountingTable | None = None
    amendment: AmendmentTable | None = None
    erasure: ErasureTable | None = None
    retention: RetentionJobTable | None = None
    code: CodeTable | None = None
    decision: DecisionTable | None = None
    portability: PortabilityTable | None = None
