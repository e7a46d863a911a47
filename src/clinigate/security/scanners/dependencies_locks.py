"""Lock files: which packages at which versions a project runs with."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Mapping
from pathlib import PurePosixPath
from typing import Any

from clinigate.findings.model import Excluded
from clinigate.findings.troubles import ScannerError
from clinigate.security.scanners.dependencies_package import (
    NPM,
    PYPI,
    Lock,
    Package,
    normal_name,
)
from clinigate.security.scanners.dependencies_requirements import read_requirements

__all__ = ["FOREIGN_LOCKS", "is_foreign_lock", "is_lock", "read_lock"]

_REQUIREMENTS = re.compile(r"(?:.*[-_.])?requirements(?:[-_.].*)?\.(?:txt|lock)")
_PYLOCK = re.compile(r"pylock(?:\.[^.]+)?\.toml")
#: Lock files of ecosystems that only trivy reads here.
FOREIGN_LOCKS = frozenset(
    (
        "Cargo.lock",
        "Gemfile.lock",
        "Package.resolved",
        "Podfile.lock",
        "bun.lock",
        "bun.lockb",
        "composer.lock",
        "conan.lock",
        "conda-lock.yml",
        "deno.lock",
        "go.sum",
        "gradle.lockfile",
        "mix.lock",
        "packages.lock.json",
        "pixi.lock",
        "pnpm-lock.yaml",
        "pubspec.lock",
        "yarn.lock",
    )
)
#: Sources of a package that are the project itself.
_OWN_SOURCES = frozenset(("directory", "editable", "virtual", "workspace"))
#: Sources whose packages advisories know nothing of, whatever they are called.
_OTHER_SOURCES = frozenset(("archive", "file", "git", "hg", "path", "url", "vcs"))


def is_lock(name: str) -> bool:
    """Whether a file of this name is a lock file that is read here."""
    return _reader(name) is not None


def is_foreign_lock(name: str) -> bool:
    """Whether a file of this name pins packages of an ecosystem that is not read here."""
    return name in FOREIGN_LOCKS


def read_lock(uri: str, data: bytes, *, as_requirements: bool = False) -> Lock:
    """Return what a lock file pins.

    Args:
        uri: the file, relative to what is scanned; its name says the format.
        data: its bytes.
        as_requirements: read it as a requirements file whatever its name, as one that another
            requirements file includes.

    Raises:
        ScannerError: it does not parse, or lacks what its format promises.
    """
    reader = read_requirements if as_requirements else _reader(PurePosixPath(uri).name)
    if reader is None:
        raise ScannerError(f"{uri} is no lock file that is known here")
    try:
        return reader(uri, data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise ScannerError(f"{uri} is not UTF-8 at byte {error.start}") from None
    except tomllib.TOMLDecodeError as error:
        raise ScannerError(f"{uri} is no TOML: {error}") from None
    except json.JSONDecodeError as error:
        raise ScannerError(f"{uri} is no JSON at line {error.lineno}: {error.msg}") from None
    except RecursionError:
        raise ScannerError(f"{uri} is nested too deep to be a lock file") from None


def _reader(name: str) -> Callable[[str, str], Lock] | None:
    if name in ("uv.lock", "poetry.lock", "pdm.lock"):
        return _read_package_tables
    if _PYLOCK.fullmatch(name):
        return _read_pylock
    if name == "Pipfile.lock":
        return _read_pipfile
    if name in ("package-lock.json", "npm-shrinkwrap.json"):
        return _read_npm
    return read_requirements if _REQUIREMENTS.fullmatch(name) else None


def _read_package_tables(uri: str, text: str) -> Lock:
    return _read_toml(uri, text, "package")


def _read_pylock(uri: str, text: str) -> Lock:
    return _read_toml(uri, text, "packages")


def _read_toml(uri: str, text: str, table: str) -> Lock:
    """Read the `[[package]]` tables of uv, poetry and pdm, or `[[packages]]` of PEP 751."""
    document = tomllib.loads(text)
    if not document:
        raise ScannerError(f"{uri} is empty; was it written to its end?")
    tables = document.get(table, [])
    lines = _lines_of(text, f"[[{table}]]")
    packages: list[Package] = []
    excluded: list[Excluded] = []
    for index, entry in enumerate(_tables(uri, tables)):
        line = lines[index] if index < len(lines) else None
        name, version = entry.get("name"), entry.get("version")
        if not isinstance(name, str):
            raise ScannerError(f"{uri}: [[{table}]] number {index + 1} has no name")
        if _is_own(entry):
            continue
        if _is_from_elsewhere(entry):
            reason = f"{name} comes from an address or a file, which no advisory speaks of"
            excluded.append(Excluded(f"{uri}:{line}", reason))
        elif isinstance(version, str):
            packages.append(Package(PYPI, normal_name(PYPI, name), version, uri, line))
        else:
            excluded.append(Excluded(f"{uri}:{line}", f"{name} has no version"))
    return Lock(tuple(packages), tuple(excluded))


def _is_own(entry: Mapping[str, Any]) -> bool:
    source = entry.get("source")
    if isinstance(source, dict):
        return bool(_OWN_SOURCES & source.keys()) or source.get("type") in _OWN_SOURCES
    return "directory" in entry


def _is_from_elsewhere(entry: Mapping[str, Any]) -> bool:
    source = entry.get("source")
    if isinstance(source, dict):
        return bool(_OTHER_SOURCES & source.keys()) or source.get("type") in _OTHER_SOURCES
    return bool(_OTHER_SOURCES & entry.keys())


def _read_pipfile(uri: str, text: str) -> Lock:
    document = _document(uri, text)
    packages: list[Package] = []
    excluded: list[Excluded] = []
    for group in ("default", "develop"):
        for name, entry in _object(uri, document.get(group, {})).items():
            version = _object(uri, entry).get("version")
            if isinstance(version, str) and version.startswith("=="):
                packages.append(Package(PYPI, normal_name(PYPI, name), version[2:], uri))
            else:
                excluded.append(Excluded(f"{uri}#{name}", f"{name} is not pinned to one version"))
    return Lock(tuple(packages), tuple(excluded))


def _read_npm(uri: str, text: str) -> Lock:
    """Read npm's lock file: `packages` by folder (versions 2 and 3), `dependencies` (version 1)."""
    document = _document(uri, text)
    version = document.get("lockfileVersion", 1)
    if version not in (1, 2, 3):
        raise ScannerError(f"{uri}: lockfileVersion is {version!r}; 1, 2 and 3 are known")
    if "packages" in document:
        found = _npm_folders(uri, _object(uri, document["packages"]))
    else:
        found = _npm_tree(uri, _object(uri, document.get("dependencies", {})))
    return Lock(
        tuple(package for package in found if isinstance(package, Package)),
        tuple(package for package in found if isinstance(package, Excluded)),
    )


