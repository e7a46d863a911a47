"""Small questions to production beside the sample: who are you, and would you divert this?"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import jmespath

from clinigate.config.target import HttpSpec, OpenAISpec, TargetSpec
from clinigate.config.target_values import to_jmespath
from clinigate.errors import TargetError
from clinigate.targets.wire import tls_context

__all__ = ["ask_json", "at", "found", "is_service"]

_TIMEOUT_S = 10.0
_MOST_BYTES = 1_000_000
_FRESH = {"Cache-Control": "no-cache, no-store"}


def at(spec: TargetSpec, base_url: str | None) -> TargetSpec:
    """Return the target at another address; only one that has an address can have another."""
    if base_url is None or not isinstance(spec, HttpSpec | OpenAISpec):
        return spec
    return spec.model_copy(update={"base_url": base_url})


def is_service(spec: TargetSpec) -> bool:
    """Whether the target is spoken to over a network, so that headers and paths mean something."""
    return isinstance(spec, HttpSpec | OpenAISpec)


def ask_json(
    spec: HttpSpec | OpenAISpec,
    path: str,
    *,
    base_dir: Path,
    headers: Mapping[str, str] | None = None,
) -> Any:
    """GET a path below the service's address, without its credentials, and return the JSON.

    No cache may answer: what it remembers is of another moment, or of another build.

    Raises:
        TargetError: no answer, another status than 200, no JSON, or one out of a cache; a header is
            never named.
        ConfigError: the target's authorities cannot be read.
    """
    verify = tls_context(spec.tls, base_dir)
    try:
        with httpx.Client(verify=verify, timeout=_TIMEOUT_S, follow_redirects=False) as client:
            answer = client.get(
                spec.base_url.rstrip("/") + path, headers={**_FRESH, **(headers or {})}
            )
    except httpx.HTTPError as error:
        raise TargetError(f"GET {path}: no answer ({type(error).__name__})") from None
    if answer.status_code != httpx.codes.OK:
        raise TargetError(f"GET {path}: status {answer.status_code}, wanted 200")
    if answer.headers.get("Age", "0") != "0":
        raise TargetError(f"GET {path}: a cache answers, not the service; let none keep it")
    if len(answer.content) > _MOST_BYTES:
        raise TargetError(f"GET {path}: more than {_MOST_BYTES:,} bytes; wanted a few values")
    try:
        return answer.json()
    except ValueError:
        raise TargetError(f"GET {path}: no JSON") from None


def found(document: Any, path: str) -> Any:
    """Return what stands at a response path, None where nothing does."""
    try:
        return jmespath.search(to_jmespath(path), document)
    except jmespath.exceptions.JMESPathError:
        return None
