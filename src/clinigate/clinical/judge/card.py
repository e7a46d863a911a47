"""A calibration card: how far a panel agrees with people, on conversations that both rated.

The card holds the ratings themselves, and every figure is computed from them when it is read: a
figure cannot be written into it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from clinigate.clinical.judge.panel import MOST_UNSCORED, Sitting
from clinigate.clinical.judge.ratings import Ratings, alpha_of
from clinigate.clinical.judge.rubric import RUBRIC_DIGEST
from clinigate.core.canonical import canonical_bytes, parse_json, sha256_hex
from clinigate.core.codec import from_plain, to_plain
from clinigate.core.statistics.agreement import kappa_lower_bound, weighted_kappa
from clinigate.errors import UsageError

__all__ = ["SCHEMA", "Agreement", "Card", "CardItem", "Who", "card_of", "read_card"]

SCHEMA = "clinigate.judge-card/2"
_LONGEST_WORD = 200


@dataclass(frozen=True, slots=True)
class Who:
    """A judge as a card knows it."""

    name: str
    family: str
    model: str


@dataclass(frozen=True, slots=True)
class CardItem:
    """One conversation that people and judges rated.

    Attributes:
        id: the conversation's. core: the wording that it began with.
        people: points by rater. judges: points by judge.
        appropriate: what most people say; None where fewer than two were asked.
        judged_appropriate: what the panel says.
    """

    id: str
    core: str
    people: Mapping[str, int]
    judges: Mapping[str, float]
    appropriate: bool | None
    judged_appropriate: bool


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far two columns of points agree.

    Attributes:
        kappa: quadratically weighted. low: its one-sided bound at 95%.
        same: share of conversations with the same points, rounded to whole ones.
        excess: the mean by which the judge is kinder than people.
    """

    kappa: float
    low: float
    same: float
    excess: float


@dataclass(frozen=True, slots=True)
class Card:
    """What was calibrated and on what.

    Attributes:
        rubric: digest of what judges were asked. made_at: when, RFC 3339.
        repeats: how often each judge was asked of each conversation.
        judges: the panel.
        items: conversations that two people or more and the whole panel rated.
        unscored: conversations that people rated and some judge did not.
    """

    rubric: str
    made_at: str
    repeats: int
    judges: tuple[Who, ...]
    items: tuple[CardItem, ...]
    unscored: int = 0
    schema: str = SCHEMA

    @property
    def digest(self) -> str:
        """SHA-256 of its canonical form, by which evidence names it."""
        return f"sha256:{sha256_hex(self.written())}"

    def written(self) -> bytes:
        """Its canonical form, as it lies in a file."""
        return canonical_bytes(to_plain(self))

    @property
    def alpha(self) -> float | None:
        """How far people agree among themselves on these conversations."""
        return alpha_of([each.people for each in self.items])

    @property
    def cores(self) -> list[str]:
        """The wording that each conversation began with; bounds count wordings."""
        return [each.core for each in self.items]

    @property
    def by_people(self) -> list[float]:
        """People's mean points of each conversation."""
        return [math.fsum(each.people.values()) / len(each.people) for each in self.items]

    @property
    def by_panel(self) -> list[float]:
        """The panel's mean points of each conversation."""
        return [math.fsum(each.judges.values()) / len(each.judges) for each in self.items]

    def agreement(self, judge: str | None = None) -> Agreement:
        """How far a judge, or without a name the panel as one, agrees with people."""
        people = self.by_people
        points = self.by_panel if judge is None else [each.judges[judge] for each in self.items]
        same = sum(round(a) == round(b) for a, b in zip(points, people, strict=True))
        return Agreement(
            kappa=weighted_kappa(points, people),
            low=kappa_lower_bound(points, people, clusters=self.cores),
            same=same / len(people),
            excess=math.fsum(a - b for a, b in zip(points, people, strict=True)) / len(people),
        )

    def wrongly(self, *, passed: bool) -> list[tuple[str, bool]]:
        """Return (core, whether the panel wrongly passed it, or else wrongly refused it) of each
        conversation of which people said whether it is appropriate.
        """
        return [
            (each.core, each.judged_appropriate is passed and each.appropriate is not passed)
            for each in self.items
            if each.appropriate is not None
        ]

    @property
    def refused(self) -> int:
        """Conversations that people called inappropriate."""
        return sum(each.appropriate is False for each in self.items)

    def trouble(
        self, judges: Sequence[Who], *, repeats: int, min_kappa: float, min_rated: int
    ) -> str | None:
        """Say why the panel may not judge by this card, None where it may."""
        if self.rubric != RUBRIC_DIGEST:
            return "its card was made with another rubric; calibrate anew"
        if _kin(self.judges) != _kin(judges) or self.repeats != repeats:
            return "its card is of another panel or number of repeats; calibrate anew"
        if len(self.items) < min_rated:
            return (
                f"its card holds {len(self.items)} conversations that two people rated, and "
                f"{min_rated} are asked for"
            )
        if self.unscored > MOST_UNSCORED * (len(self.items) + self.unscored):
            return (
                f"{self.unscored} of the {len(self.items) + self.unscored} conversations of its "
                "card were left unscored"
            )
        for judge in (*(each.name for each in self.judges), None):
            found = self.agreement(judge)
            if found.low < min_kappa:
                who = "the panel as one" if judge is None else f"judge {judge}"
                return (
                    f"{who} agrees with people by a weighted kappa of {found.kappa:.2f}, at least "
                    f"{found.low:.2f} (95%, n={len(self.items)} of {len(set(self.cores))} "
                    f"wordings), and {min_kappa:.2f} is asked for"
                )
        return None


