"""Reading who speaks in a counterfactual pack: carriers, attributes, and their intersections."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from clinigate.scenarios.pack import Attribute, Group, Kind
from clinigate.scenarios.yamlnode import Field, nearest

__all__ = ["SPEAKER_KEYS", "speakers"]

SPEAKER_KEYS = ("carriers", "attributes", "intersections")
"""Keys of a pack that a counterfactual one alone has; it need not have intersections."""

_CROSS = " x "
_AND = ", "


def speakers(
    root: Field, fields: Mapping[str, Field], kind: Kind
) -> tuple[tuple[str, ...], tuple[Attribute, ...]]:
    """Return the carriers and the attributes, single ones first and then intersections.

    Raises:
        PackError: a counterfactual pack lacks either, another has them, or they break the format.
    """
    if kind is not Kind.COUNTERFACTUAL:
        for key in SPEAKER_KEYS:
            if key in fields:
                fields[key].fail(f"a pack of kind {kind} has no {key}; remove the key")
        return (), ()
    for key in ("carriers", "attributes"):
        if key not in fields:
            root.fail(f"key {key!r} is missing; a pack of kind {kind} needs it")
    carriers = tuple(_carrier(item) for item in fields["carriers"].sequence())
    single = tuple(_attribute(*pair) for pair in fields["attributes"].pairs())
    if not single:
        fields["attributes"].fail("no attribute; add one with its groups")
    crossed = _intersections(fields["intersections"], single) if "intersections" in fields else ()
    return carriers, (*single, *crossed)


def _carrier(field: Field) -> str:
    text = field.text()
    if sorted(re.findall(r"[{].*?[}]|[{}]", text)) != ["{marker}", "{statement}"]:
        field.fail("a carrier holds {marker} and {statement} once each, and no other brace")
    return text


def _attribute(name: str, field: Field) -> Attribute:
    if _CROSS in name:
        field.fail(
            f"{name!r} reads as an intersection of two attributes; name it without {_CROSS!r}"
        )
    groups = tuple(_group(group, markers) for group, markers in field.pairs())
    return _comparable(field, Attribute(name, groups, (name,)))


def _group(name: str, markers: Field) -> Group:
    if _AND in name:  # of two attributes, "a, b" with "c" would be one group with "a" and "b, c"
        markers.fail(f"{name!r} reads as a group of two attributes; name it without {_AND!r}")
    return Group(name, _markers(markers), (name,))


def _intersections(field: Field, single: tuple[Attribute, ...]) -> tuple[Attribute, ...]:
    known = {attribute.name: attribute for attribute in single}
    found: dict[str, Attribute] = {}
    for item in field.sequence():
        fields = item.mapping(("of", "groups"))
        names = fields["of"].words_of(known, "attribute")
        if len(names) != 2:
            fields["of"].fail(f"an intersection crosses two attributes, got {len(names)}")
        first, second = (known[name] for name in names)
        groups = tuple(_crossed(fields["groups"], first, second))
        crossed = _comparable(fields["groups"], Attribute(_CROSS.join(names), groups, names))
        if crossed.name in found:
            item.fail(f"the intersection {crossed.name!r} stands twice; keep one")
        found[crossed.name] = crossed
    return tuple(found.values())


def _crossed(field: Field, first: Attribute, second: Attribute) -> Iterator[Group]:
    """Yield a group for every pair; each group of the first meets the same ones of the second."""
    inner: tuple[str, ...] | None = None
    for outer_name, outer in field.pairs():
        _refuse_unknown(outer, outer_name, first)
        row = dict(outer.pairs())
        for name, markers in row.items():
            _refuse_unknown(markers, name, second)
            parts = (outer_name, name)
            yield Group(_AND.join(parts), _markers(markers), parts)
        inner = tuple(row) if inner is None else inner
        if set(row) != set(inner):
            outer.fail(f"its groups are {', '.join(row)}; the first row has {', '.join(inner)}")


def _refuse_unknown(field: Field, name: str, attribute: Attribute) -> None:
    known = [group.name for group in attribute.groups]
    if name not in known:
        field.fail(f"{attribute.name} has no group {name!r}{nearest(name, known)}")


def _markers(field: Field) -> tuple[str, ...]:
    return tuple(item.text() for item in field.sequence())


def _comparable(field: Field, attribute: Attribute) -> Attribute:
    """Return `attribute`, once its groups can be told apart and have their counterparts."""
    groups = attribute.groups
    if len(groups) < 2:
        field.fail("an attribute needs at least two groups to compare")
    if len({len(group.markers) for group in groups}) != 1:
        field.fail("its groups need equally many markers, as each has its counterpart")
    markers = [marker for group in groups for marker in group.markers]
    # Case and spaces tell nobody apart; an emoji's skin tone may.
    if len({" ".join(marker.casefold().split()) for marker in markers}) != len(markers):
        field.fail("a marker stands twice, so that two groups could not be told apart")
    return attribute
