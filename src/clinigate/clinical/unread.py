"""Cases whose replies no rule can read: what a reader is told of them, so that none passes unseen.

The wording rules read English and know the help of some countries. A case of another locale is
judged by what needs no reading, as an answer in time and a flag; its words stay unmeasured.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from clinigate.clinical.reply.resources import is_read
from clinigate.core.case import Case
from clinigate.core.observation import Gap

__all__ = ["caveat_on_unread", "gap_of_unread", "is_read"]


def caveat_on_unread(cases: Sequence[Case]) -> tuple[str, ...]:
    """Say how many of `cases` the rules do not read, and of which locales; nothing where none."""
    unread = Counter(case.locale for case in cases if not is_read(case))
    if not unread:
        return ()
    of_each = ", ".join(f"{locale}: {count:,}" for locale, count in sorted(unread.items()))
    told = f"the wording rules cannot read replies to {unread.total():,} of these {len(cases):,}"
    return (f"{told} cases ({of_each}), and nobody else has judged their words",)


def gap_of_unread(metric: str, cases: Sequence[Case]) -> Gap:
    """The gap where the rules read none of `cases`, which must not be empty."""
    return Gap(metric, caveat_on_unread(cases)[0])
