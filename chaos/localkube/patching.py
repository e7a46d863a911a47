"""The three patch forms of the API: strategic merge, JSON merge (RFC 7386), JSON patch (RFC 6902).

Strategic merge joins lists of objects by a key, so that a patch of one container's image leaves
the other containers, and the rest of that container, alone.
"""

from __future__ import annotations

import copy
from typing import Any

from clinigate.chaos.localkube.status import Manifest, StatusError, bad_request

__all__ = ["apply_patch", "json_patch", "merge_patch", "strategic_merge"]

_MERGE_KEYS = {
    "conditions": ("type",),
    "containers": ("name",),
    "env": ("name",),
    "ephemeralContainers": ("name",),
    "hostAliases": ("ip",),
    "imagePullSecrets": ("name",),
    "initContainers": ("name",),
    "ownerReferences": ("uid",),
    "ports": ("containerPort", "port"),
    "volumeMounts": ("mountPath",),
    "volumes": ("name",),
}


def apply_patch(content_type: str, current: Manifest, patch: Any) -> Manifest:
    """The patched object; `current` stays as it is.

    Raises:
        StatusError: 415 for a form that isn't served, 400 or 422 for a patch that cannot be used.
    """
    match content_type:
        case "application/strategic-merge-patch+json":
            return _merge_objects(current, _object(patch))
        case "application/merge-patch+json":
            merged: Manifest = merge_patch(current, _object(patch))
            return merged
        case "application/json-patch+json":
            return json_patch(current, patch)
    raise StatusError(
        415, "UnsupportedMediaType", f"the patch form {content_type} is not supported"
    )


def _object(patch: Any) -> Manifest:
    if not isinstance(patch, dict):
        raise bad_request("the patch must be a JSON object")
    return patch


def merge_patch(current: Any, patch: Any) -> Any:
    """RFC 7386: objects merge, null removes, anything else replaces."""
    if not isinstance(patch, dict):
        return copy.deepcopy(patch)
    merged = dict(current) if isinstance(current, dict) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = merge_patch(merged.get(name), value)
    return merged


def strategic_merge(current: Any, patch: Any, field: str = "") -> Any:
    """Merge as a strategic merge patch; `field` names where in the object this is."""
    if isinstance(patch, dict):
        return _merge_objects(current, patch)
    if isinstance(patch, list) and isinstance(current, list):
        key = _merge_key(field, [*current, *patch])
        if key is not None:
            return _merge_lists(current, patch, key)
        if field == "finalizers":
            return [*current, *(each for each in patch if each not in current)]
    return copy.deepcopy(patch)


def _merge_objects(current: Any, patch: Manifest) -> Manifest:
    if patch.get("$patch") == "replace" or not isinstance(current, dict):
        return {k: strategic_merge(None, v, k) for k, v in patch.items() if not _is_directive(k, v)}
    merged = dict(current)
    for name, value in patch.items():
        if name.startswith("$deleteFromPrimitiveList/"):
            target = name.partition("/")[2]
            merged[target] = [each for each in merged.get(target) or [] if each not in value]
        elif name.startswith("$"):
            continue  # $setElementOrder and $retainKeys only order what is merged anyway
        elif value is None:
            merged.pop(name, None)
        else:
            merged[name] = strategic_merge(merged.get(name), value, name)
    return merged


def _is_directive(name: str, value: Any) -> bool:
    return name.startswith("$") or value is None


def _merge_key(field: str, elements: list[Any]) -> str | None:
    candidates = _MERGE_KEYS.get(field, ())
    for key in candidates:
        if elements and all(
            isinstance(each, dict) and (key in each or "$patch" in each) for each in elements
        ):
            return key
    return None


def _merge_lists(current: list[Any], patch: list[Any], key: str) -> list[Any]:
    if any(each.get("$patch") == "replace" for each in patch):
        return [copy.deepcopy(each) for each in patch if "$patch" not in each]
    merged = {each[key]: each for each in current}
    for each in patch:
        if each.get("$patch") == "delete":
            merged.pop(each.get(key), None)
        else:
            merged[each[key]] = strategic_merge(merged.get(each[key]), each)
    return list(merged.values())


def json_patch(current: Manifest, operations: Any) -> Manifest:
    """RFC 6902 without `move` and `copy`.

    Raises:
        StatusError: 400 when it is no list of operations; 422 when one cannot be applied.
    """
    if not isinstance(operations, list):
        raise bad_request("a JSON patch must be a list of operations")
    patched = copy.deepcopy(current)
    for operation in operations:
        try:
            _apply_operation(patched, operation)
        except (KeyError, IndexError, TypeError, ValueError) as error:
            raise StatusError(
                422, "Invalid", f"the operation {operation!r} cannot be applied: {error}"
            ) from error
    return patched


def _apply_operation(patched: Manifest, operation: Manifest) -> None:
    names = [part.replace("~1", "/").replace("~0", "~") for part in operation["path"].split("/")]
    parent: Any = patched
    for name in names[1:-1]:
        parent = parent[int(name)] if isinstance(parent, list) else parent[name]
    last: Any = names[-1]
    if isinstance(parent, list):
        last = len(parent) if last == "-" else int(last)
    match operation["op"]:
        case "add" if isinstance(parent, list):
            parent.insert(last, operation["value"])
        case "add":
            parent[last] = operation["value"]
        case "replace":
            _ = parent[last]
            parent[last] = operation["value"]
        case "remove":
            del parent[last]
        case "test":
            if parent[last] != operation["value"]:
                raise ValueError("the tested value differs")
        case unknown:
            raise ValueError(f"unknown op {unknown}")
