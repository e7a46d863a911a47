"""What counts: tiers and thresholds by path, comments in the code, allow rules."""

from __future__ import annotations

from clinigate.phi.policy.allowing import allow_rules
from clinigate.phi.policy.levels import TIERS, Level, Policy, policy_from
from clinigate.phi.policy.remarks import comments_in

__all__ = ["TIERS", "Level", "Policy", "allow_rules", "comments_in", "policy_from"]
