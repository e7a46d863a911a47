"""Label and field selectors: as strings of a request, and as the `selector` of an object."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from clinigate.chaos.localkube.status import Manifest, bad_request

__all__ = ["Predicate", "field_selector", "label_selector", "matches"]

Predicate = Callable[[Manifest], bool]

_REQUIREMENT = re.compile(
    r"\s*(?:"
    r"(?P<absent>!)\s*(?P<absent_key>[\w./-]+)"
    r"|(?P<set_key>[\w./-]+)\s+(?P<set_op>in|notin)\s*\((?P<values>[^()]*)\)"
    r"|(?P<key>[\w./-]+)\s*(?P<op>==|=|!=)\s*(?P<value>[\w.-]*)"
    r"|(?P<present>[\w./-]+)"
    r")\s*"
)


def label_selector(text: str) -> Predicate:
    """Compile `app=api,tier in (web,edge),!canary`.

    Raises:
        StatusError: 400, the text is no selector.
    """
    requirements: list[Callable[[Mapping[str, str]], bool]] = []
    position = 0
    while position < len(text):
        found = _REQUIREMENT.match(text, position)
        if found is None or (found.end() < len(text) and text[found.end()] != ","):
            raise bad_request(f'unable to parse requirement in label selector "{text}"')
        requirements.append(_requirement(found))
        position = found.end() + 1
    if text.rstrip().endswith(","):
        raise bad_request(f'unable to parse requirement in label selector "{text}"')

    def predicate(manifest: Manifest) -> bool:
        labels = manifest.get("metadata", {}).get("labels") or {}
        return all(requirement(labels) for requirement in requirements)

    return predicate


def _requirement(found: re.Match[str]) -> Callable[[Mapping[str, str]], bool]:
    if found["absent"]:
        key = found["absent_key"]
        return lambda labels: key not in labels
    if found["set_op"]:
        key, wanted = found["set_key"], {value.strip() for value in found["values"].split(",")}
        if found["set_op"] == "in":
            return lambda labels: labels.get(key) in wanted
        return lambda labels: labels.get(key) not in wanted
    if found["op"]:
        key, value = found["key"], found["value"]
        if found["op"] == "!=":
            return lambda labels: labels.get(key) != value
        return lambda labels: labels.get(key) == value
    key = found["present"]
    return lambda labels: key in labels


def field_selector(text: str) -> Predicate:
    """Compile `metadata.name=api-1,status.phase!=Running`.

    Raises:
        StatusError: 400, the text is no selector.
    """
    wanted: list[tuple[list[str], str, bool]] = []
    for part in filter(None, text.split(",")):
        field, operator, value = _split_field(part)
        if not operator:
            raise bad_request(f'invalid field selector "{text}"')
        wanted.append((field.split("."), value, operator != "!="))

    def predicate(manifest: Manifest) -> bool:
        return all((_lookup(manifest, path) == value) is equal for path, value, equal in wanted)

    return predicate


def _split_field(part: str) -> tuple[str, str, str]:
    for operator in ("!=", "==", "="):
        field, found, value = part.partition(operator)
        if found:
            return field.strip(), operator, value.strip()
    return part, "", ""


def _lookup(manifest: Manifest, path: list[str]) -> str:
    value: object = manifest
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return "" if value is None else str(value)


def matches(selector: Manifest | None, labels: Mapping[str, str]) -> bool:
    """Whether an object's `selector` (matchLabels, matchExpressions) selects these labels.

    No selector selects nothing; an empty one selects everything, as the API defines it.
    """
    if selector is None:
        return False
    equal = selector.get("matchLabels") or {}
    if any(labels.get(key) != value for key, value in equal.items()):
        return False
    return all(_expression(each, labels) for each in selector.get("matchExpressions") or [])


def _expression(expression: Manifest, labels: Mapping[str, str]) -> bool:
    key, values = expression["key"], expression.get("values") or []
    match expression["operator"]:
        case "In":
            return labels.get(key) in values
        case "NotIn":
            return labels.get(key) not in values
        case "Exists":
            return key in labels
        case _:
            return key not in labels
