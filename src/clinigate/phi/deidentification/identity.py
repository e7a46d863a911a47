"""Which dataset it is, byte for byte: what somebody attests of one holds for no other."""

from __future__ import annotations

import hashlib
from pathlib import Path

from clinigate.errors import UsageError
from clinigate.findings.tree import relative_uri
from clinigate.phi.deidentification.tables import files_of

__all__ = ["dataset_digest"]


def dataset_digest(dataset: Path) -> str:
    """Return `sha256:…` of a file, or of the names and digests of a folder's files.

    Raises:
        UsageError: a file cannot be read; it is named.
    """
    if dataset.is_file():
        return f"sha256:{_digest(dataset)}"
    listed = (f"{_digest(each)}  {relative_uri(each, dataset)}\n" for each in files_of(dataset))
    whole = hashlib.sha256("".join(listed).encode("utf-8", "surrogateescape"))
    return f"sha256:{whole.hexdigest()}"


def _digest(file: Path) -> str:
    try:
        with file.open("rb") as data:
            return hashlib.file_digest(data, "sha256").hexdigest()
    except OSError as problem:
        raise UsageError(f"{file}: cannot be read ({problem.strerror})") from None
