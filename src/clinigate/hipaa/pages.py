"""Attestations as pages: Markdown that begins with a table in YAML, or YAML alone.

    ---
    control: 164.308(a)(5)(i)
    kind: training
    statement: Everybody with access passed this year's training.
    attested_by: {name: Ann Example, role: privacy officer}
    date: 2026-11-01
    valid_until: 2027-10-31
    document: roster-2026.csv
    sha256: …
    ---
    What was taught, by whom, and who is still missing.

The whole page is what is signed.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from clinigate.config.validation import validate
from clinigate.core.canonical import sha256_hex
from clinigate.errors import ConfigError
from clinigate.hipaa.attested_words import Attestation

__all__ = ["pages_in"]

_LARGEST = 2**20
_ENDS = (".md", ".yaml", ".yml")
_FENCE = "---"


class _Once(yaml.SafeLoader):
    """Refuses a key that stands twice, of which the other loaders keep the last."""


def _mapping(loader: _Once, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
    keys = [loader.construct_object(key, deep=True) for key, _ in node.value]
    twice = next((key for key in keys if keys.count(key) > 1), None)
    if twice is not None:
        raise yaml.YAMLError(f"the key {twice} stands twice")
    return loader.construct_mapping(node, deep)


_Once.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def pages_in(folder: Path) -> Iterator[tuple[Path, Attestation, str]]:
    """Yield each page of a folder, by name: where it is, what it says, the digest of its bytes.

    Raises:
        ConfigError: there is no such folder, or a page is malformed.
    """
    if not folder.is_dir():
        raise ConfigError(f"{folder}: there is no such folder of attestations")
    for path in sorted(folder.iterdir()):
        if path.suffix in _ENDS and path.is_file():
            content = path.read_bytes()
            yield path, _read(path, content), f"sha256:{sha256_hex(content)}"


def _read(path: Path, content: bytes) -> Attestation:
    if len(content) > _LARGEST:
        raise ConfigError(f"{path.name}: more than a mebibyte is no attestation")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        raise ConfigError(f"{path.name}: is not UTF-8 text") from None
    if path.suffix == ".md":
        text = _front(path, text)
    try:
        data = yaml.load(text, Loader=_Once)  # noqa: S506 - a safe loader
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise ConfigError(f"{path.name}: is not YAML: {str(error).splitlines()[0]}") from None
    return validate(Attestation, data, file=path.name, error=ConfigError)


def _front(path: Path, text: str) -> str:
    lines = text.splitlines()
    if not lines or lines[0].rstrip() != _FENCE:
        raise ConfigError(f"{path.name}: begin it with a table in YAML between two lines of ---")
    for number, line in enumerate(lines[1:], 1):
        if line.rstrip() == _FENCE:
            return "\n".join(lines[1:number])
    raise ConfigError(f"{path.name}: the table at its beginning has no end; close it with ---")
