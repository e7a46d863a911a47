"""The tables `[[phi.recognizer]]` and `[phi.nlp]`: identifiers that only this house knows."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator

from clinigate.config.table import Table

__all__ = ["Check", "NlpTable", "RecognizerTable"]

Check = Literal["none", "digits", "luhn", "npi", "dea", "vin", "ssn", "iban", "nhs"]


class RecognizerTable(Table):
    """`[[phi.recognizer]]`: a row of one's own, searched for like the table's."""

    id: str = Field(
        pattern=r"^[A-Z][A-Z0-9]{0,15}(?:-[A-Z0-9]{1,16}){1,4}$",
        description="as findings name it, as ACME-PATIENT-CODE; CG- is Clinigate's own",
    )
    letter: Literal[
        "A", "B", "C", "D", "E", "F", "G", "H", "I", "J", "K", "L", "M", "N", "O", "P", "Q", "R"
    ] = Field(default="R", description="its letter of 45 CFR 164.514(b)(2)(i)")
    title: str = Field(min_length=3, max_length=80, description="what it is, in a few words")
    pattern: str | list[str] = Field(
        description="expressions without look-around, back references or lazy repetition, each "
        "repetition with a bound; (?P<v>…) is the value, else all of it, not within a longer word"
    )
    score: float = Field(
        default=0.85, gt=0, le=1, description="how sure the form alone makes; words add 0.4"
    )
    words: list[str] = Field(
        default=[], description="words beside it, or in its field's name, that make it surer"
    )
    check: Check = Field(default="none", description="check digit or range of the value")
    severity: Literal["low", "medium", "high", "critical"] = Field(
        default="high", description="how grave a find is"
    )
    examples: list[str] = Field(
        default=[], description="values that it must find, tried when it is read"
    )

    @field_validator("id")
    @classmethod
    def _own(cls, rule: str) -> str:
        if rule.startswith("CG-"):
            raise ValueError("CG- is Clinigate's own; begin it with a name of yours")
        return rule

    @field_validator("words")
    @classmethod
    def _plain(cls, words: list[str]) -> list[str]:
        for word in words:
            if not (word.isascii() and word.isalpha()):
                raise ValueError(f"{word!r} is no single word of ASCII letters")
        return [word.lower() for word in words]

    @field_validator("pattern")
    @classmethod
    def _some(cls, pattern: str | list[str]) -> list[str]:
        patterns = [pattern] if isinstance(pattern, str) else pattern
        if not patterns or not all(patterns):
            raise ValueError("needs an expression")
        return patterns


class NlpTable(Table):
    """`[phi.nlp]`: a language model of one's own for names, run by presidio's engine."""

    engine: Literal["spacy", "stanza", "transformers"] = Field(
        default="spacy", description="the library that runs it"
    )
    model: str = Field(
        min_length=1, description="an installed package or a folder, as en_core_web_lg"
    )
    tagger: str | None = Field(
        default=None,
        description="transformers only: the spaCy model that splits sentences, as en_core_web_sm",
    )
