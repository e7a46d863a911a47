"""Resolve a selector once, freeze what it gave, and hash it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from datetime import datetime

from clinigate.chaos.drivers.base import Driver, Victim
from clinigate.chaos.model import Experiment, TargetSpec
from clinigate.core.canonical import canonical_bytes, parse_json, sha256_hex
from clinigate.core.codec import to_plain

__all__ = [
    "choose",
    "experiment_digest",
    "group_members",
    "over_cap",
    "targets_digest",
    "too_few_survivors",
]


def choose(spec: TargetSpec, found: tuple[Victim, ...]) -> tuple[Victim, ...]:
    """The victims among what a selector gave: the first `max_count`, in the driver's order."""
    return found[: spec.max_count]


def targets_digest(victims: tuple[Victim, ...]) -> str:
    """`sha256:…` of exactly these things, by their uids, in whatever order they came."""
    plain = sorted([v.id, v.uid, v.group] for v in victims)
    return f"sha256:{sha256_hex(canonical_bytes(plain))}"


def experiment_digest(experiment: Experiment) -> str:
    """`sha256:…` of all that an experiment states; its file's name does not count."""
    text = json.dumps(to_plain(experiment), default=datetime.isoformat)
    plain = parse_json(text)
    del plain["source"]
    return f"sha256:{sha256_hex(canonical_bytes(plain))}"


def over_cap(
    victims: tuple[Victim, ...],
    groups: Mapping[str, tuple[Victim, ...]],
    *,
    most: int,
    share: float,
) -> str | None:
    """Why these victims are too many; None when they are not.

    Args:
        victims: who was chosen.
        groups: the living members of each victim's group.
        most: greatest number.
        share: greatest share of each group.
    """
    if len(victims) > most:
        return f"{len(victims)} targets, at most {most} are allowed"
    for group, count in Counter(victim.group for victim in victims).items():
        members = len(groups[group])
        if count > share * members:
            return (
                f"{count} of {members} in group {group!r} are {count / max(members, 1):.0%}, "
                f"at most {share:.0%} are allowed"
            )
    return None


def too_few_survivors(
    victims: tuple[Victim, ...], groups: Mapping[str, tuple[Victim, ...]], least: int
) -> str | None:
    """Why too few of a group are left; None when enough are."""
    hit = {victim.uid for victim in victims}
    for group in sorted({victim.group for victim in victims}):
        left = sum(member.uid not in hit for member in groups[group])
        if left < least:
            return f"{left} of group {group!r} would be left, at least {least} must be"
    return None


def group_members(driver: Driver, victims: tuple[Victim, ...]) -> dict[str, tuple[Victim, ...]]:
    """The living members of each victim's group."""
    return {group: driver.members(group) for group in sorted({v.group for v in victims})}
