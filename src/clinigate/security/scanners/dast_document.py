"""An OpenAPI document made safe to test by: one service, nothing fetched from elsewhere."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit

from clinigate.findings.troubles import ScannerError

__all__ = ["Prepared", "Service", "prepare"]

_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
_DEFAULT_PORTS = {"http": 80, "https": 443}
_DEEPEST = 200


@dataclass(frozen=True, slots=True)
class Service:
    """The one place that requests go to: scheme, host, port, and the path that they stay below."""

    scheme: str
    host: str
    port: int
    path: str

    @classmethod
    def of(cls, url: str) -> Service:
        """Read it from a base address."""
        parts = urlsplit(url)
        port = parts.port or _DEFAULT_PORTS.get(parts.scheme, 0)
        return cls(parts.scheme, (parts.hostname or "").lower(), port, parts.path.rstrip("/"))

    def same_host(self, other: Service) -> bool:
        """Whether scheme, host and port are those of the other address."""
        return (self.scheme, self.host, self.port) == (other.scheme, other.host, other.port)

    def holds(self, other: Service) -> bool:
        """Whether the other address lies within this one."""
        return self.same_host(other) and (
            other.path == self.path or other.path.startswith(f"{self.path}/")
        )


@dataclass(frozen=True, slots=True)
class Prepared:
    """What schemathesis is given.

    Attributes:
        document: the document, as JSON.
        base_url: where its paths begin: the configured address, or one below it that the document
            names.
        operations: as `GET /v1/model`.
    """

    document: bytes
    base_url: str
    operations: tuple[str, ...]


def prepare(data: bytes, *, base_url: str, found_at: str) -> Prepared:
    """Read a document and take out of it whatever leads elsewhere.

    Args:
        data: JSON or YAML.
        base_url: the configured address of the service.
        found_at: the document's own address, against which relative servers are read.

    Raises:
        ScannerError: it is no OpenAPI document, has no operation, or refers to other documents.
    """
    document = _parse(data)
    version = document.get("openapi", document.get("swagger"))
    if not isinstance(version, str) or not version.startswith(("2.", "3.")):
        raise ScannerError(f"the OpenAPI document has version {version!r}; 2.0 and 3.x are known")
    paths = document.get("paths")
    operations = tuple(_operations(paths)) if isinstance(paths, dict) else ()
    if not operations:
        raise ScannerError("the OpenAPI document has no operation under `paths`")
    base = _base(document, base_url, found_at)
    _check_refs(document, 0)
    _take_out_addresses(document)
    return Prepared(json.dumps(document).encode(), base, operations)


def _parse(data: bytes) -> dict[str, Any]:
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        document = _parse_yaml(data)
    if not isinstance(document, dict):
        raise ScannerError("the OpenAPI document is neither a JSON object nor a YAML mapping")
    return document


def _parse_yaml(data: bytes) -> Any:
    import yaml

    try:
        # Through JSON, so that dates and numbered keys are what OpenAPI knows.
        return json.loads(json.dumps(yaml.safe_load(data), default=str))
    except (yaml.YAMLError, ValueError, TypeError, RecursionError):
        return None


def _operations(paths: dict[str, Any]) -> Iterator[str]:
    for path, item in paths.items():
        if path.startswith("x-"):
            continue  # an extension of the document
        if not isinstance(item, dict):
            raise ScannerError(f"the OpenAPI document has no object at path {path}")
        if "$ref" in item:
            raise ScannerError(f"the OpenAPI document refers to path {path} elsewhere; bundle it")
        for method in _METHODS:
            if method in item:
                yield f"{method.upper()} {path}"


def _base(document: dict[str, Any], base_url: str, found_at: str) -> str:
    """Return where paths begin: the first server, if it lies within the configured address."""
    configured = Service.of(base_url)
    servers = document.get("servers")
    first = servers[0] if isinstance(servers, list) and servers else {}
    url = first.get("url") if isinstance(first, dict) else None
    if url is None and isinstance(document.get("basePath"), str):
        url = document["basePath"]
    if not isinstance(url, str) or "{" in url:
        return base_url.rstrip("/")
    try:
        whole = urljoin(found_at, url)
        return (whole if configured.holds(Service.of(whole)) else base_url).rstrip("/")
    except ValueError:
        return base_url.rstrip("/")


def _check_refs(node: Any, depth: int) -> None:
    if depth > _DEEPEST:
        raise ScannerError("the OpenAPI document is nested too deep")
    if isinstance(node, dict):
        for key, value in node.items():
            if key in ("$ref", "$dynamicRef") and isinstance(value, str):
                if not value.startswith("#"):
                    raise ScannerError(
                        "the OpenAPI document refers to another one "
                        f"({_shortened(value)}); bundle it into one file"
                    )
            else:
                _check_refs(value, depth + 1)
    elif isinstance(node, list):
        for value in node:
            _check_refs(value, depth + 1)


def _take_out_addresses(document: dict[str, Any]) -> None:
    for key in ("servers", "host", "schemes", "basePath"):
        document.pop(key, None)
    for path in [path for path in document["paths"] if path.startswith("x-")]:
        del document["paths"][path]
    for item in document["paths"].values():
        item.pop("servers", None)
        for method in _METHODS:
            if isinstance(item.get(method), dict):
                item[method].pop("servers", None)
    _take_out_external_values(document)


def _take_out_external_values(node: Any) -> None:
    if isinstance(node, dict):
        if isinstance(node.get("externalValue"), str):
            del node["externalValue"]
        for value in node.values():
            _take_out_external_values(value)
    elif isinstance(node, list):
        for value in node:
            _take_out_external_values(value)


def _shortened(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:57]}..."
