"""Installation qualification: is what is installed what was shipped, and is all there?"""

from __future__ import annotations

import base64
import hashlib
import platform
import sys
from collections.abc import Iterator, Set
from importlib.machinery import all_suffixes
from importlib.metadata import Distribution, PackageNotFoundError, distribution, version
from pathlib import Path

from packaging.requirements import Requirement

from clinigate.controls import Requirement as Demand
from clinigate.controls import load_catalogue
from clinigate.core.check import REGISTRY
from clinigate.errors import ClinigateError
from clinigate.quality.validation.tries import Tries

__all__ = ["about_machine", "look_at_installation"]

_NAME = "clinigate"
_CHUNK = 1 << 20

#: 45 CFR Part 164 Subpart C Appendix A: implementation specifications, Required and Addressable.
_REQUIRED, _ADDRESSABLE = 20, 22
_APPENDIX = ("164.308", "164.310", "164.312")


def look_at_installation(tries: Tries) -> None:
    """Compare every installed file with the wheel's record, then what it needs and brings."""
    installed = distribution(_NAME)
    _compare_files(tries, installed)
    for needed in _requirements(installed):
        tries.expect(*_is_there(needed))
    _load_catalogues(tries)
    try:
        REGISTRY.load_entry_points()
        loaded, why = True, ""
    except ClinigateError as error:
        loaded, why = False, str(error)
    tries.expect(loaded, "entry points", f"a check does not load: {why}")


def about_machine() -> str:
    """Return what the qualification holds for: a record is worth nothing on another machine."""
    return (
        f"clinigate {version(_NAME)}, Python {platform.python_version()}, "
        f"{platform.system()} {platform.machine()}, {sys.implementation.name}"
    )


def _compare_files(tries: Tries, installed: Distribution) -> None:
    recorded = [each for each in installed.files or () if each.hash is not None]
    own = [each for each in recorded if each.parts[0] == _NAME]
    if not own:
        tries.cannot(
            "the files: this is an editable installation, whose files are those of a checkout; "
            "install the wheel to qualify it"
        )
        return
    for each in own:
        assert each.hash is not None
        found = _digest(Path(str(each.locate())), each.hash.mode)
        message = "it is missing" if found is None else "it is not the file that was shipped"
        tries.expect(found == each.hash.value, each.as_posix(), message)
    shipped = {Path(str(each.locate())).resolve() for each in own}
    foreign = sorted(_code_beside(shipped) - shipped)
    for path in foreign:
        tries.expect(False, f"{path.parent.name}/{path.name}", "it was not shipped, and would run")
    tries.expect(not foreign, "no other code", f"{len(foreign)} files of code were put there later")


def _code_beside(shipped: Set[Path]) -> set[Path]:
    """Files of code in the folders of those that were shipped: one may come before another."""
    folders = {path.parent for path in shipped}
    suffixes = tuple(all_suffixes())
    return {
        path.resolve()
        for folder in folders
        if folder.is_dir()
        for path in folder.iterdir()
        if path.name.endswith(suffixes)
    }


def _digest(path: Path, algorithm: str) -> str | None:
    """The digest as a wheel's RECORD writes it: URL-safe base64 without padding (PEP 376)."""
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, algorithm).digest()
    except OSError:
        return None
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")


def _requirements(installed: Distribution) -> Iterator[Requirement]:
    for text in installed.requires or ():
        needed = Requirement(text)
        if needed.marker is None or needed.marker.evaluate({"extra": ""}):
            yield needed


def _is_there(needed: Requirement) -> tuple[bool, str, str]:
    try:
        found = version(needed.name)
    except PackageNotFoundError:
        return False, needed.name, f"it is not installed, and {needed} is needed"
    fits = needed.specifier.contains(found, prereleases=True)
    return fits, needed.name, f"{found} is installed, and {needed} is needed"


def _load_catalogues(tries: Tries) -> None:
    security = load_catalogue().of("hipaa-security")
    specified = [each for each in security if each.id.startswith(_APPENDIX)]
    for demand, wanted in ((Demand.REQUIRED, _REQUIRED), (Demand.ADDRESSABLE, _ADDRESSABLE)):
        found = sum(each.requirement is demand for each in specified)
        tries.expect(
            found == wanted,
            "catalogue hipaa-security",
            f"{found} specifications are {demand}, and Appendix A has {wanted}",
        )
