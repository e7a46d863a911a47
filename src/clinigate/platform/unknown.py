"""Kinds that no rule judges: said, so that nobody takes silence for a good word."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from clinigate.core.flaw import Flaw, FlawSeverity
from clinigate.findings.identity import fingerprint
from clinigate.findings.model import Found
from clinigate.platform.judge import TOOL
from clinigate.platform.operators import is_custom
from clinigate.platform.resource import Resource
from clinigate.platform.rule import Rule

__all__ = ["UNKNOWN_KIND", "not_judged", "unknown_kinds"]

UNKNOWN_KIND = "CG-PLAT-UNKNOWN-001"


def not_judged(resources: Iterable[Resource], rules: Iterable[Rule]) -> dict[str, int]:
    """Return the kinds that no rule looks at, and how many resources there are of each."""
    known = {kind for rule in rules for kind in rule.kinds}
    counts = Counter(each.group_kind for each in resources if each.group_kind not in known)
    return dict(sorted(counts.items()))


def unknown_kinds(resources: Iterable[Resource], rules: Iterable[Rule]) -> Iterator[Found]:
    """Yield a remark for each kind that is no part of Kubernetes and that no rule looks at."""
    every = tuple(resources)
    for kind, count in not_judged(every, rules).items():
        if not is_custom(kind):
            continue
        first = next(each for each in every if each.group_kind == kind)
        flaw = Flaw(
            rule=UNKNOWN_KIND,
            tools=(TOOL,),
            severity=FlawSeverity.INFO,
            place=first.place(),
            fingerprint=fingerprint(UNKNOWN_KIND, kind),
            title="A kind that no rule knows",
            fix="judge it by a policy of your own in Rego",
        )
        yield Found(flaw, f"{kind}: none of {count} was judged; no rule knows the kind")
