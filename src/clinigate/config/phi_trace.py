"""The table `[phi.trace]`: where `clinigate phi trace` plants, and where it hunts.

What `[hipaa]` names already (logs, the audit log, stores, how consent is recorded) is taken from
there. No secret stands here: addresses with credentials are named by their variable.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Literal

from pydantic import Field, JsonValue, model_validator

from clinigate.config.table import Table
from clinigate.config.target_values import PLACEHOLDER, ServicePath, Url, Variable

__all__ = ["PLANTED", "PlantTable", "PromptTable", "TraceTable"]

#: What a request that plants may hold of its patient, as `{{mrn}}`.
PLANTED = (
    "words",
    "fhir_patient",
    "family_name",
    "given_name",
    "ssn",
    "ssn_digits",
    "mrn",
    "member_id",
    "email",
    "phone",
    "birth_date",
)


#: RFC 9110, 5.6.2.
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
#: What of it is looked for afterwards; the rest may be somebody's by chance.
_LOOKED_FOR = frozenset(PLANTED) - {"given_name", "phone", "birth_date"}


def _placeholders(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        for child in node.values():
            yield from _placeholders(child)
    elif isinstance(node, list):
        for child in node:
            yield from _placeholders(child)
    elif isinstance(node, str):
        yield from (match[1] for match in PLACEHOLDER.finditer(node))


def _is_header(name: str, text: str) -> bool:
    return _HEADER.fullmatch(name) is not None and text.isascii() and text.isprintable()


class PlantTable(Table):
    """`[[phi.trace.plant]]`: a request by which the service hears of a synthetic patient."""

    source: str = Field(
        min_length=1,
        max_length=60,
        pattern=r"^[^;=\n]+$",
        description="what the leak map calls it; each another name",
    )
    method: Literal["GET", "POST", "PUT", "PATCH"] = Field(default="POST", description="how")
    path: ServicePath = Field(
        description="where, below [target] base_url, as '/fhir/Patient' or '/notes?mrn={{mrn}}'"
    )
    body: JsonValue = Field(
        default=None,
        description="what is sent as JSON; '{{fhir_patient}}' is a whole FHIR R4 Patient, "
        "'{{words}}' a sentence with all of the patient, '{{mrn}}' one value",
    )
    headers: dict[str, str] = Field(default={}, description="further headers of it")

    @model_validator(mode="after")
    def _plants(self) -> PlantTable:
        named = list(_placeholders([self.path, self.body, list(self.headers.values())]))
        unknown = sorted(set(named) - set(PLANTED))
        if unknown:
            raise ValueError(
                f"{{{{{unknown[0]}}}}} is no part of a patient; there are {', '.join(PLANTED)}"
            )
        if not _LOOKED_FOR & set(named):
            raise ValueError(
                "plants nothing that is looked for; put {{words}}, {{mrn}} or another of "
                f"{', '.join(each for each in PLANTED if each in _LOOKED_FOR)} into it"
            )
        odd = next((key for key, text in self.headers.items() if not _is_header(key, text)), None)
        if odd is not None:
            raise ValueError(f"headers: {odd!a} is no header of one line in ASCII")
        return self


class PromptTable(Table):
    """`[phi.trace.prompts]`: a recording proxy between the service and its model provider."""

    listen: int = Field(
        default=0,
        ge=0,
        le=65535,
        description="port of the loopback at which the service finds the proxy; 0 takes a free one",
    )
    forward: Url | None = Field(
        default=None,
        description="provider that requests are passed on to, as https://api.example.com; without "
        "one the proxy answers itself, and nothing leaves this machine",
    )


class TraceTable(Table):
    """`[phi.trace]`: what besides `[hipaa]` may hold what was planted in the service."""

    logs: list[str] = Field(
        default=[], description="files, patterns and folders of logs, as 'logs/access.log*'"
    )
    error_reports: list[str] = Field(default=[], description="files and folders of error reports")
    spans: list[str] = Field(default=[], description="files and folders of exported traces")
    stores: list[str] = Field(default=[], description="files and folders of the store")
    backups: list[str] = Field(default=[], description="files and folders of backups and exports")
    caches: list[str] = Field(default=[], description="files and folders of caches")
    redis_url_env: Variable | None = Field(
        default=None, description="variable with the address of a Redis cache, as redis://…"
    )
    metrics: list[ServicePath] = Field(
        default=["/metrics"], description="addresses of metrics, below the service's host"
    )
    debug: list[ServicePath] = Field(
        default=[], description="addresses for debugging, beside the usual ones, which are tried"
    )
    other_bearer_env: Variable | None = Field(
        default=None,
        description="variable with the token of somebody else, who must hear of nobody; without "
        "one the target's own credentials ask in a new conversation",
    )
    plant: list[PlantTable] = Field(
        default=[], description="requests that plant, beside what the target can be told"
    )
    prompts: PromptTable | None = Field(
        default=None, description="recording proxy between the service and its model provider"
    )
    upkeep: list[str] = Field(
        default=[],
        description="program that lets the service rotate its logs and make its backups, run "
        "between planting and hunting",
    )
    patience_s: float = Field(
        default=2.0, gt=0, le=300, description="seconds that files may lag behind an answer"
    )
