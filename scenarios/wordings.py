"""Reading wordings: whole statements as people of different groups would write them.

A file `wordings/<attribute>.yaml` beside a counterfactual pack's cores holds one attribute. The
words of the core itself are those of the group `plain`; every other group has its own, by core.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from clinigate.errors import PackError
from clinigate.scenarios.origin import match, provenance_of, review_of, utterance
from clinigate.scenarios.pack import Kind, Pack, Rewording, Wording
from clinigate.scenarios.text import normalise
from clinigate.scenarios.yamlnode import Field, nearest, read_yaml

__all__ = ["WORDING_SCHEMA", "with_wordings"]

WORDING_SCHEMA = "clinigate.wording/1"

_KEYS = ("schema", "attribute", "plain", "groups", "provenance", "review", "statements")
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_GROUP = re.compile(r"[a-z0-9][a-z0-9 -]*", re.IGNORECASE)


def with_wordings(pack: Pack, folder: Path) -> Pack:
    """Return `pack` with the wordings in `folder`, by name; as it is where there is no folder.

    Raises:
        PackError: the pack is not counterfactual, a file breaks the format, names a core that the
            pack has not, lacks a group's words, or gives two groups the same.
    """
    if not folder.is_dir():
        return pack
    if pack.kind is not Kind.COUNTERFACTUAL:
        raise PackError(f"{folder}: a pack of kind {pack.kind} has no wordings; remove the folder")
    cores = {archetype.core_id(core): core.text for archetype, core in pack.cores()}
    wordings = tuple(_wording(path, cores) for path in _files(folder))
    taken = {attribute.name for attribute in pack.attributes}
    for wording in wordings:
        if wording.name in taken:
            raise PackError(
                f"{folder}: {wording.name!r} is an attribute of pack.yaml too; rename one"
            )
    return replace(pack, wordings=wordings)


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.suffix != ".yaml":
            raise PackError(f"{path}: no wording; name it <attribute>.yaml or move it elsewhere")
        yield path


def _wording(path: Path, cores: Mapping[str, str]) -> Wording:
    fields = read_yaml(path, shown=str(path)).mapping(_KEYS)
    fields["schema"].one_of((WORDING_SCHEMA,), "schema")
    name = match(fields["attribute"], _NAME, "lower-case letters, digits and _")
    if name != path.stem:
        fields["attribute"].fail(f"{name!r} stands in {path.name}; name the file {name}.yaml")
    plain = _group(fields["plain"])
    groups = tuple(_group(item) for item in fields["groups"].sequence())
    if len({plain, *groups}) != len(groups) + 1:
        fields["groups"].fail("a group stands twice; 'plain' is one of its own")
    return Wording(
        name=name,
        groups=(plain, *groups),
        provenance=provenance_of(fields["provenance"]),
        review=review_of(fields["review"]),
        rewordings=tuple(_rewordings(fields["statements"], groups, cores)),
    )


def _group(field: Field) -> str:
    return match(field, _GROUP, "letters, digits, spaces and -")


def _rewordings(
    field: Field, groups: tuple[str, ...], cores: Mapping[str, str]
) -> Iterator[Rewording]:
    empty = True
    for core, item in field.pairs():
        if core not in cores:
            item.fail(f"the pack has no core {core!r}{nearest(core, cores)}")
        said = item.mapping(groups)
        texts = (cores[core], *(utterance(said[group]) for group in groups))
        if len({normalise(text) for text in texts}) != len(texts):
            item.fail("two groups have the same words (the core's own count); word them apart")
        empty = False
        yield Rewording(core, texts)
    if empty:
        field.fail("no statement; word one for every group")
