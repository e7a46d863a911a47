"""Turn pydantic's findings into one clear sentence that names the file, the field and the fix."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Collection
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from clinigate.errors import UsageError

__all__ = ["read_toml", "validate"]

M = TypeVar("M", bound=BaseModel)


def read_toml(path: Path, error: type[UsageError]) -> dict[str, Any]:
    """Parse a TOML file.

    Raises:
        UsageError: of the given class; the file is missing, unreadable, not UTF-8 or not TOML.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise error(f"{path}: no such file") from None
    except OSError as problem:
        raise error(f"{path}: cannot be read ({problem.strerror})") from None
    except UnicodeDecodeError:
        raise error(f"{path}: is not UTF-8 text") from None
    except tomllib.TOMLDecodeError as problem:
        raise error(f"{path}: is not TOML: {problem}") from None
    except RecursionError:
        raise error(f"{path}: is nested too deeply for a configuration") from None


def validate(
    model: type[M],
    data: object,
    *,
    file: str,
    error: type[UsageError],
    tags: Collection[str] = (),
) -> M:
    """Build `model` from `data`.

    Args:
        model: what is wanted.
        data: what was read.
        file: named in the message.
        error: what is raised.
        tags: names of union members, which pydantic puts into a place where no user wrote them.

    Raises:
        UsageError: of the given class, for the first thing that is wrong. Values are not echoed:
            one of them may be a secret that somebody put in the wrong place.
    """
    try:
        return model.model_validate(data)
    except ValidationError as problem:
        raise error(f"{file}: {_sentence(model, problem, tags)}") from None


def _sentence(model: type[BaseModel], problem: ValidationError, tags: Collection[str]) -> str:
    errors = problem.errors(include_url=False, include_input=False, include_context=False)
    # A misspelt key is both unknown and missing; the first is what its writer needs to hear.
    first = next((e for e in errors if e["type"] == "extra_forbidden"), errors[0])
    place = tuple(str(part) for i, part in enumerate(first["loc"]) if not (i == 1 and part in tags))
    field = ".".join(place) or "the file"
    if first["type"] == "extra_forbidden":
        known = _known_keys(model, place[:-1])
        near = difflib.get_close_matches(place[-1], known, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(known)}"
        return f"unknown key {field!r}; {hint}"
    if first["type"] == "missing":
        return f"{field!r} is missing; add it"
    message = first["msg"].removeprefix("Value error, ")
    return f"{field!r}: {message[:1].lower()}{message[1:]}"


def _known_keys(model: type[BaseModel], place: tuple[str, ...]) -> list[str]:
    """Keys allowed at a place, found by walking the model's JSON schema."""
    schema = model.model_json_schema(by_alias=True)
    definitions = schema.get("$defs", {})
    options = _resolve(schema, definitions)
    for part in place:
        options = [
            step for option in options for step in _resolve(_child(option, part), definitions)
        ] or options
    return sorted({key for option in options for key in option.get("properties", {})})


def _child(option: dict[str, Any], part: str) -> dict[str, Any]:
    properties = option.get("properties", {})
    if part in properties:
        return dict(properties[part])
    beyond = option.get("items") or option.get("additionalProperties")
    return dict(beyond) if isinstance(beyond, dict) else {}


def _resolve(option: dict[str, Any], definitions: dict[str, Any]) -> list[dict[str, Any]]:
    if "$ref" in option:
        return _resolve(definitions[option["$ref"].rsplit("/", 1)[-1]], definitions)
    for union in ("anyOf", "oneOf"):
        if union in option:
            return [step for each in option[union] for step in _resolve(each, definitions)]
    return [option] if option else []
