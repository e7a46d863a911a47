"""Who must be told of a breach until when: 45 CFR 164.404 to 164.412, and GDPR Art. 33 and 34.

Pure: what is known of a breach goes in, duties come out. Each is the last moment that the rule
allows; every one of them also says "without unreasonable delay". Days are calendar days of the
place where the breach was discovered: that of `Breach.discovered`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum

from clinigate.errors import UsageError

__all__ = ["STATES", "Breach", "Delay", "Discoverer", "Duty", "duties"]

_CODES = (
    "AL AK AZ AR CA CO CT DE FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM "
    "NY NC ND OH OK OR PA RI SC SD TN TX UT VT VA WA WV WI WY DC PR VI GU AS MP"
)
STATES = frozenset(_CODES.split())
"""States of 45 CFR 160.103, and the jurisdictions that the Breach Notification Rule adds."""

_NOTICE = timedelta(days=60)
_ORAL = timedelta(days=30)
_AWARE = timedelta(hours=72)
#: Media hear of more than so many residents of one State (164.406(a)), the Secretary of so many
#: individuals or more (164.408(b)).
_MEDIA_ABOVE, _SECRETARY_FROM = 500, 500


class Discoverer(StrEnum):
    """Who discovered it. What an agent knows the covered entity knows (164.404(a)(2))."""

    COVERED_ENTITY = "covered-entity"
    BUSINESS_ASSOCIATE = "business-associate"
    AGENT = "agent"


@dataclass(frozen=True, slots=True)
class Delay:
    """Law enforcement asks to wait (164.412).

    Attributes:
        stated: the day on which it was said.
        until: the day until which; a statement in writing names it.
        written: an oral one holds for 30 days at most.
    """

    stated: date
    until: date | None = None
    written: bool = True

    def __post_init__(self) -> None:
        if self.written and self.until is None:
            raise UsageError("a written delay names the day until which; give it (164.412(a))")
        if self.until is not None and self.until < self.stated:
            raise UsageError(f"the delay ends on {self.until}, before {self.stated}, when it began")

    @property
    def end(self) -> date:
        """The last day on which nobody is told."""
        longest = self.stated + _ORAL
        if self.written and self.until is not None:
            return self.until
        return min(self.until or longest, longest)


@dataclass(frozen=True, slots=True)
class Breach:
    """What is known of a breach.

    Attributes:
        discovered: when it became known, or would have by reasonable diligence; with its zone.
        affected: how many people. residents: how many of each State, by its two letters.
        by: who discovered it.
        told: when a business associate told the covered entity; None while it has not.
        delay: what law enforcement asked for.
        gdpr: whether people in the Union are among them.
    """

    discovered: datetime
    affected: int
    residents: Mapping[str, int] = field(default_factory=dict)
    by: Discoverer = Discoverer.COVERED_ENTITY
    told: datetime | None = None
    delay: Delay | None = None
    gdpr: bool = True

    def __post_init__(self) -> None:
        for name, moment in (("discovered", self.discovered), ("told", self.told)):
            if moment is not None and moment.tzinfo is None:
                raise UsageError(f"{name}: give the time with its zone, as 2026-11-22T10:00+01:00")
        if self.told is not None and self.told < self.discovered:
            raise UsageError("told lies before discovered")
        unknown = sorted(self.residents.keys() - STATES)
        if unknown:
            raise UsageError(f"residents: {unknown[0]!r} is no State; give its two letters, as CA")
        if min(self.residents.values(), default=0) < 0:
            raise UsageError("residents: a number is below 0")
        if sum(self.residents.values()) > self.affected:
            raise UsageError(
                f"residents: {sum(self.residents.values())} in all, and {self.affected} affected"
            )


@dataclass(frozen=True, slots=True)
class Duty:
    """One notice that is owed.

    Attributes:
        clause: of which rule. whom: who must be told.
        due: the last day; None where the rule names none. due_at: the last moment, if it names one.
        not_before: the last day on which law enforcement asks to wait.
        reason: how the day comes about.
    """

    clause: str
    whom: str
    due: date | None
    reason: str
    due_at: datetime | None = None
    not_before: date | None = None


def duties(breach: Breach) -> tuple[Duty, ...]:
    """Return every notice that is owed."""
    return tuple(_postponed(each, breach.delay) for each in _hipaa(breach)) + tuple(_gdpr(breach))


def _hipaa(breach: Breach) -> Iterator[Duty]:
    # 1. A business associate tells the covered entity, whose time begins when it hears of it.
    day, whence = breach.discovered.date(), "60 days after it was discovered"
    if breach.by is Discoverer.BUSINESS_ASSOCIATE:
        yield Duty("164.410", "the covered entity", day + _NOTICE, whence)
        if breach.told is None:
            day, whence = day + _NOTICE, "60 days after the last day for telling the covered entity"
        else:
            day, whence = breach.told.date(), "60 days after the covered entity was told"
    # 2. Those affected.
    yield Duty("164.404", f"the {breach.affected} affected", day + _NOTICE, whence)
    # 3. The media of each State with more than 500 residents among them.
    for state, count in sorted(breach.residents.items()):
        if count > _MEDIA_ABOVE:
            whom = f"prominent media of {state}"
            yield Duty("164.406", whom, day + _NOTICE, f"{count} residents of {state}; {whence}")
    # 4. The Secretary: with them from 500 on, else with the others of the year.
    if breach.affected >= _SECRETARY_FROM:
        reason = f"{_SECRETARY_FROM} or more are affected; {whence}"
        yield Duty("164.408", "the Secretary of HHS", day + _NOTICE, reason)
    else:
        end = date(day.year, 12, 31)
        reason = f"fewer than {_SECRETARY_FROM} are affected; 60 days after the end of {day.year}"
        yield Duty("164.408", "the Secretary of HHS", end + _NOTICE, reason)


def _postponed(duty: Duty, delay: Delay | None) -> Duty:
    if delay is None or duty.due is None:
        return duty
    return Duty(
        duty.clause,
        duty.whom,
        max(duty.due, delay.end),
        f"{duty.reason}; law enforcement asks to wait until {delay.end}",
        not_before=delay.end,
    )


def _gdpr(breach: Breach) -> Iterator[Duty]:
    if not breach.gdpr:
        return
    aware = breach.discovered
    if breach.by is Discoverer.BUSINESS_ASSOCIATE:
        yield Duty("Art.33", "the controller", None, "Art. 33(2): without undue delay")
        if breach.told is None:
            reason = "Art. 33(1): 72 h from when the controller is told, which has not been yet"
            yield Duty("Art.33", "the supervisory authority", None, reason)
            return
        aware = breach.told
    last = aware + _AWARE
    reason = "Art. 33(1): 72 h after it became known, unless no risk is likely"
    yield Duty("Art.33", "the supervisory authority", last.date(), reason, due_at=last)
    reason = "Art. 34(1): without undue delay, where the risk is likely to be high"
    yield Duty("Art.34", f"the {breach.affected} affected", None, reason)
