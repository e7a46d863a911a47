"""Manifests from files, folders, patterns and the standard input.

What cannot be judged is never left out in silence. It is *excluded* where it may hold a manifest
(no YAML, a template, something malformed): no topic passes then. It is *no manifest* where it says
itself that it is something else, as a workflow or a chart's values: listed, and nothing more.
"""

from __future__ import annotations

import os
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePath, PurePosixPath

from clinigate.findings.globs import matches
from clinigate.findings.model import Excluded
from clinigate.findings.tree import walk
from clinigate.platform.documents import Document, DocumentError, read_documents
from clinigate.platform.flatten import KUSTOMIZATIONS, PatchPaths, Sorted, sort_document
from clinigate.platform.resource import Resource

__all__ = ["STDIN", "Loaded", "Text", "find_files", "load", "read_texts", "uri_of"]

#: How findings name what came by the standard input.
STDIN = "stdin"
#: A rendered chart of a large platform has a few MiB.
MAX_BYTES = 32 * 1024 * 1024

_ENDINGS = (".yaml", ".yml", ".json")
_MAGIC = re.compile(r"[*?]")
#: Without one of these words a text is no manifest, whatever else it is; the last is Kong's.
_SIGNS = re.compile(r"\b(?:kind|apiVersion|_format_version)\b")
_JSON_SIGNS = (b'"apiVersion"', b'"_format_version"')
_HELM = re.compile(r"\{\{[^{}]*\.(?:Values|Release|Chart|Capabilities|Files)\b")
_SOURCE = "# Source: "
_RENDER = (
    "is a template that Helm renders; judge what it renders: "
    "helm template CHART | clinigate platform scan -"
)


@dataclass(frozen=True, slots=True)
class Text:
    """One file.

    Attributes:
        uri: as findings name it.
        data: its bytes; None where it could not be read, and `trouble` says why.
        named: whether somebody named it: then it must be manifests. What a folder holds may be
            something else.
    """

    uri: str
    data: bytes | None
    named: bool
    trouble: str = ""


@dataclass(slots=True)
class Loaded:
    """All that was read.

    Attributes:
        resources: in the order they were read.
        texts: by uri, the text of each file that held one; for comments that accept.
        files: files that were read as manifests.
        excluded: what could not be read.
        others: what is no manifest.
    """

    resources: list[Resource] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)
    excluded: list[Excluded] = field(default_factory=list)
    others: list[Excluded] = field(default_factory=list)


def read_texts(
    base: Path, paths: Sequence[str], *, exclude: Sequence[str] = (), stdin: bytes | None = None
) -> Iterator[Text]:
    """Yield the files at, below and matched by `paths`, each once.

    Args:
        base: what paths and patterns are read against.
        paths: files, folders, patterns (`deploy/**/*.yaml`), and `-` for the standard input.
        exclude: patterns of paths that are left alone, unless named as a file.
        stdin: what came by the standard input, where `-` is among the paths.

    Raises:
        UsageError: a file or folder that does not exist.
    """
    if "-" in paths:
        yield Text(STDIN, stdin or b"", named=True)
    for uri, (path, named) in find_files(base, paths, exclude=exclude).items():
        yield _read(path, uri, named=named)


def find_files(
    base: Path, paths: Sequence[str], *, exclude: Sequence[str] = ()
) -> dict[str, tuple[Path, bool]]:
    """Return the files that `read_texts` would read, by uri, and whether somebody named each."""
    found: dict[str, tuple[Path, bool]] = {}
    for given in paths:
        if given == "-":
            continue
        named = (base / given).is_file()
        for path in _files(base, given, () if named else exclude):
            found.setdefault(uri_of(path, base), (path, named))
    return found


def _files(base: Path, given: str, exclude: Sequence[str]) -> Iterator[Path]:
    if not _MAGIC.search(given) or (base / given).exists():
        found = walk(base, [given], exclude=exclude)
        yield from found if (base / given).is_file() else _of_ours(found)
        return
    given = uri_of(given, base)
    top = _still_part(given)
    if (base / top).is_dir():
        for path in _of_ours(walk(base, [top], exclude=exclude)):
            if matches(given, uri_of(path, base)):
                yield path


def uri_of(path: Path | str, base: Path) -> str:
    """How findings name a file: relative to `base`, also where it lies outside (`../x.yaml`).

    Evidence says nothing of the machine on which it came about.
    """
    return PurePath(os.path.relpath(base / path, base)).as_posix()


def _of_ours(paths: Iterable[Path]) -> Iterator[Path]:
    return (path for path in paths if path.suffix.lower() in _ENDINGS)


