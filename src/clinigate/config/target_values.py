"""What the strings of the `[target]` table may hold: addresses, paths, templates, headers."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Sequence
from typing import Annotated, Any
from urllib.parse import urlsplit

import jmespath
from pydantic import AfterValidator, Field, JsonValue

__all__ = [
    "PLACEHOLDER",
    "Name",
    "Reference",
    "ResponsePath",
    "ServicePath",
    "Template",
    "TokenUrl",
    "Url",
    "Variable",
    "check_header_name",
    "check_header_text",
    "check_placeholders",
    "to_jmespath",
]

#: A placeholder of a request template, as `{{text}}`.
PLACEHOLDER = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")
_WHOLE_VALUES = ("messages", "seed")
_INLINE_VALUES = ("text", "capability")
_SECRET_HEADER = re.compile(r"auth|cookie|key|token|secret|passw|credential|session", re.I)
_BLANK_OR_CONTROL = re.compile(r"[\s\x00-\x1f\x7f]")
_PATH_STEP = re.compile(
    r"""\.(?P<name>[A-Za-z_]\w*)|\[(?P<index>-?\d+)\]|\[(?P<quote>['"])(?P<key>[^'"\\]+)(?P=quote)\]"""
)


def to_jmespath(path: str) -> str:
    """Return a response path as JMESPath; JSONPath is told by its leading `$`.

    Of JSONPath the steps `.name`, `['name']` and `[0]` are understood: those that name one value.

    Raises:
        ValueError: the path is neither.
    """
    expression = _from_jsonpath(path) if path.lstrip().startswith("$") else path
    try:
        jmespath.compile(expression)
    except (jmespath.exceptions.JMESPathError, ValueError, TypeError):
        raise ValueError(
            f"{path!r} is no JMESPath expression; write it as result.text or choices[0].message"
        ) from None
    return expression


def _from_jsonpath(path: str) -> str:
    rest = path.strip()[1:]
    expression, position = "", 0
    while position < len(rest):
        step = _PATH_STEP.match(rest, position)
        if step is None:
            raise ValueError(
                f"{path!r} is JSONPath beyond the steps .name, ['name'] and [0]; "
                "write it as JMESPath, which has no leading $"
            )
        position = step.end()
        if step["index"] is not None:
            expression += f"[{step['index']}]"
        else:
            name = json.dumps(step["name"] or step["key"])
            expression += f".{name}" if expression else name
    return expression or "@"


def check_header_name(name: str) -> None:
    """Refuse what is no header name, or a header that belongs to the request itself.

    Raises:
        ValueError: saying which.
    """
    if not re.fullmatch(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+", name):
        raise ValueError(f"{name!r} is no header name")
    if name.lower() in ("host", "content-length", "content-type", "transfer-encoding"):
        raise ValueError(f"the header {name} is set for each request and cannot be given here")


def check_header_text(name: str, value: str) -> None:
    """Refuse a header value written into the file that is malformed or may be a secret.

    Raises:
        ValueError: naming the header, never the value.
    """
    if _SECRET_HEADER.search(name):
        raise ValueError(f'the header {name} may hold a secret; write {{ env = "VARIABLE" }}')
    if not value.isascii() or not value.isprintable():
        raise ValueError(f"the header {name} holds something else than printable ASCII")


def _check_reference(reference: str) -> str:
    if not re.fullmatch(r"[A-Za-z_][\w.]*:[A-Za-z_][\w.]*", reference):
        raise ValueError("must be written as module:name")
    return reference


def _check_variable(name: str) -> str:
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
        raise ValueError("must be the name of an environment variable, not its value")
    return name


def _check_path(path: str) -> str:
    to_jmespath(path)
    return path


def _check_url(url: str) -> str:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise ValueError("is no URL; write it as https://host:port") from None
    if parts.scheme not in ("http", "https") or not host or _BLANK_OR_CONTROL.search(url):
        raise ValueError("must start with http:// or https:// and name a host")
    if parts.username is not None or parts.password is not None:
        raise ValueError("holds a user name or password; name its variable in [target.auth]")
    if parts.query or parts.fragment:
        raise ValueError("must end before any ? or #")
    return url.rstrip("/")


def _check_token_url(url: str) -> str:
    return _check_service_path(url) if url.startswith("/") else _check_url(url)


def _check_service_path(path: str) -> str:
    if not path.startswith("/") or path.startswith("//"):
        raise ValueError("must start with one / ; the host stands in [target] base_url")
    if _BLANK_OR_CONTROL.search(path) or "#" in path:
        raise ValueError("holds a blank, a control character or a #")
    return path


def _check_template(template: JsonValue) -> JsonValue:
    found = check_placeholders(template, whole=_WHOLE_VALUES, inline=_INLINE_VALUES)
    if not found & {"messages", "text"}:
        raise ValueError(
            "holds neither {{messages}} nor {{text}}, so that no case would reach the service"
        )
    return template


def check_placeholders(node: Any, *, whole: Sequence[str], inline: Sequence[str]) -> set[str]:
    """Check one node of a template and return the placeholders in and below it.

    Args:
        node: the template, or a part of it.
        whole: placeholders that must be a whole value.
        inline: those that may stand inside a text.

    Raises:
        ValueError: saying what is wrong with it.
    """

    def below(nodes: Iterable[Any]) -> set[str]:
        return set().union(
            *(check_placeholders(each, whole=whole, inline=inline) for each in nodes)
        )

    if isinstance(node, dict):
        if any(PLACEHOLDER.search(key) for key in node):
            raise ValueError("has a placeholder in a key; placeholders stand in values")
        return below(node.values())
    if isinstance(node, list):
        return below(node)
    if isinstance(node, float) and not math.isfinite(node):
        raise ValueError("holds nan or inf, for which JSON has no form")
    return _placeholders_of_text(node, whole, inline) if isinstance(node, str) else set()


def _placeholders_of_text(text: str, whole: Sequence[str], inline: Sequence[str]) -> set[str]:
    names = PLACEHOLDER.findall(text)
    known = (*whole, *inline)
    for name in names:
        if name not in known:
            raise ValueError(
                f"has the unknown placeholder {{{{{name}}}}}; known are "
                f"{', '.join(f'{{{{{each}}}}}' for each in known)}"
            )
        if name in whole and not PLACEHOLDER.fullmatch(text):
            raise ValueError(f"has {{{{{name}}}}} inside a text; it must be the whole value")
    return set(names)


Name = Annotated[str, Field(min_length=1, max_length=80, pattern=r"^[^\x00-\x1f\x7f]+$")]
Reference = Annotated[str, AfterValidator(_check_reference)]
ResponsePath = Annotated[str, Field(min_length=1), AfterValidator(_check_path)]
ServicePath = Annotated[str, AfterValidator(_check_service_path)]
Template = Annotated[JsonValue, AfterValidator(_check_template)]
TokenUrl = Annotated[str, AfterValidator(_check_token_url)]
Url = Annotated[str, AfterValidator(_check_url)]
Variable = Annotated[str, AfterValidator(_check_variable)]