def _npm_folders(uri: str, folders: Mapping[str, Any]) -> list[Package | Excluded]:
    found: list[Package | Excluded] = []
    for folder, entry in folders.items():
        fields = _object(uri, entry)
        # The root, workspaces and links to them are the project itself.
        if "node_modules/" not in folder or fields.get("link") is True:
            continue
        name = fields.get("name") or folder.rpartition("node_modules/")[2]
        found.append(_npm_package(uri, str(name), fields))
    return found


def _npm_tree(uri: str, dependencies: Mapping[str, Any]) -> list[Package | Excluded]:
    found: list[Package | Excluded] = []
    for name, entry in dependencies.items():
        fields = _object(uri, entry)
        found.append(_npm_package(uri, name, fields))
        found += _npm_tree(uri, _object(uri, fields.get("dependencies", {})))
    return found


def _npm_package(uri: str, name: str, fields: Mapping[str, Any]) -> Package | Excluded:
    version = fields.get("version")
    if not isinstance(version, str) or ":" in version or "/" in version:
        return Excluded(f"{uri}#{name}", f"{name} has no released version")
    if str(fields.get("resolved", "")).startswith(("git", "file:")):
        return Excluded(f"{uri}#{name}", f"{name} comes from an address or a file")
    return Package(NPM, name, version, uri)


def _tables(uri: str, found: Any) -> list[Mapping[str, Any]]:
    if not isinstance(found, list) or not all(isinstance(entry, dict) for entry in found):
        raise ScannerError(f"{uri}: its packages are no list of tables")
    return found


def _document(uri: str, text: str) -> Mapping[str, Any]:
    document = _object(uri, json.loads(text))
    if not document:
        raise ScannerError(f"{uri} is empty; was it written to its end?")
    return document


def _object(uri: str, found: Any) -> Mapping[str, Any]:
    if not isinstance(found, dict):
        raise ScannerError(f"{uri}: a JSON object was wanted, got {type(found).__name__}")
    return found


def _lines_of(text: str, heading: str) -> list[int]:
    return [
        number for number, line in enumerate(text.splitlines(), start=1) if line.strip() == heading
    ]
