"""The portal as files: every page, and every bundle as one zip, for an object store or a folder."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from clinigate.errors import ClinigateError, UsageError
from clinigate.evidence.bundle import export_zip, open_bundle
from clinigate.evidence.files import naming
from clinigate.portal.site import Site

__all__ = ["Exported", "export_site"]

#: Tells a folder that an earlier export made from one that holds something else.
_MARKER = "clinigate-portal.txt"
_MARKS = "Written by `clinigate serve --export`; the next export replaces all of this folder.\n"


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written: pages, bundles, and the runs whose bundle could not be."""

    pages: int
    bundles: int
    left_out: tuple[str, ...]


def export_site(site: Site, folder: Path, *, bundles: bool = True) -> Exported:
    """Write the portal into a folder, all of it or nothing.

    Args:
        site: the pages, made to be exported.
        folder: where to; it does not exist, is empty, or holds an earlier export.
        bundles: whether each sealed run's bundle is written too.

    Raises:
        UsageError: the folder holds something else.
        EvidenceError: the disk refuses; what was there before is still there.
        ClinigateError: a page cannot be made.
    """
    _check_replaceable(folder)
    scratch = folder.with_name(f".{folder.name}.{os.getpid()}-{os.urandom(4).hex()}.tmp")
    with naming(folder, "written"):
        scratch.mkdir(parents=True)
        try:
            done = _write(site, scratch, bundles=bundles)
            (scratch / _MARKER).write_text(_MARKS, encoding="utf-8")
            _swap(scratch, folder)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
    return done


def _check_replaceable(folder: Path) -> None:
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise UsageError(f"{folder}: is no folder; name one that an export may fill")
    if folder.is_dir() and any(folder.iterdir()) and not (folder / _MARKER).is_file():
        raise UsageError(
            f"{folder}: holds something else than an export, and would be replaced; "
            "name an empty folder"
        )


def _write(site: Site, folder: Path, *, bundles: bool) -> Exported:
    pages, written, left_out = 0, 0, []
    paths = tuple(site.paths())
    for path in paths:
        page = site.page(path)
        if page is None:
            continue
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(page.body)
        pages += 1
        if bundles and path.endswith("/report.html"):
            try:
                _write_bundle(site, target.parent)
                written += 1
            except ClinigateError as error:
                left_out.append(f"{target.parent.name}: {error}")
        elif bundles and path.endswith("/index.html") and _report_beside(path) not in paths:
            why = "not sealed, or not to be believed; its page says why"
            left_out.append(f"{target.parent.name}: no bundle: {why}")
    return Exported(pages, written, tuple(left_out))


def _report_beside(path: str) -> str:
    return path.replace("/index.html", "/report.html")


def _write_bundle(site: Site, target: Path) -> None:
    source = site.shelf.directory(target.name)
    if source is not None:
        export_zip(open_bundle(source), target / "bundle.zip")


def _swap(scratch: Path, folder: Path) -> None:
    """Put the new folder into the old one's place, and remove the old one last."""
    old = folder.with_name(f"{scratch.name}.old")
    if folder.exists():
        folder.rename(old)
    scratch.rename(folder)
    shutil.rmtree(old, ignore_errors=True)
