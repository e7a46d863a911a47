"""The topology file: what a running local system is made of, as it says itself.

JSON, schema `clinigate.topology/1`, written whole at each change (draft and rename), so that every
reader sees one state. docs/chaos-local.md has its fields.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from clinigate.errors import ConfigError

__all__ = [
    "SCHEMA",
    "CertificateEntry",
    "DatabaseEntry",
    "EntryPoint",
    "LinkEntry",
    "ProcessEntry",
    "Request",
    "StorageEntry",
    "Topology",
    "read_topology",
    "shown_at",
]

SCHEMA = "clinigate.topology/1"


class _Part(BaseModel):
    # A system may say more of itself than the checks ask for.
    model_config = ConfigDict(frozen=True, extra="ignore")


class Request(_Part):
    """What a user asks at the entry, and which status codes answer it well."""

    method: str = "POST"
    path: str = "/v1/chat/completions"
    body: Any = {"messages": [{"role": "user", "content": "Good morning. I slept well."}]}
    good: tuple[int, ...] = (200,)


class EntryPoint(_Part):
    """Where users come in.

    `ca_file` holds the certificates to trust. A bearer token stands in `token_file`, private to its
    owner, or in the environment variable that `token_env` names. `request` is what the prober asks.
    """

    url: str
    ca_file: Path | None = None
    token_file: Path | None = None
    token_env: str | None = None
    request: Request = Request()


class _Labelled(_Part):
    name: str = Field(min_length=1)
    labels: Mapping[str, str] = {}


class ProcessEntry(_Labelled):
    """A process, named exactly by its pid and the ticks at which it started."""

    pid: int = Field(gt=1)
    start_ticks: int = Field(ge=0)
    url: str | None = None


class LinkEntry(_Labelled):
    """A connection between two parts.

    With `control` it goes through a chaos proxy; without, only a transparent one can be put in
    its way, which needs root.
    """

    upstream: str
    listen: str | None = None
    control: str | None = None


class StorageEntry(_Labelled):
    """A file or folder that must not fill up; `writers` are the names of who writes there."""

    path: Path
    writers: tuple[str, ...] = ()


class DatabaseEntry(_Labelled):
    """A database server; `pid` and `start_ticks` where it may be signalled."""

    dsn: str | None = None
    pid: int | None = None
    start_ticks: int | None = None


class CertificateEntry(_Labelled):
    """A server's certificate: `path` holds key and chain (PEM), `url` is where it is shown.

    Without a `url`, the certificate called `entry` is shown at the entry and every other one by all
    other processes that have a url. `variants` are files that could be served instead: `expired`
    and `expiring`; `issuer` holds key and certificate of the authority that clients trust, from
    which any other can be issued. A server that does not see by itself that its file has changed is
    named by `process`, and gets `reload_signal`.
    """

    path: Path
    variants: Mapping[str, Path] = {}
    issuer: Path | None = None
    url: str | None = None
    process: str | None = None
    reload_signal: str = "SIGHUP"


@dataclass(frozen=True, slots=True)
class Topology:
    """What one topology file said at one moment; `source` is the file."""

    source: Path
    name: str
    environment: str
    entry: EntryPoint
    processes: tuple[ProcessEntry, ...]
    links: tuple[LinkEntry, ...]
    storage: tuple[StorageEntry, ...]
    databases: tuple[DatabaseEntry, ...]
    certificates: tuple[CertificateEntry, ...]


class _File(_Part):
    name: str
    environment: str
    entry: EntryPoint
    processes: tuple[ProcessEntry, ...] = ()
    links: tuple[LinkEntry, ...] = ()
    storage: tuple[StorageEntry, ...] = ()
    databases: tuple[DatabaseEntry, ...] = ()
    certificates: tuple[CertificateEntry, ...] = ()


def shown_at(topology: Topology, part: CertificateEntry) -> tuple[str, ...]:
    """Return the urls of the servers that show a certificate."""
    if part.url is not None:
        return (part.url,)
    if part.name == "entry":
        return (topology.entry.url,)
    urls = (process.url for process in topology.processes)
    return tuple(url for url in urls if url is not None and url != topology.entry.url)


def read_topology(path: Path) -> Topology:
    """Read a topology file.

    Raises:
        ConfigError: it is missing or says what cannot be meant; file and field are named.
    """
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(
            f"topology {path}: {error.strerror}; name the file of a system that runs"
        ) from error
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"topology {path}: no JSON: {error}") from error
    schema = said.get("schema") if isinstance(said, dict) else None
    if schema != SCHEMA:
        raise ConfigError(f"topology {path}: schema is {schema!r}, wanted {SCHEMA!r}")
    try:
        read = _File.model_validate(said)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        field = ".".join(str(part) for part in first["loc"])
        raise ConfigError(f"topology {path}: {field}: {first['msg']}") from None
    _refuse_doubles(path, read)
    return Topology(
        source=path,
        name=read.name,
        environment=read.environment,
        entry=read.entry,
        processes=read.processes,
        links=read.links,
        storage=read.storage,
        databases=read.databases,
        certificates=read.certificates,
    )


def _refuse_doubles(path: Path, read: _File) -> None:
    for kind in ("processes", "links", "storage", "databases", "certificates"):
        names = [part.name for part in getattr(read, kind)]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ConfigError(f"topology {path}: {kind}: two are named {twice[0]!r}")
