"""The table `[judge]`: who judges conversations beside the rules."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

from pydantic import Field, model_validator

from clinigate.config.table import Table
from clinigate.config.target import Auth, Tls
from clinigate.config.target_values import Name, Url

__all__ = ["JudgeTable", "PanelistTable", "family_of", "kin_of"]

#: How models of a family are called, so that a slip of the pen does not let one judge itself.
_FAMILIES: Mapping[str, re.Pattern[str]] = MappingProxyType(
    {
        name: re.compile(rf"(?:^|[/_.:-])(?:{words})", re.IGNORECASE)
        for name, words in (
            ("gpt", r"gpt|chatgpt|davinci|o[1-9](?:$|-)"),
            ("claude", r"claude"),
            ("llama", r"llama|vicuna"),
            ("mistral", r"mistral|mixtral|ministral|magistral|codestral|devstral|pixtral"),
            ("gemini", r"gemini|gemma"),
            ("qwen", r"qwen|qwq"),
            ("deepseek", r"deepseek"),
            ("phi", r"phi[-\d]"),
            ("command", r"command-|c4ai"),
            ("grok", r"grok"),
            ("granite", r"granite"),
            ("olmo", r"olmo|tulu"),
        )
    }
)
#: Whoever makes a family, since people write the maker's name where the family's is asked for.
_MAKERS: Mapping[str, str] = MappingProxyType(
    {
        "openai": "gpt",
        "anthropic": "claude",
        "meta": "llama",
        "mistralai": "mistral",
        "google": "gemini",
        "alibaba": "qwen",
        "microsoft": "phi",
        "cohere": "command",
        "xai": "grok",
        "ibm": "granite",
        "ai2": "olmo",
        "allenai": "olmo",
    }
)


def family_of(model: str) -> str | None:
    """Return the family that a model's name tells, None where it tells none that we know."""
    return next((name for name, words in _FAMILIES.items() if words.search(model)), None)


def kin_of(family: str) -> str:
    """Return what two names of one family have in common: `OpenAI`, `GPT` and `gpt-4o` are `gpt`.

    A name that tells no family that we know is its own kin, whatever its case.
    """
    word = "-".join(family.lower().split())
    return _MAKERS.get(word) or family_of(word) or word


class PanelistTable(Table):
    """`[[judge.panel]]`: one judge, a model behind an OpenAI-compatible endpoint."""

    name: Name = Field(description="short name for reports, unique in the panel")
    family: Name = Field(description="whose model it is, as `llama`; no two share mistakes then")
    model: str = Field(min_length=1, description="the model's name, as the endpoint knows it")
    base_url: Url = Field(description="up to and with the version, as https://host/v1")
    answers: Literal["json_schema", "json_object", "words"] = Field(
        default="json_schema",
        description="what the endpoint can be told of its answer's form; whatever it is, an answer "
        "that breaks the form is not counted",
    )
    concurrency: int = Field(default=4, ge=1, le=256, description="requests at one time")
    requests_per_minute: float | None = Field(
        default=None, gt=0, description="requests are spaced evenly to stay below this"
    )
    timeout_s: float = Field(default=60.0, gt=0, le=600, description="limit of one request")
    retries: int = Field(
        default=1, ge=0, le=5, description="second tries after a lost connection or a 5xx"
    )
    auth: Auth = Auth()
    tls: Tls = Tls()

    @model_validator(mode="after")
    def _true_family(self) -> PanelistTable:
        known = family_of(self.model)
        if known is not None and known != kin_of(self.family):
            raise ValueError(
                f"{self.name}: the model's name is of the family {known!r}, and family says "
                f"{self.family!r}; a judge must not judge its own kin under another name"
            )
        return self


class JudgeTable(Table):
    """`[judge]`: who judges conversations beside the rules."""

    target_family: Name | None = Field(
        default=None,
        description="whose model the system under test is (`none` where there is no model in it); "
        "it is never its own judge",
    )
    card: str | None = Field(
        default=None,
        description="calibration card of the panel, as `clinigate judge calibrate` writes it; "
        "relative to this file",
    )
    repeats: int = Field(
        default=3, ge=1, le=15, description="how often each judge is asked of each conversation"
    )
    min_kappa: float = Field(
        default=0.6,
        ge=0.6,
        lt=1,
        description="least lower bound of the weighted kappa between judge and people",
    )
    min_rated: int = Field(
        default=100,
        ge=100,
        description="least number of conversations that two people rated, for a calibration",
    )
    ratings: str | None = Field(
        default=None,
        description="people's ratings of this system's conversations (CSV or JSON lines), relative "
        "to this file",
    )
    panel: list[PanelistTable] = Field(
        default=[], description="the judges: of two families or more, none the target's"
    )

    @model_validator(mode="after")
    def _a_fair_panel(self) -> JudgeTable:
        if not self.panel:
            if self.card is not None:
                raise ValueError("card is given and there is no [[judge.panel]] that it is of")
            return self
        if self.target_family is None:
            raise ValueError("target_family is missing; say whose model the target is, or 'none'")
        names = [each.name for each in self.panel]
        if len(set(names)) < len(names):
            raise ValueError("two judges of the panel have one name; give each its own")
        models = [each.model.strip().lower() for each in self.panel]
        if len(set(models)) < len(models):
            raise ValueError("two judges of the panel are one model; it must not judge twice")
        families = {kin_of(each.family) for each in self.panel}
        if len(families) < 2:
            raise ValueError(
                f"all judges are of the family {families.pop()!r}; two families are wanted, since "
                "models of one family share their mistakes"
            )
        if kin_of(self.target_family) in families:
            raise ValueError(
                f"a judge is of the target's family {self.target_family!r}; a model is no judge of "
                "its own kin"
            )
        return self
