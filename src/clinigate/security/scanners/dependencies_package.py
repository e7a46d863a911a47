"""A package at one version, as a lock file names it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote

from clinigate.findings.model import Excluded

__all__ = ["NPM", "PYPI", "Lock", "Package", "normal_name"]

#: Ecosystems, as OSV names them.
PYPI = "PyPI"
NPM = "npm"

_PURL_TYPE = {PYPI: "pypi", NPM: "npm"}


@dataclass(frozen=True, slots=True)
class Package:
    """One package.

    Attributes:
        ecosystem: `PyPI` or `npm`.
        name: normalised as its ecosystem does.
        version: as it stands in the lock file.
        uri, line: where it stands.
    """

    ecosystem: str
    name: str
    version: str
    uri: str
    line: int | None = None

    @property
    def purl(self) -> str:
        """Its package URL, as `pkg:pypi/jinja2@2.4`."""
        return f"{self.purl_of_any_version}@{quote(self.version, safe='.+-!')}"

    @property
    def purl_of_any_version(self) -> str:
        """The package URL without a version: the same package after an update."""
        return f"pkg:{_PURL_TYPE[self.ecosystem]}/{quote(self.name, safe='/')}"


@dataclass(frozen=True, slots=True)
class Lock:
    """What a lock file says.

    Attributes:
        packages: what it pins.
        excluded: what it asks for without saying which version.
        includes: further files that it names, relative to its own folder.
    """

    packages: tuple[Package, ...]
    excluded: tuple[Excluded, ...] = ()
    includes: tuple[str, ...] = ()


def normal_name(ecosystem: str, name: str) -> str:
    """Return the name by which an ecosystem knows a package (PEP 503 for PyPI)."""
    if ecosystem == PYPI:
        return re.sub(r"[-_.]+", "-", name).lower()
    return name
