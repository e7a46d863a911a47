"""`requirements.txt` and what pip-compile and `uv pip compile` write."""

from __future__ import annotations

import re
from collections.abc import Iterator

from clinigate.findings.model import Excluded
from clinigate.security.scanners.dependencies_package import PYPI, Lock, Package, normal_name

__all__ = ["read_requirements"]

_PINNED = re.compile(
    r"(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[[^\]]*\])?\s*===?\s*(?P<version>[^\s;,*]+)\s*(?:;.*)?"
)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_OPTION = re.compile(r"\s--(?:hash|config-settings|global-option)[=\s]\S+")
_COMMENT = re.compile(r"(?:^|\s)#.*$")
_INCLUDE = re.compile(r"(?:-r|--requirement)[=\s]*(?P<path>\S.*)")
_EDITABLE = re.compile(r"(?:-e|--editable)(?:[=\s]+|(?=[./]))")
_OWN = re.compile(r"\.{0,2}/|\.$|file:")
#: A file that somebody built: of another project, or at least of another day.
_ARCHIVE = re.compile(r"\S+\.(?:whl|zip|tar\.\w+|tgz)", re.IGNORECASE)
_ADDRESS = re.compile(r"@\s*\S+|[a-z+]://", re.IGNORECASE)


def read_requirements(uri: str, text: str) -> Lock:
    """Return the packages of a requirements file.

    A project's own folders (`-e .`, `./lib`) are no dependencies. What is not pinned by `==`, comes
    from an address or is a file that was built has no version that an advisory could speak of: it
    is excluded.
    """
    packages: list[Package] = []
    excluded: list[Excluded] = []
    includes: list[str] = []
    for line, requirement in _logical_lines(text):
        include = _INCLUDE.fullmatch(requirement)
        if include is not None and "://" in include["path"]:
            excluded.append(Excluded(f"{uri}:{line}", "it includes a file from an address"))
        elif include is not None:
            includes.append(include["path"].strip())
        elif _is_own(requirement):
            continue
        elif (pinned := _PINNED.fullmatch(requirement)) is not None:
            name = normal_name(PYPI, pinned["name"])
            packages.append(Package(PYPI, name, pinned["version"], uri, line))
        else:
            excluded.append(Excluded(f"{uri}:{line}", _why_not(requirement)))
    return Lock(tuple(packages), tuple(excluded), tuple(includes))


def _is_own(requirement: str) -> bool:
    """Whether it is a folder of the project itself, or no requirement but an option."""
    editable = _EDITABLE.match(requirement)
    wanted = requirement if editable is None else requirement[editable.end() :]
    if editable is None and requirement.startswith("-"):
        return True
    if _ADDRESS.search(wanted) or _ARCHIVE.match(wanted):
        return False
    return editable is not None or _OWN.match(wanted) is not None


def _logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield (first line's number, requirement without comments and hashes)."""
    begun = 0
    parts: list[str] = []
    for number, raw in enumerate(text.splitlines(), start=1):
        begun = begun or number
        continued = raw.rstrip().endswith("\\")
        part = _COMMENT.sub("", raw)
        parts.append(part.rstrip().removesuffix("\\"))
        if continued:
            continue
        if whole := _whole(parts):
            yield begun, whole
        begun, parts = 0, []
    if whole := _whole(parts):
        yield begun, whole


def _whole(parts: list[str]) -> str:
    return _OPTION.sub("", " ".join(parts)).strip()


def _why_not(requirement: str) -> str:
    # The line itself may hold an address with a password in it: only the name is shown.
    name = _NAME.match(requirement)
    what = "a requirement" if name is None else name.group()
    if _ARCHIVE.match(requirement):
        return "a file that was built, which no advisory speaks of"
    if _ADDRESS.search(requirement):
        return f"{what} comes from an address, which no advisory speaks of"
    return f"{what} is not pinned to one version (name==1.2.3)"
