"""The table `[hipaa.access]`: what probes of who sees what need to know."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from clinigate.config.hipaa_call import CallTable
from clinigate.config.table import Table
from clinigate.config.target_values import ServicePath, Url, Variable

__all__ = ["AccessTable", "LimitTable", "ProviderTable"]

_NAMED_SCOPES = ["read:patient_data", "write:therapeutic_notes", "admin:system_config"]


def _check_replica(url: str) -> str:
    if url.partition("://")[2].partition("/")[2].strip("/"):
        raise ValueError("must be a host alone; the path is that of [target] base_url")
    return url


class LimitTable(Table):
    """`[hipaa.access.limits.NAME]`: how often one client may ask, and who that client is.

    The client is used up by the probe, so give it one that nobody else works with.
    """

    requests: int = Field(ge=1, description="how many requests are let in, at most")
    seconds: float = Field(gt=0, description="in how many seconds; 60 is a minute")
    call: CallTable = Field(description="what is asked, again and again: let it be cheap")
    client_id_env: Variable | None = Field(
        default=None, description="variable with the client's id at [target.auth.oauth2]"
    )
    client_secret_env: Variable | None = Field(
        default=None, description="variable with the client's secret there"
    )
    bearer_env: Variable | None = Field(
        default=None, description="variable with the client's token, in place of id and secret"
    )

    @model_validator(mode="after")
    def _one_client(self) -> LimitTable:
        if (self.client_id_env is None) != (self.client_secret_env is None):
            raise ValueError("give client_id_env and client_secret_env, or neither")
        if (self.bearer_env is None) == (self.client_id_env is None):
            raise ValueError("give one of bearer_env and client_id_env")
        return self


class ProviderTable(Table):
    """`[hipaa.access.provider]`: a proxy in place of the service's model provider."""

    listen: int = Field(
        ge=1,
        le=65535,
        description="port of the loopback at which the service finds its provider during the probe",
    )
    forward: Url | None = Field(
        default=None,
        description="provider that requests are passed on to; without it the probe answers them",
    )
    fields: list[str] = Field(
        min_length=1,
        description="members of what the provider may be sent, as 'messages.content'",
    )


class AccessTable(Table):
    """`[hipaa.access]`: what probes of who sees what need to know."""

    addresses: list[ServicePath] = Field(
        default=[],
        description="further addresses at which nobody may be served without credentials, as "
        "'/internal/state', beside those that are known of other services",
    )
    patient_parameters: list[str] = Field(
        default=["patient", "patient_id", "patientId"],
        description="parameters of the OpenAPI document that hold a patient's id; one that follows "
        "/patients/ or /Patient/ in a path does so under any name",
    )
    scopes: list[str] = Field(
        default=_NAMED_SCOPES,
        description="scopes that must each open their own operations, and none of the others'",
    )
    scopeless_token_env: Variable | None = Field(
        default=None, description="variable with a token that has no scope at all"
    )
    jwks: ServicePath = Field(
        default="/.well-known/jwks.json",
        description="where below its host the service shows the public keys of its tokens",
    )
    signing_key_env: Variable | None = Field(
        default=None,
        description="variable with the private key of a test environment's tokens, as PEM: signs "
        "tokens for another audience, of another issuer, and ones that have expired",
    )
    refused_tokens: dict[str, Variable] = Field(
        default_factory=dict,
        description="variables with tokens that must be refused, by what they are, as "
        "'for another audience'",
    )
    fields: dict[str, list[str]] = Field(
        default_factory=dict,
        description="members of a patient's record that each role of [hipaa.roles] may see, as "
        "'name.family'",
    )
    provider: ProviderTable | None = Field(
        default=None, description="what a model provider may be sent"
    )
    limits: dict[str, LimitTable] = Field(
        default_factory=dict, description="how often clients may ask, by a name for reports"
    )
    replicas: list[Annotated[Url, AfterValidator(_check_replica)]] = Field(
        default=[],
        description="addresses of further replicas, as https://host:port, among which a client's "
        "requests are spread",
    )
