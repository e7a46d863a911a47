"""The files that checkov is shown: those of the project that describe infrastructure, and no other.

They are copied into a folder of their own. So what is left out of the scan stays out, no
`.checkov.yaml` of the scanned tree can switch rules off, and hidden folders are seen too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path, PurePosixPath

from clinigate.findings.model import Excluded
from clinigate.security.scanners.checkov_manifests import NotShownError, resources_in
from clinigate.security.scanners.reading import is_text, shown_name

__all__ = ["Kind", "Shown", "is_shown", "looked_at", "show"]

#: Some editors write it; checkov takes what follows for no manifest.
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_SUFFIXES = (".tf", ".tf.json", ".tfvars", ".tfvars.json", ".yaml", ".yml", ".json")
#: checkov leaves out what is larger, without a word.
_LARGEST = 5_000_000
_IMAGE_FILE = re.compile(
    r"(?:dockerfile|containerfile)(?:[-_.].*)?|.*[-_.](?:dockerfile|containerfile)", re.IGNORECASE
)
_NO_IMAGE_FILE = (".containerignore", ".dockerignore", ".md", ".rst", ".txt")
#: Of these names checkov takes files for Dockerfiles; others are shown to it under such a one.
_KNOWN_TO_CHECKOV = re.compile(r"(?:.*\.)?dockerfile(?:\..*)?", re.IGNORECASE)
_CHART_FOLDERS = ("charts", "crds", "templates")
_CHART_FILE = re.compile(r"values[^/]*\.ya?ml|values\.schema\.json|Chart\.lock|\.helmignore")
#: Before a key: the beginning of its line, or what opens or continues a mapping in braces.
_BEFORE = rb"(?:^[ \t]*|\A\xef\xbb\xbf[ \t]*|[{,]\s*)"
_MANIFEST = re.compile(_BEFORE + rb"[\"']?apiVersion[\"']?\s*:", re.MULTILINE)
_KIND = re.compile(_BEFORE + rb"[\"']?kind[\"']?\s*:", re.MULTILINE)


class Kind(StrEnum):
    """What a file is to checkov."""

    TERRAFORM = "terraform"
    DOCKERFILE = "dockerfile"
    KUBERNETES = "kubernetes"
    CHART = "helm"
    #: Shown because others need it, as variables and a chart's templates.
    HELPER = "helper"


@dataclass(frozen=True, slots=True)
class Shown:
    """What lies in the folder.

    Attributes:
        units: by path in the folder: the path in the project, and what it is.
        resources: by path in the folder: what of a manifest must be spoken of.
        excluded: what nobody can look at.
    """

    units: Mapping[str, tuple[str, Kind]]
    resources: Mapping[str, frozenset[str]]
    excluded: tuple[Excluded, ...]


def show(files: Iterable[tuple[Path, str]], folder: Path, *, helm: bool) -> Shown:
    """Copy what checkov understands.

    Args:
        files: each file with its path in the project.
        folder: an empty one.
        helm: whether the program `helm` is there, without which charts are passed over.
    """
    every = list(files)
    taken = {uri.lstrip("/") for _, uri in every}
    charts = {_parent(uri) for _, uri in every if PurePosixPath(uri).name == "Chart.yaml"}
    units: dict[str, tuple[str, Kind]] = {}
    resources: dict[str, frozenset[str]] = {}
    excluded: list[Excluded] = []
    for path, uri in every:
        kind = _kind_of(path, uri, charts)
        if kind is None:
            continue
        if kind is Kind.CHART and not helm:
            excluded.append(Excluded(uri, "a Helm chart, and the program helm is not on PATH"))
            continue
        try:
            data = _read(path, uri)
            inside = _name_inside(uri, kind, taken)
            if kind is Kind.KUBERNETES:
                resources[inside] = resources_in(data)
        except NotShownError as error:
            excluded.append(Excluded(shown_name(uri), str(error)))
            continue
        copy = folder / inside
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(data)
        if kind is not Kind.HELPER:
            units[inside] = (uri, kind)
    return Shown(units, resources, tuple(excluded))


def is_shown(path: Path) -> bool:
    """Whether a file of this name may be one that checkov understands."""
    return path.name.endswith(_SUFFIXES) or _IMAGE_FILE.fullmatch(path.name) is not None


def _name_inside(uri: str, kind: Kind, taken: set[str]) -> str:
    name = uri.lstrip("/")
    if kind is not Kind.DOCKERFILE or _KNOWN_TO_CHECKOV.fullmatch(PurePosixPath(uri).name):
        return name
    inside = f"{name}.dockerfile"
    while inside in taken:
        inside = f"{inside}.dockerfile"
    return inside


def looked_at(
    shown: Shown, spoken_of: Mapping[str, frozenset[str]], unparsed: Iterable[str]
) -> tuple[list[str], list[Excluded]]:
    """Return which of the shown files a rule spoke of, and which were passed over in silence.

    A Terraform file with variables alone, and a manifest of a kind that no rule knows, are neither:
    checkov names what it cannot parse of the one, and we know that the other parses. Of manifests
    each resource must be spoken of that checkov has rules for.

    Args:
        shown: what was there.
        spoken_of: paths in the folder of which a rule spoke, with the resources in them.
        unparsed: paths in the folder that could not be parsed; they are reported elsewhere.
    """
    spoken = set(spoken_of)
    broken = set(unparsed)
    units: list[str] = []
    passed_over: list[Excluded] = []
    for inside, (uri, kind) in shown.units.items():
        silent = shown.resources.get(inside, frozenset()) - spoken_of.get(inside, frozenset())
        if silent and inside not in broken:
            names = ", ".join(sorted(silent)[:3])
            passed_over.append(Excluded(uri, f"checkov passed over {names} without a word"))
        elif _is_spoken_of(inside, kind, spoken):
            units.append(uri)
        elif inside not in broken and kind in (Kind.DOCKERFILE, Kind.CHART):
            passed_over.append(Excluded(uri, f"checkov passed over it: no {kind} in it parses"))
    return units, passed_over


def _is_spoken_of(inside: str, kind: Kind, spoken: set[str]) -> bool:
    if kind is Kind.CHART:
        folder = _parent(inside)
        return any(_below(uri, folder) for uri in spoken)
    return inside in spoken


def _kind_of(path: Path, uri: str, charts: set[str]) -> Kind | None:
    name = PurePosixPath(uri).name
    if name == "Chart.yaml":
        return Kind.CHART
    if any(_belongs_to(uri, chart) for chart in charts):
        return Kind.HELPER
    if name.endswith((".tf", ".tf.json")):
        return Kind.TERRAFORM
    if name.endswith((".tfvars", ".tfvars.json")):
        return Kind.HELPER
    if _IMAGE_FILE.fullmatch(name) and not name.endswith(_NO_IMAGE_FILE):
        return Kind.DOCKERFILE
    if name.endswith((".yaml", ".yml", ".json")) and _is_manifest(path):
        return Kind.KUBERNETES
    return None


def _belongs_to(uri: str, chart: str) -> bool:
    """Whether a file is a chart's own: at the top of a repository there are others beside it."""
    if not _below(uri, chart):
        return False
    inside = uri if chart == "." else uri[len(chart) + 1 :]
    folder, _, rest = inside.partition("/")
    return (bool(rest) and folder in _CHART_FOLDERS) or _CHART_FILE.fullmatch(inside) is not None


def _is_manifest(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            data = file.read(_LARGEST)
    except OSError:
        return True  # it may be one, and is named as one that cannot be read
    return _MANIFEST.search(data) is not None and _KIND.search(data) is not None


def _read(path: Path, uri: str) -> bytes:
    """Return a file's bytes.

    Raises:
        NotShownError: it cannot be read, or checkov could not.
    """
    if not is_text(uri):
        raise NotShownError("its name is no text")
    try:
        data = path.read_bytes()
    except OSError as error:
        raise NotShownError(f"cannot be read: {error.strerror}") from None
    if len(data) > _LARGEST:
        raise NotShownError(f"larger than the {_LARGEST:,} bytes that checkov reads")
    return data.removeprefix(_BYTE_ORDER_MARK)


def _parent(uri: str) -> str:
    return PurePosixPath(uri).parent.as_posix()


def _below(uri: str, folder: str) -> bool:
    return folder == "." or uri.startswith(f"{folder}/")