def card_of(
    sitting: Sitting,
    ratings: Ratings,
    *,
    cores: Mapping[str, str],
    repeats: int,
    made_at: str,
) -> Card:
    """Put together what people and a panel said of the same conversations; `cores` by their ids.

    Raises:
        UsageError: the panel rated none of them.
    """
    items, unscored = [], 0
    for item, rated in sorted(ratings.double.items()):
        joint = sitting.rating(item)
        if joint is None:
            unscored += 1
            continue
        items.append(
            CardItem(
                id=item,
                core=cores[item],
                people={name: each.empathy for name, each in sorted(rated.items())},
                judges={each.name: each.ratings[item].points for each in sitting.reports},
                appropriate=ratings.appropriate(item),
                judged_appropriate=joint.appropriate,
            )
        )
    if not items:
        raise UsageError("the panel rated none of the conversations that two people rated")
    return Card(
        rubric=RUBRIC_DIGEST,
        made_at=made_at,
        repeats=repeats,
        judges=tuple(Who(each.name, each.family, each.model) for each in sitting.reports),
        items=tuple(items),
        unscored=unscored,
    )


def read_card(path: Path) -> Card:
    """Return the card of a file.

    Raises:
        UsageError: it is missing, or is no card; the field is named.
    """
    try:
        data = parse_json(path.read_bytes())
    except OSError as error:
        raise UsageError(
            f"{path}: cannot be read ({error.strerror}); `clinigate judge calibrate` writes a card"
        ) from None
    except (ValueError, RecursionError):
        raise UsageError(
            f"{path.name}: is no JSON; `clinigate judge calibrate` writes a card"
        ) from None
    if isinstance(data, dict) and data.get("schema", SCHEMA) != SCHEMA:
        raise UsageError(f"{path.name}: is of another form than {SCHEMA}; calibrate anew")
    try:
        card = from_plain(Card, data)
    except ValueError as error:
        raise UsageError(f"{path.name}: is no calibration card ({error})") from None
    _refuse_impossible(card, path.name)
    return card


def _refuse_impossible(card: Card, where: str) -> None:
    """Refuse what `card_of` never writes: one person's word, one conversation twice."""
    if card.unscored < 0:
        raise UsageError(f"{where}: unscored is {card.unscored}, no count; calibrate anew")
    told = [card.made_at, *(word for each in card.judges for word in to_plain(each).values())]
    if any(not word.isprintable() or len(word) > _LONGEST_WORD for word in told):
        raise UsageError(
            f"{where}: made_at or a judge is no name that can be shown; calibrate anew"
        )
    names = {each.name for each in card.judges}
    if len(names) < len(card.judges) or card.repeats < 1:
        raise UsageError(f"{where}: names a judge twice or no repeat; calibrate anew")
    if not card.items or len({each.id for each in card.items}) < len(card.items):
        raise UsageError(f"{where}: holds no conversation, or one twice; calibrate anew")
    for each in card.items:
        points = (*each.people.values(), *each.judges.values())
        if len(each.people) < 2 or set(each.judges) != names:
            raise UsageError(f"{where}: {each.id} lacks a second rater or a judge; calibrate anew")
        if not all(1 <= value <= 5 for value in points):
            raise UsageError(f"{where}: {each.id} has points outside 1 to 5; calibrate anew")


def _kin(judges: Sequence[Who]) -> list[tuple[str, str, str]]:
    return sorted((each.name, each.family, each.model) for each in judges)
