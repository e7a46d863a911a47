"""The `[target.scoring]` table: how a system is asked to score questionnaires."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue, model_validator

from clinigate.config.target_values import (
    Reference,
    ResponsePath,
    ServicePath,
    check_placeholders,
)
from clinigate.core.scoring import Instrument, Terms

__all__ = [
    "BatchSection",
    "PythonScoring",
    "ScoringAnswer",
    "ScoringSection",
    "ScoringTerms",
]

_MOST_AT_ONCE = 10_000
_INSTRUMENT = "{{instrument}}"


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True)


def _check_address(path: str) -> str:
    check_placeholders(path, whole=(), inline=("instrument",))
    return path


def _check_one(template: JsonValue) -> JsonValue:
    if "answers" not in check_placeholders(template, whole=("answers",), inline=("instrument",)):
        raise ValueError("holds no {{answers}}, so that no sheet would reach the service")
    return template


def _check_many(template: JsonValue) -> JsonValue:
    if "sheets" not in check_placeholders(template, whole=("sheets",), inline=("instrument",)):
        raise ValueError("holds no {{sheets}}, so that no sheet would reach the service")
    return template


Address = Annotated[ServicePath, AfterValidator(_check_address)]
OneSheet = Annotated[JsonValue, AfterValidator(_check_one)]
ManySheets = Annotated[JsonValue, AfterValidator(_check_many)]
BandNames = Annotated[list[str], Field(min_length=1)]
Named = Literal["phq9", "gad7", "who5", "ucla3"]
Instruments = Annotated[list[Named], Field(min_length=1)]
_EVERY: list[Named] = ["phq9", "gad7", "who5", "ucla3"]
_OFFERED = Field(
    default=_EVERY,
    description="the questionnaires that the system scores",
)
_NAME = Field(default=None, description="what the service calls it, in a path or a request")
_BANDS = Field(default=None, description="its names of the bands, from the lowest total up")
_PRORATES = Field(
    default=False, description="whether one item left out is replaced by the mean of the others"
)


class Phq9Terms(_Table):
    """`[target.scoring.terms.phq9]`."""

    name: str | None = _NAME
    bands: BandNames | None = _BANDS
    prorates: bool = _PRORATES


class Gad7Terms(_Table):
    """`[target.scoring.terms.gad7]`."""

    name: str | None = _NAME
    bands: BandNames | None = _BANDS
    prorates: bool = _PRORATES
    screen: Literal["at-least-10", "at-least-8"] = Field(
        default="at-least-10", description="when the screen is positive"
    )


class Who5Terms(_Table):
    """`[target.scoring.terms.who5]`."""

    name: str | None = _NAME
    screen: Literal["below-13-or-low-item", "below-13"] = Field(
        default="below-13-or-low-item",
        description="when the screen is positive: also for an item at 0 or 1, or by the total",
    )
    percent: bool = Field(
        default=False, description="whether `total` is on the scale of 0 to 100 already"
    )


class Ucla3Terms(_Table):
    """`[target.scoring.terms.ucla3]`."""

    name: str | None = _NAME
    screen: Literal["at-least-4", "at-least-6"] = Field(
        default="at-least-4", description="when somebody counts as lonely"
    )


class ScoringTerms(_Table):
    """`[target.scoring.terms]`: where there is more than one right way, which one is meant."""

    phq9: Phq9Terms = Phq9Terms()
    gad7: Gad7Terms = Gad7Terms()
    who5: Who5Terms = Who5Terms()
    ucla3: Ucla3Terms = Ucla3Terms()

    def of(self, instrument: Instrument) -> Terms:
        """Return the terms of one instrument."""
        table: Any = getattr(self, instrument.value)
        given = table.model_dump(exclude={"name"}, exclude_none=True)
        return Terms(**{**given, "bands": tuple(given.get("bands", ()))})

    def name_of(self, instrument: Instrument) -> str:
        """Return what the service calls an instrument."""
        table: Any = getattr(self, instrument.value)
        return table.name or instrument.value


class ScoringAnswer(_Table):
    """`[target.scoring.answer]`: paths from what is said of one sheet."""

    total: ResponsePath = Field(description="the total, a number")
    percent: ResponsePath | None = Field(
        default=None, description="the total on the scale of 0 to 100 (WHO-5)"
    )
    band: ResponsePath | None = Field(default=None, description="the name of the total's band")
    positive: ResponsePath | None = Field(
        default=None, description="true or false: the screen is positive"
    )
    follow_up: ResponsePath | None = Field(
        default=None, description="true or false: somebody must look at once (item 9 of PHQ-9)"
    )
    refusal: ResponsePath | None = Field(
        default=None, description="true or words, where the system declines to score the sheet"
    )


class BatchSection(_Table):
    """`[target.scoring.batch]`: many sheets by one request."""

    path: Address = Field(description="path below base_url; {{instrument}} may stand in it")
    request: ManySheets = Field(description="the request's body, with {{sheets}}")
    results: ResponsePath = Field(description="path to the list of answers, in the sheets' order")
    size: int = Field(default=1000, ge=2, le=_MOST_AT_ONCE, description="sheets of one request")


class ScoringSection(_Table):
    """`[target.scoring]`."""

    method: Literal["POST", "PUT", "PATCH"] = Field(
        default="POST", description="no GET: what a patient answers does not belong in a URL"
    )
    path: Address = Field(description="path below base_url; {{instrument}} may stand in it")
    request: OneSheet = Field(description="the request's body, with {{answers}}, {{instrument}}")
    answer: ScoringAnswer
    instruments: Instruments = _OFFERED
    batch: BatchSection | None = None
    terms: ScoringTerms = ScoringTerms()

    @model_validator(mode="after")
    def _says_which(self) -> ScoringSection:
        said = f"{self.path} {self.request}"
        if len(self.instruments) > 1 and _INSTRUMENT not in said.replace(" ", ""):
            raise ValueError(
                "says nowhere which instrument is meant; put {{instrument}} into path or request, "
                "or name a single one in instruments"
            )
        return self


class PythonScoring(_Table):
    """`[target.scoring]` with `kind = "python"`: a function that scores sheets."""

    function: Reference = Field(
        description="module:function, called with the instrument's name and the list of answers"
    )
    instruments: Instruments = _OFFERED
    terms: ScoringTerms = ScoringTerms()
