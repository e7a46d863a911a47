"""All judges over all conversations, each several times, and an account of what does not count."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from types import MappingProxyType
from typing import Protocol

from clinigate.clinical.judge.canaries import CANARIES
from clinigate.clinical.judge.opinion import Opinion, Unscored
from clinigate.clinical.judge.rubric import ITEMS, appropriate
from clinigate.clinical.judge.transcript import Transcript

__all__ = ["MOST_UNSCORED", "Judge", "JudgeReport", "Panel", "Rating", "Sitting"]

#: Share of answers that may not count. Beyond it nobody knows what the missing ones would say.
MOST_UNSCORED = 0.01
#: Of the canaries more may be lost: a slip there is no verdict, and a judge that is down shows.
_MOST_UNSCORED_CANARIES = 0.1
_AT_ONCE = 32


class Judge(Protocol):
    """Whoever rates conversations by the rubric."""

    @property
    def name(self) -> str:
        """Short, for reports."""
        ...

    @property
    def family(self) -> str:
        """Whose model it is."""
        ...

    @property
    def model(self) -> str:
        """Which model it is."""
        ...

    async def score(self, transcript: Transcript, *, seed: int) -> Opinion | Unscored:
        """Rate one conversation; never raises for what the judge does."""
        ...

    async def aclose(self) -> None:
        """Release connections. Calling it twice is harmless."""
        ...


@dataclass(frozen=True, slots=True)
class Rating:
    """What one judge, or all of them, make of one conversation.

    Attributes:
        points: empathy from 1 to 5: the median of a judge's answers, the mean of judges.
        answers: by question, what most answers say; in a tie what is worse for the system.
    """

    points: float
    answers: Mapping[str, bool]

    @property
    def appropriate(self) -> bool:
        """Whether every question that decides was answered as it must be."""
        return appropriate(self.answers)


@dataclass(frozen=True, slots=True)
class JudgeReport:
    """One judge's part.

    Attributes:
        name, family, model: who judged.
        ratings: by conversation; one that most answers did not count for is left out.
        calls: answers asked for. unscored: those that do not count, by reason.
        wavered: conversations whose answers gave different points.
        canaries: what it got wrong of the conversations with a known answer.
        stopped: why it was not asked any further.
    """

    name: str
    family: str
    model: str
    ratings: Mapping[str, Rating]
    calls: int
    unscored: Mapping[str, int]
    wavered: int
    canaries: tuple[str, ...] = ()
    stopped: str | None = None

    @property
    def trouble(self) -> str | None:
        """Why nothing may rest on this judge, None where it may."""
        if self.stopped is not None:
            return f"judge {self.name}: {self.stopped}"
        lost = sum(self.unscored.values())
        if lost > MOST_UNSCORED * self.calls:
            return f"judge {self.name}: {_lost(lost, self.calls, self.unscored)}"
        return None


@dataclass(frozen=True, slots=True)
class Sitting:
    """What a panel made of some conversations."""

    reports: tuple[JudgeReport, ...]

    @property
    def trouble(self) -> str | None:
        """Why nothing may rest on it, None where it may."""
        if not self.reports:
            return "nobody judged"
        return next((each.trouble for each in self.reports if each.trouble), None)

    def rating(self, transcript_id: str) -> Rating | None:
        """All judges together: the mean of their points, and of every answer the worse one.

        None where a judge has no rating of it: a panel speaks whole or not at all.
        """
        ratings = [each.ratings.get(transcript_id) for each in self.reports]
        given = [rating for rating in ratings if rating is not None]
        if len(given) < len(ratings) or not given:
            return None
        answers = {
            name: any(each.answers[name] for each in given)
            if item.decides is False
            else all(each.answers[name] for each in given)
            for name, item in ITEMS.items()
        }
        points = sum(each.points for each in given) / len(given)
        return Rating(points, MappingProxyType(answers))


class Panel:
    """Judges of several families, asked one by one and never told of each other."""

    def __init__(self, judges: Sequence[Judge], *, repeats: int) -> None:
        self.judges = tuple(judges)
        self.repeats = repeats

    async def sit(self, transcripts: Sequence[Transcript], *, seed: int = 0) -> Sitting:
        """Judge conversations; the canaries come first, and who fails one is asked no further."""
        reports = await asyncio.gather(
            *(_Seat(judge, self.repeats, seed).judge(transcripts) for judge in self.judges)
        )
        return Sitting(tuple(reports))

    async def aclose(self) -> None:
        """Release the connections of all."""
        for judge in self.judges:
            await judge.aclose()


@dataclass
class _Seat:
    """One judge at work."""

    who: Judge
    repeats: int
    seed: int
    allowed: int = 0
    calls: int = 0
    wavered: int = 0
    unscored: Counter[str] = field(default_factory=Counter)

    async def judge(self, transcripts: Sequence[Transcript]) -> JudgeReport:
        failed = await self._canaries()
        if (lost := self.unscored.total()) > self.allowed:
            known = f"{lost} answers to conversations with a known answer do not count"
            return self._report({}, tuple(failed), f"{known} ({_reasons(self.unscored)})")
        if failed:
            stopped = (
                f"got {len(failed)} of {len(CANARIES)} conversations with a known answer wrong "
                f"({failed[0]})"
            )
            return self._report({}, tuple(failed), stopped)
        ratings = await self._all(transcripts, most_unscored=MOST_UNSCORED)
        stopped_by = None
        if (lost := self.unscored.total()) > self.allowed:
            stopped_by = _lost(lost, len(transcripts) * self.repeats, self.unscored)
        return self._report(ratings, (), stopped_by)

    async def _canaries(self) -> list[str]:
        known = [each.transcript for each in CANARIES]
        ratings = await self._all(known, most_unscored=_MOST_UNSCORED_CANARIES)
        wrong = []
        for canary in CANARIES:
            rating = ratings.get(canary.transcript.id)
            if rating is None:
                wrong.append(f"{canary.name}: no answer that counts")
            elif trouble := canary.trouble(rating.points, rating.appropriate):
                wrong.append(trouble)
        return wrong

    async def _all(
        self, transcripts: Sequence[Transcript], *, most_unscored: float
    ) -> dict[str, Rating]:
        """Rate conversations, until more answers do not count than may: then that decides."""
        self.calls, self.wavered, self.unscored = 0, 0, Counter()
        self.allowed = int(most_unscored * len(transcripts) * self.repeats)
        ratings: dict[str, Rating] = {}
        queue = iter(transcripts)

        async def work() -> None:
            for transcript in queue:
                rating = await self._rate(transcript)
                if rating is not None:
                    ratings[transcript.id] = rating

        async with asyncio.TaskGroup() as group:
            for _ in range(min(_AT_ONCE, len(transcripts))):
                group.create_task(work())
        return ratings

    async def _rate(self, transcript: Transcript) -> Rating | None:
        opinions: list[Opinion] = []
        for repeat in range(self.repeats):
            if self.unscored.total() > self.allowed:
                return None
            self.calls += 1
            answer = await self.who.score(transcript, seed=self.seed + repeat)
            if isinstance(answer, Opinion):
                opinions.append(answer)
            else:
                self.unscored[str(answer)] += 1
        if 2 * len(opinions) <= self.repeats:
            return None
        self.wavered += len({each.empathy for each in opinions}) > 1
        return Rating(float(median(each.empathy for each in opinions)), _most(opinions))

    def _report(
        self, ratings: Mapping[str, Rating], canaries: tuple[str, ...], stopped: str | None
    ) -> JudgeReport:
        return JudgeReport(
            name=self.who.name,
            family=self.who.family,
            model=self.who.model,
            ratings=MappingProxyType(dict(ratings)),
            calls=self.calls,
            unscored=MappingProxyType(dict(self.unscored)),
            wavered=self.wavered,
            canaries=canaries,
            stopped=stopped,
        )


def _most(opinions: Sequence[Opinion]) -> Mapping[str, bool]:
    def most_say(name: str) -> bool:
        yes = 2 * sum(each.answers[name] for each in opinions)
        tie_is_yes = ITEMS[name].decides is False
        return yes > len(opinions) or (yes == len(opinions) and tie_is_yes)

    return MappingProxyType({name: most_say(name) for name in ITEMS})


def _lost(lost: int, calls: int, reasons: Mapping[str, int]) -> str:
    return (
        f"{lost} of {calls} answers do not count ({_reasons(reasons)}); more than "
        f"{MOST_UNSCORED:.0%} leave open what the missing ones would say"
    )


def _reasons(reasons: Mapping[str, int]) -> str:
    """The most frequent reasons with their counts."""
    often = sorted(reasons.items(), key=lambda pair: -pair[1])[:3]
    return ", ".join(f"{n} {reason}" for reason, n in often)
