"""What the API says of itself: versions, groups and resources, as command lines ask for them."""

from __future__ import annotations

from clinigate.chaos.localkube.resources import RESOURCES, Resource
from clinigate.chaos.localkube.status import Manifest

__all__ = ["VERSION", "describe"]

VERSION: Manifest = {
    "major": "1",
    "minor": "32",
    "gitVersion": "v1.32.0-localkube",
    "gitCommit": "",
    "gitTreeState": "",
    "buildDate": "",
    "goVersion": "",
    "compiler": "",
    "platform": "localkube",
}

_VERBS = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"]


def describe(path: str) -> Manifest | None:
    """The discovery document of a path, or None where the path is another thing."""
    match [part for part in path.split("/") if part]:
        case ["api"]:
            return {"kind": "APIVersions", "versions": ["v1"]}
        case ["apis"]:
            groups = sorted({(each.group, each.version) for each in RESOURCES if each.group})
            return {
                "kind": "APIGroupList",
                "apiVersion": "v1",
                "groups": [_group(*each) for each in groups],
            }
        case ["api", "v1"]:
            return _resources("", "v1")
        case ["apis", group, version]:
            return _resources(group, version)
    return None


def _group(name: str, version: str) -> Manifest:
    served = {"groupVersion": f"{name}/{version}", "version": version}
    return {"name": name, "versions": [served], "preferredVersion": served}


def _resources(group: str, version: str) -> Manifest | None:
    served = [each for each in RESOURCES if (each.group, each.version) == (group, version)]
    if not served:
        return None
    return {
        "kind": "APIResourceList",
        "apiVersion": "v1",
        "groupVersion": served[0].api_version,
        "resources": [entry for each in served for entry in _entries(each)],
    }


def _entries(resource: Resource) -> list[Manifest]:
    entry = {
        "name": resource.plural,
        "singularName": resource.kind.lower(),
        "namespaced": resource.namespaced,
        "kind": resource.kind,
        "shortNames": list(resource.short),
        "verbs": _VERBS,
    }
    parts = [
        {
            "name": f"{resource.plural}/{part}",
            "singularName": "",
            "namespaced": resource.namespaced,
            "kind": "Scale" if part == "scale" else resource.kind,
            "verbs": ["get", "patch", "update"],
        }
        for part in resource.subresources
    ]
    return [entry, *parts]