def _still_part(pattern: str) -> str:
    """The folder above the first part that has a wildcard."""
    parts = PurePosixPath(pattern).parts
    first = next(i for i, part in enumerate(parts) if _MAGIC.search(part))
    return str(PurePosixPath(*parts[:first]))


def _read(path: Path, uri: str, *, named: bool) -> Text:
    try:
        if path.stat().st_size > MAX_BYTES:
            return Text(uri, None, named, f"has more than {MAX_BYTES // 2**20} MiB")
        return Text(uri, path.read_bytes(), named)
    except OSError as error:
        return Text(uri, None, named, f"cannot be read ({error.strerror})")


def load(texts: Iterable[Text], *, namespace: str = "") -> Loaded:
    """Read manifests.

    Args:
        texts: the files.
        namespace: of manifests that state none.
    """
    loaded, patches = Loaded(), PatchPaths()
    for text in texts:
        _load_one(text, loaded, patches, namespace)
    if patches:
        _leave_patches_out(loaded, patches)
    return loaded


def _load_one(text: Text, loaded: Loaded, patches: PatchPaths, namespace: str) -> None:
    try:
        plain = _plain_text(text)
        if plain is None:
            return
        if not (_SIGNS.search(plain) or text.named or text.uri.endswith(KUSTOMIZATIONS)):
            _no_manifest(text, loaded)
            return
        documents = list(_documents(plain))
    except DocumentError as error:
        at = f"{text.uri}:{error.line}" if error.line else text.uri
        loaded.excluded.append(Excluded(at, error.reason))
        return
    sorted_ = Sorted()
    for document in documents:
        sort_document(document, text.uri, namespace, sorted_)
    patches.add(text.uri, sorted_.patched)
    loaded.excluded += sorted_.excluded
    if sorted_.resources:
        loaded.resources += _with_origin(sorted_.resources, plain)
        loaded.texts[text.uri] = plain
        loaded.files.append(text.uri)
        loaded.others += sorted_.others
    elif not sorted_.excluded:
        _no_manifest(text, loaded)


def _with_origin(resources: list[Resource], plain: str) -> list[Resource]:
    """Helm writes above each document which template it rendered."""
    if _SOURCE not in plain:
        return resources
    lines, origins = [], []
    for number, line in enumerate(plain.split("\n"), start=1):
        if line.startswith(_SOURCE):
            lines.append(number)
            origins.append(line.removeprefix(_SOURCE).strip())
    made = []
    for each in resources:
        before = bisect_right(lines, each.document.line if each.document else 0)
        made.append(replace(each, origin=origins[before - 1]) if before else each)
    return made


def _no_manifest(text: Text, loaded: Loaded) -> None:
    if text.uri == STDIN:
        reason = "held no manifest; did the command before the pipe fail?"
        loaded.excluded.append(Excluded(STDIN, reason))
    elif text.named:
        loaded.excluded.append(Excluded(text.uri, "holds no manifest (apiVersion, kind)"))
    elif not text.uri.endswith(".json"):
        loaded.others.append(Excluded(text.uri, "is no manifest"))


def _plain_text(text: Text) -> str | None:
    """The text; None for JSON that nobody named and that is no manifest."""
    if text.data is None:
        raise DocumentError(text.trouble, 0)
    if len(text.data) > MAX_BYTES:
        raise DocumentError(f"has more than {MAX_BYTES // 2**20} MiB", 0)
    unsigned = not any(sign in text.data for sign in _JSON_SIGNS)
    if text.uri.endswith(".json") and not text.named and unsigned:
        return None
    try:
        return text.data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise DocumentError("is not UTF-8 text", 0) from None


def _documents(plain: str) -> Iterator[Document]:
    helm = _HELM.search(plain) if "{{" in plain else None
    if helm is not None:
        raise DocumentError(_RENDER, plain.count("\n", 0, helm.start()) + 1)
    try:
        yield from read_documents(plain)
    except DocumentError as error:
        lines = plain.split("\n")[: error.line + 1]
        if any("{{" in line for line in lines):
            raise DocumentError(_RENDER, error.line) from None
        raise


def _leave_patches_out(loaded: Loaded, patches: PatchPaths) -> None:
    """A patch is a part of a manifest; what it becomes, only Kustomize knows."""
    parts = [each for each in loaded.resources if each.uri in patches]
    for uri in dict.fromkeys(each.uri for each in parts):
        loaded.others.append(Excluded(uri, "is a patch that Kustomize applies"))
        loaded.files.remove(uri)
    loaded.resources = [each for each in loaded.resources if each.uri not in patches]
