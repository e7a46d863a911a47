"""One manifest, and safe ways into it.

A manifest is whatever people wrote: a field may be absent, null, or of another kind than the API
wants. What is absent or null can be walked on and is None in the end, as Kubernetes has it; what is
of a wrong kind raises `ManifestShapeError`, and its resource counts as one that could not be
judged: never as a good one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from clinigate.core.flaw import Place
from clinigate.errors import UsageError
from clinigate.platform.documents import Document

__all__ = ["Field", "ManifestShapeError", "Path", "Resource", "namespace_unit"]

Path = tuple[str | int, ...]


def namespace_unit(namespace: str) -> str:
    """As findings name a namespace; an empty one is left to whoever applies the manifests."""
    return f"namespace {namespace}" if namespace else "namespace (none stated)"


class ManifestShapeError(UsageError):
    """A field of a manifest is of another kind than the API wants; the message says where."""


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource of a file, of the standard input or of a live cluster.

    Attributes:
        api_version, kind, name: as stated. A `generateName` counts as a name.
        namespace: as stated, else the scan's own namespace, else empty: also of what has none.
        body: the manifest as plain JSON.
        uri: where it is from: a path, `stdin`, or `k8s://NAMESPACE/KIND/NAME`.
        document: lines; None for what has none.
        prefix: path of this resource in its document, as `("items", 3)` within a List.
        origin: the template that it was rendered from, where the renderer says so.
    """

    api_version: str
    kind: str
    name: str
    namespace: str
    body: Mapping[str, Any] = field(repr=False)
    uri: str
    document: Document | None = field(default=None, repr=False)
    prefix: Path = ()
    origin: str = ""

    @property
    def group(self) -> str:
        """API group; empty for the core's."""
        group, slash, _ = self.api_version.rpartition("/")
        return group if slash else ""

    @property
    def group_kind(self) -> str:
        """As rules name kinds: `apps/Deployment`, `Namespace`, `kafka.strimzi.io/Kafka`."""
        return f"{self.group}/{self.kind}" if self.group else self.kind

    @property
    def label(self) -> str:
        """As findings name it: `Deployment clinic/chat`."""
        name = f"{self.namespace}/{self.name}" if self.namespace else self.name
        return f"{self.kind} {name}"

    @property
    def root(self) -> Field:
        """The whole manifest."""
        return Field(self, (), self.body)

    def __getitem__(self, key: str) -> Field:
        return self.root[key]

    @property
    def labels(self) -> dict[str, str]:
        """`metadata.labels`."""
        return self["metadata"]["labels"].texts

    @property
    def annotations(self) -> dict[str, str]:
        """`metadata.annotations`."""
        return self["metadata"]["annotations"].texts

    def place(self, path: Path = ()) -> Place:
        """Where a field is; of an absent one the line of what would hold it."""
        symbol = f"{self.label} {self.dotted(path)}".rstrip()
        if self.document is None:
            return Place(self.uri, symbol=symbol)
        return Place(self.uri, line=self.document.line_of((*self.prefix, *path)), symbol=symbol)

    def dotted(self, path: Path) -> str:
        """A path for readers; list items by their name, which stays when others come and go."""
        shown, value = "", self.body
        for step in path:
            value = _child(value, step)
            if isinstance(step, str):
                shown += f".{step}" if shown else step
                continue
            named = _child(value, "name")
            shown += f"[{named if isinstance(named, str) else step}]"
        return shown


def _child(value: Any, step: str | int) -> Any:
    try:
        return value[step]
    except (KeyError, IndexError, TypeError):
        return None


@dataclass(frozen=True, slots=True)
class Field:
    """A value at a path of a manifest; None where nothing is stated there."""

    resource: Resource
    path: Path
    value: Any

    def __getitem__(self, key: str) -> Field:
        """A field of this mapping.

        Raises:
            ManifestShapeError: this is no mapping. So raise all below, each for its own kind.
        """
        value = None if self.value is None else self._of(dict, "a mapping").get(key)
        return Field(self.resource, (*self.path, key), value)

    def __iter__(self) -> Iterator[Field]:
        """The items of this list; of an absent one none."""
        if self.value is not None:
            for index, item in enumerate(self._of(list, "a list")):
                yield Field(self.resource, (*self.path, index), item)

    @property
    def entries(self) -> Iterator[tuple[str, Field]]:
        """Keys and fields of this mapping; of an absent one none."""
        if self.value is not None:
            for key, value in self._of(dict, "a mapping").items():
                yield key, Field(self.resource, (*self.path, key), value)

    @property
    def exists(self) -> bool:
        """Whether something is stated here; an empty mapping or list is something."""
        return self.value is not None

    @property
    def text(self) -> str | None:
        """A text."""
        return None if self.value is None else str(self._of(str, "a text"))

    @property
    def flag(self) -> bool | None:
        """True or false."""
        return None if self.value is None else bool(self._of(bool, "true or false"))

    @property
    def integer(self) -> int | None:
        """A whole number."""
        if isinstance(self.value, bool):
            raise self._wrong("a whole number")
        return None if self.value is None else int(self._of(int, "a whole number"))

    @property
    def scalar(self) -> str | int | float | None:
        """A text or number, as quantities, ports and percentages are written."""
        if isinstance(self.value, bool) or not isinstance(self.value, str | int | float | None):
            raise self._wrong("a text or a number")
        return self.value

    @property
    def texts(self) -> dict[str, str]:
        """A mapping of texts, as labels are; of an absent one empty."""
        return {key: each.text or "" for key, each in self.entries}

    @property
    def list_of_texts(self) -> list[str]:
        """A list of texts; of an absent one empty."""
        return [each.text or "" for each in self]

    @property
    def place(self) -> Place:
        """Where it is."""
        return self.resource.place(self.path)

    def _of(self, wanted: type, words: str) -> Any:
        if not isinstance(self.value, wanted):
            raise self._wrong(words)
        return self.value

    def _wrong(self, words: str) -> ManifestShapeError:
        found = _WORDS.get(type(self.value), "something else")
        return ManifestShapeError(f"{self.place}: {words} is wanted, found {found}")


_WORDS = {
    str: "text",
    bool: "true or false",
    int: "a number",
    float: "a number",
    list: "a list",
    dict: "a mapping",
}
