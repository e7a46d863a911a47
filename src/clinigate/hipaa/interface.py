"""What a service's OpenAPI document says of who may use which operation."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote, urlencode

import yaml

from clinigate.errors import ConfigError, TargetError
from clinigate.hipaa.premises import NO_TEST, Premises
from clinigate.targets.service import Request

__all__ = ["Operation", "Parameter", "guarded", "operations", "withheld"]

_METHODS = ("get", "post", "put", "patch", "delete")
_PLACEHOLDER = re.compile(r"\{([^{}]+)\}")


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of an operation.

    Attributes:
        place: `path`, `query`, `header` or `cookie`. unknown: a value that nobody has.
    """

    name: str
    place: str
    unknown: str


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation, as it can be tried.

    Attributes:
        request: with the document's example in it, or an empty object, and ids that nobody has.
        scopes: what a token must have for it. is_open: whether anyone may use it.
        template: its path, with parameters as `{id}`. parameters: what they are.
    """

    request: Request
    scopes: frozenset[str]
    is_open: bool
    template: str = ""
    parameters: tuple[Parameter, ...] = ()

    @property
    def in_path(self) -> tuple[Parameter, ...]:
        """Its parameters that stand in the path."""
        return tuple(each for each in self.parameters if each.place == "path")

    @property
    def in_query(self) -> tuple[Parameter, ...]:
        """Its parameters that stand behind a question mark."""
        return tuple(each for each in self.parameters if each.place == "query")

    def about(self, values: Mapping[str, str]) -> Request:
        """Return its request with these parameters, by name, and the others as they are.

        They are put into the path, and those of the query behind it, as an address has them.
        """
        path = self.template
        for each in self.in_path:
            text = quote(values.get(each.name, each.unknown), safe="")
            path = path.replace(f"{{{each.name}}}", text)
        asked = {each.name: values[each.name] for each in self.in_query if each.name in values}
        return replace(self.request, path=f"{path}?{urlencode(asked)}" if asked else path)


def operations(premises: Premises) -> tuple[Operation, ...]:
    """Read every operation from the document that the configuration names.

    One that says nothing of security counts as guarded, unless `[hipaa] open` names it.

    Raises:
        ConfigError: the file is missing or is no such document.
        TargetError: the service does not give one.
    """
    document = _document(premises)
    paths = document.get("paths")
    if not isinstance(paths, dict) or not paths:
        raise ConfigError(f"[hipaa] openapi: {premises.table.openapi} has no paths")
    return tuple(_all(document, paths, frozenset(premises.table.open)))


def guarded(premises: Premises) -> tuple[Operation, ...]:
    """Return the operations that not everybody may use. Raises as `operations`."""
    return tuple(each for each in operations(premises) if not each.is_open)


def withheld(premises: Premises, request: Request) -> str | None:
    """Say why an operation of the document is not tried, if it is not.

    One that serves who may not use it is carried out. What a service with patients has done to it
    by that nobody can tell.
    """
    return None if request.method == "GET" or premises.table.test_environment else NO_TEST


def _all(
    document: dict[str, Any], paths: dict[str, Any], is_open: frozenset[str]
) -> Iterator[Operation]:
    base = _base_path(document)
    for path, item in paths.items():
        for method in _METHODS:
            operation = item.get(method) if isinstance(item, dict) else None
            if not isinstance(operation, dict):
                continue
            said = [*item.get("parameters", []), *operation.get("parameters", [])]
            needed = operation.get("security", document.get("security"))
            anyone = needed is not None and (not needed or {} in needed)
            named = f"{method.upper()} {path}" in is_open
            found = Operation(
                Request(method.upper(), base + path, _example(document, operation), root=True),
                _scopes(needed or []),
                anyone or named,
                base + path,
                _parameters(path, [_resolved(document, each) for each in said]),
            )
            yield replace(found, request=found.about({}))


def _document(premises: Premises) -> dict[str, Any]:
    place = premises.table.openapi
    if place.startswith("/"):
        assert premises.service is not None
        request = Request("GET", place, root=True)
        answer = premises.service.send_as(request)
        if not answer.served:
            answer = premises.service.send(request)
        found: Any = answer.body if answer.served else None
        if not isinstance(found, dict):
            raise TargetError(
                f"{request}: answers {answer.status} and no OpenAPI document; name where it is, or "
                "a file, in [hipaa] openapi"
            )
        return found
    try:
        text = premises.path(place).read_text(encoding="utf-8")
        found = json.loads(text) if place.endswith(".json") else yaml.safe_load(text)
    except OSError as error:
        raise ConfigError(f"[hipaa] openapi: {place}: {error.strerror}") from None
    except (ValueError, yaml.YAMLError):
        raise ConfigError(f"[hipaa] openapi: {place} is neither JSON nor YAML") from None
    if not isinstance(found, dict):
        raise ConfigError(f"[hipaa] openapi: {place} is no OpenAPI document")
    return found


def _base_path(document: Mapping[str, Any]) -> str:
    servers = document.get("servers") or [{}]
    url = str(servers[0].get("url", "") if isinstance(servers[0], dict) else "")
    path = "/" + url.split("://", 1)[1].partition("/")[2] if "://" in url else url
    return path.rstrip("/")


def _parameters(path: str, said: list[Mapping[str, Any]]) -> tuple[Parameter, ...]:
    """Return what the document says of parameters, and those of the path that it forgot."""
    found = {
        (str(each.get("in")), str(each.get("name"))): each.get("schema", {})
        for each in said
        if each.get("name")
    }
    for name in _PLACEHOLDER.findall(path):
        found.setdefault(("path", name), {})
    return tuple(
        Parameter(name, place, _unknown(schema)) for (place, name), schema in found.items()
    )


def _unknown(schema: Mapping[str, Any]) -> str:
    if schema.get("format") == "uuid":
        return "00000000-0000-4000-8000-000000000000"
    return "999999999" if schema.get("type") in ("integer", "number") else "clinigate-probe"


def _example(document: dict[str, Any], operation: Mapping[str, Any]) -> Any:
    content = _resolved(document, operation.get("requestBody", {})).get("content", {})
    media = content.get("application/json")
    if media is None:
        return None
    schema = _resolved(document, media.get("schema", {}))
    named = [_resolved(document, each).get("value") for each in media.get("examples", {}).values()]
    given = [media.get("example"), *named, schema.get("example"), *schema.get("examples", [])]
    return next((each for each in given if each is not None), {})


def _resolved(document: dict[str, Any], node: Mapping[str, Any]) -> Mapping[str, Any]:
    """Follow references within the document; one that leads nowhere is empty."""
    for _ in range(8):
        if "$ref" not in node:
            return node
        found: Any = document
        for step in str(node["$ref"]).removeprefix("#/").split("/"):
            found = found.get(step, {}) if isinstance(found, dict) else {}
        node = found if isinstance(found, dict) else {}
    return {}


def _scopes(needed: list[Mapping[str, list[str]]]) -> frozenset[str]:
    first = needed[0] if needed else {}
    return frozenset(scope for scopes in first.values() for scope in scopes)
