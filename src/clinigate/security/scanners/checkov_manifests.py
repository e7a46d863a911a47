"""The resources of a manifest, as checkov names them; it passes over some without a word."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

__all__ = ["NotShownError", "resources_in"]

#: Kinds that checkov has rules for whatever they hold: of each of these some rule must speak.
_JUDGED = frozenset(
    (
        "CronJob",
        "DaemonSet",
        "Deployment",
        "Job",
        "Pod",
        "ReplicaSet",
        "ReplicationController",
        "StatefulSet",
    )
)
#: No mapping that a person wrote has more.
_MOST_KEYS = 20_000
#: What holds one of these checkov takes for an unrendered chart, though it may be a text.
_CHART_VALUE = re.compile(rb"\{\{-?\s*\.(?:Release|Values)\.")


class NotShownError(Exception):
    """A file that checkov could not look at; says why."""


def resources_in(data: bytes) -> frozenset[str]:
    """Return the resources of a manifest that checkov must speak of, as `Pod.default.chat`.

    Raises:
        NotShownError: it is no YAML, or checkov would pass over it.
    """
    documents = _documents(data)
    if _CHART_VALUE.search(data):
        raise NotShownError("holds {{ .Values }} or {{ .Release }}; scan what it renders to")
    return frozenset(_name_of(each) for each in _resources(documents))


def _documents(data: bytes) -> list[Any]:
    import yaml

    try:
        # Anchors that multiply themselves cost nothing: what they name is shared, not copied.
        return list(yaml.load_all(data, Loader=_loader()))
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        where = "" if mark is None else f" at line {mark.line + 1}"
        template = "a template, no YAML" if b"{{" in data else "no YAML"
        advice = "; scan what it renders to" if b"{{" in data else ""
        raise NotShownError(f"{template}{where}{advice}") from None


@cache
def _loader() -> Any:
    """Return a loader that refuses what merge keys blow up: those do copy what they name."""
    import yaml

    class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
        def flatten_mapping(self, node: yaml.MappingNode) -> None:
            super().flatten_mapping(node)
            if len(node.value) > _MOST_KEYS:
                raise yaml.constructor.ConstructorError(
                    None, None, "a mapping has too many keys", node.start_mark
                )

    return Loader


def _resources(documents: list[Any]) -> Iterator[dict[str, Any]]:
    for document in documents:
        # A list in a list is none: anchors may nest them without end.
        items = document.get("items") if isinstance(document, dict) else None
        for each in [document, *(items if isinstance(items, list) else [])]:
            if isinstance(each, dict) and str(each.get("kind")) in _JUDGED and "apiVersion" in each:
                yield each


def _name_of(resource: dict[str, Any]) -> str:
    metadata = resource.get("metadata")
    kind = resource["kind"]
    if not isinstance(metadata, dict) or not isinstance(metadata.get("name"), str):
        return f"a {kind} that has no name"  # no rule ever speaks of it
    return f"{kind}.{metadata.get('namespace', 'default')}.{metadata['name']}"
