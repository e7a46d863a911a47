"""The tables `[inputs.NAME]`: what the claims of a run rest on."""

from __future__ import annotations

import re
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from clinigate.config.table import Table

__all__ = ["INPUT_NAME", "InputName", "InputTable"]

#: `config:phi` and the like are taken by Clinigate itself, and may be named to say what rests on
#: them.
INPUT_NAME = re.compile(r"(?:config:)?[a-z][a-z0-9_-]{0,39}")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


def _check_name(text: str) -> str:
    if not INPUT_NAME.fullmatch(text):
        raise ValueError("must be up to 40 lower-case letters, digits, hyphens and underscores")
    return text


def _check_path(text: str) -> str:
    """A path within the project: what lies elsewhere is named by its digest."""
    parts = text.split("/")
    if not text.strip() or text.startswith(("/", "~")) or "\\" in text or ".." in parts:
        raise ValueError(
            "must be a path or pattern below this file's folder, with slashes and without '..'; "
            "what lies elsewhere is named by its digest"
        )
    if re.match(r"[A-Za-z]:", text):
        raise ValueError("must be a path below this file's folder, without a drive")
    return text


def _check_digest(text: str) -> str:
    if not _DIGEST.fullmatch(text):
        raise ValueError("must be sha256:<64 hex digits>")
    return text


InputName = Annotated[str, AfterValidator(_check_name)]
InputPath = Annotated[str, AfterValidator(_check_path)]
InputDigest = Annotated[str, AfterValidator(_check_digest)]


class InputTable(Table):
    """`[inputs.NAME]`: something that claims rest on: `prompt`, `model`, `schema`, `manifests`, …

    Of `prompt`, `model`, `schema`, `manifests`, `data`, `source` and `image` it is known which
    criteria rest on them; on an input of another name every claim rests, unless `claims` says less.
    """

    paths: list[InputPath] = Field(
        default=[],
        description="files, folders and patterns ('prompts/**/*.md') below this file's folder; "
        "their digests are taken when a run begins",
    )
    digest: InputDigest | None = Field(
        default=None, description="'sha256:…' of what lies elsewhere, as of a model in a registry"
    )
    claims: list[str] | None = Field(
        default=None,
        description="criteria that rest on it, as ['crisis.*']; [] is none; left out, what its "
        "name says",
    )

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.paths and self.digest is not None:
            raise ValueError("give either paths or digest")
        if not self.paths and self.digest is None and self.claims is None:
            raise ValueError("says nothing; give paths, digest or claims")
        return self
