"""Topics that have no rules of ours: drift, and the policies that users bring."""

from __future__ import annotations

from clinigate.platform.rule import topic

__all__ = ["DRIFT", "POLICIES"]

DRIFT = topic(
    "platform.drift",
    title="What runs is what the files say",
    controls=("CC7.1", "CC8.1", "11.10(k)"),
)
POLICIES = topic(
    "platform.policies",
    title="The team's own policies find nothing",
    controls=("CC7.1",),
)
