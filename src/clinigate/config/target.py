"""The `[target]` table of `clinigate.toml`: which system is under test and how to speak to it.

No secret stands in it. A credential is named by the environment variable that holds it; the value
is read when the target is built, and no model here ever sees it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from clinigate.config.scoring import PythonScoring, ScoringSection
from clinigate.config.target_values import (
    Name,
    Reference,
    ResponsePath,
    ServicePath,
    Template,
    TokenUrl,
    Url,
    Variable,
    check_header_name,
    check_header_text,
)
from clinigate.core.target import Capability

__all__ = [
    "TARGET_MODELS",
    "Answer",
    "AsgiSpec",
    "Auth",
    "CallLimits",
    "ChatAnswer",
    "ChatSection",
    "CrisisAnswer",
    "CrisisSection",
    "EmotionAnswer",
    "EmotionSection",
    "EnvRef",
    "EvaluatorHeader",
    "HttpSpec",
    "OAuth2",
    "OpenAIAnswer",
    "OpenAISpec",
    "PythonSpec",
    "ReplaySpec",
    "Section",
    "ServiceLimits",
    "ServiceSpec",
    "TargetSpec",
    "Tls",
]


class _Table(BaseModel):
    # Input is kept out of error texts: somebody may have put a secret where none belongs.
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True)


class EnvRef(_Table):
    """A value that an environment variable holds."""

    env: Variable = Field(description="name of the environment variable")


def _check_header(name: str, value: str | EnvRef) -> None:
    check_header_name(name)
    if isinstance(value, str):
        check_header_text(name, value)


def _check_headers(headers: dict[str, str | EnvRef]) -> dict[str, str | EnvRef]:
    for name, value in headers.items():
        _check_header(name, value)
    return headers


Headers = Annotated[dict[str, str | EnvRef], AfterValidator(_check_headers)]


class OAuth2(_Table):
    """`[target.auth.oauth2]`: a token by the client credentials grant (RFC 6749, 4.4)."""

    token_url: TokenUrl = Field(
        description="where tokens are issued; one that starts with / lies below base_url"
    )
    client_id_env: Variable = Field(description="variable that holds the client's id")
    client_secret_env: Variable = Field(description="variable that holds the client's secret")
    scope: str | None = Field(default=None, description="scopes, separated by blanks")
    client_auth: Literal["basic", "body"] = Field(
        default="basic", description="whether id and secret travel in the header or in the form"
    )


class Auth(_Table):
    """`[target.auth]`: credentials, by environment reference."""

    bearer_env: Variable | None = Field(default=None, description="variable with a bearer token")
    headers: Headers = Field(default={}, description='headers, as X-Api-Key = { env = "KEY" }')
    oauth2: OAuth2 | None = None

    @model_validator(mode="after")
    def _one_authorization(self) -> Auth:
        named = any(name.lower() == "authorization" for name in self.headers)
        if sum((named, self.bearer_env is not None, self.oauth2 is not None)) > 1:
            raise ValueError("give one of bearer_env, oauth2 and an Authorization header")
        return self


class Tls(_Table):
    """`[target.tls]`: whom to trust."""

    ca_file: Path | None = Field(
        default=None,
        strict=False,
        description="PEM file with the only authorities to trust, relative to this file",
    )
    verify: bool = Field(default=True, description="false trusts anybody: for a try at most")

    @model_validator(mode="after")
    def _no_idle_authority(self) -> Tls:
        if self.ca_file is not None and not self.verify:
            raise ValueError("ca_file is given and verify = false ignores it; drop one of the two")
        return self


class EvaluatorHeader(_Table):
    """A header by which the service knows an evaluator and gives it a quota of its own."""

    name: str = Field(description="name of the header")
    value: str | EnvRef = Field(description="its value, or the variable that holds it")

    @model_validator(mode="after")
    def _valid(self) -> EvaluatorHeader:
        _check_header(self.name, self.value)
        return self


class CallLimits(_Table):
    """`[target.limits]`: how hard the target may be driven."""

    concurrency: int = Field(default=8, ge=1, le=1024, description="requests at one time")
    requests_per_minute: float | None = Field(
        default=None, gt=0, description="requests are spaced evenly to stay below this"
    )


class ServiceLimits(CallLimits):
    """`[target.limits]` of a service."""

    max_wait_s: float = Field(
        default=60.0, ge=0, le=3600, description="longest wait that a throttled request is given"
    )
    evaluator_header: EvaluatorHeader | None = None


class Answer(_Table):
    """Paths (JMESPath, or JSONPath with `$`) from an answer to the fields of a reply."""

    text: ResponsePath | None = Field(default=None, description="the words of the reply")
    flag: ResponsePath | None = Field(default=None, description="true or false: a crisis is seen")
    score: ResponsePath | None = Field(default=None, description="probability of a crisis, 0 to 1")
    emotion: ResponsePath | None = Field(default=None, description="the emotion recognised")
    events: ResponsePath | None = Field(
        default=None, description="list of the events raised, as crisis.detected"
    )
    refusal: ResponsePath | None = Field(
        default=None, description="true or words, where the system declines to answer"
    )


class ChatAnswer(Answer):
    """`[target.chat.answer]`."""

    text: ResponsePath = Field(description="the words of the reply")


class CrisisAnswer(Answer):
    """`[target.crisis.answer]`."""

    flag: ResponsePath = Field(description="true or false: a crisis is seen")


class EmotionAnswer(Answer):
    """`[target.emotion.answer]`."""

    emotion: ResponsePath = Field(description="the emotion recognised")


class Section(_Table):
    """How one capability is asked."""

    # No GET: what a patient says does not belong in a URL, which every proxy writes to its log.
    method: Literal["POST", "PUT", "PATCH"] = Field(
        default="POST", description="no GET: what a patient says does not belong in a URL"
    )
    path: ServicePath = Field(description="path below base_url, as /v1/crisis")
    request: Template = Field(
        description="the request's body, with {{messages}}, {{text}}, {{seed}}, {{capability}}"
    )
    answer: Answer


class ChatSection(Section):
    """`[target.chat]`."""

    answer: ChatAnswer


class CrisisSection(Section):
    """`[target.crisis]`."""

    answer: CrisisAnswer


class EmotionSection(Section):
    """`[target.emotion]`."""

    answer: EmotionAnswer


class _Spec(_Table):
    name: Name | None = Field(default=None, description="short name for reports")
    timeout_s: float = Field(
        default=30.0, gt=0, le=600, description="limit of one request; a check may set a lower one"
    )


class PythonSpec(_Spec):
    """`kind = "python"`: a function of this process."""

    kind: Literal["python"]
    function: Reference = Field(description="module:function, importable from this file's folder")
    capabilities: tuple[Literal["chat", "crisis", "emotion"], ...] | None = Field(
        default=None,
        strict=False,
        min_length=1,
        description="chat, crisis, emotion: what the function answers",
    )
    scoring: PythonScoring | None = None
    limits: CallLimits = CallLimits()


class ServiceSpec(_Spec):
    """What every target that is spoken to over HTTP has."""

    retries: int = Field(
        default=1,
        ge=0,
        le=5,
        description="second tries after a lost connection or a 5xx; each is on record",
    )
    auth: Auth = Auth()
    limits: ServiceLimits = ServiceLimits()


class _SectionedSpec(ServiceSpec):
    chat: ChatSection | None = None
    crisis: CrisisSection | None = None
    emotion: EmotionSection | None = None
    scoring: ScoringSection | None = None

    @model_validator(mode="after")
    def _offers_something(self) -> _SectionedSpec:
        if not self.sections and self.scoring is None:
            raise ValueError(
                "offers nothing; add [target.chat], [target.crisis], [target.emotion] or "
                "[target.scoring]"
            )
        return self

    @property
    def sections(self) -> dict[Capability, Section]:
        """The sections that take a conversation, by capability."""
        every = {
            Capability.CHAT: self.chat,
            Capability.CRISIS: self.crisis,
            Capability.EMOTION: self.emotion,
        }
        return {capability: section for capability, section in every.items() if section}


class HttpSpec(_SectionedSpec):
    """`kind = "http"`: a JSON service of any shape."""

    kind: Literal["http"]
    base_url: Url = Field(description="as https://therapy.example:8443/api")
    tls: Tls = Tls()


class AsgiSpec(_SectionedSpec):
    """`kind = "asgi"`: an ASGI application, run in this process."""

    kind: Literal["asgi"]
    app: Reference = Field(description="module:app, importable from this file's folder")


class OpenAIAnswer(_Table):
    """`[target.answer]`: what the completion holds besides its text."""

    flag: ResponsePath | None = Field(default=None, description="true or false: a crisis is seen")
    score: ResponsePath | None = Field(default=None, description="probability of a crisis, 0 to 1")
    emotion: ResponsePath | None = Field(default=None, description="the emotion recognised")
    events: ResponsePath | None = Field(
        default=None, description="list of the events raised, as crisis.detected"
    )


class OpenAISpec(ServiceSpec):
    """`kind = "openai"`: a service with OpenAI's chat completions."""

    kind: Literal["openai"]
    base_url: Url = Field(description="up to and with the version, as https://host/v1")
    model: str = Field(min_length=1, description="the model's name, as the service knows it")
    stream: bool = Field(default=False, description="ask for the answer piece by piece (SSE)")
    temperature: float | None = Field(
        default=None, ge=0, le=2, description="left to the service when it is not given"
    )
    answer: OpenAIAnswer = OpenAIAnswer()
    tls: Tls = Tls()


class ReplaySpec(_Table):
    """`kind = "replay"`: replies that were recorded earlier."""

    kind: Literal["replay"]
    name: Name | None = Field(default=None, description="short name for reports")
    path: Path = Field(strict=False, description="file of recordings, relative to this file")


TargetSpec: TypeAlias = Annotated[
    PythonSpec | HttpSpec | OpenAISpec | AsgiSpec | ReplaySpec,
    Field(discriminator="kind"),
]

#: The model of each kind, for those who explain a table to a reader.
TARGET_MODELS: dict[str, type[BaseModel]] = {
    "python": PythonSpec,
    "http": HttpSpec,
    "openai": OpenAISpec,
    "asgi": AsgiSpec,
    "replay": ReplaySpec,
}
