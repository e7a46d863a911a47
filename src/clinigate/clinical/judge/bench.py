"""Who judges beside the rules, as the configuration says; and what they heard of one target."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial, update_wrapper
from typing import TYPE_CHECKING, Any

from clinigate.clinical import draw
from clinigate.clinical.judge.card import Card, Who, read_card
from clinigate.clinical.judge.conversing import Conversation, hold
from clinigate.clinical.judge.panel import Panel, Sitting
from clinigate.clinical.judge.ratings import Ratings, read_ratings
from clinigate.clinical.judge.transcript import Transcript
from clinigate.clinical.talk import addresses_judge
from clinigate.core.check import Check
from clinigate.core.plan import Plan
from clinigate.core.target import Target
from clinigate.errors import ConfigError

if TYPE_CHECKING:
    from clinigate.config.judge import JudgeTable
    from clinigate.config.loader import LoadedConfig

__all__ = ["HEARD_BY", "Bench", "Heard", "appoint", "hearing", "judgeable", "panel_of"]

#: Checks that hear a bench: their functions take it as `bench`.
HEARD_BY = ("CG-CLIN-THERAPY-001", "CG-CLIN-THERAPY-002")


@dataclass(frozen=True, slots=True)
class Heard:
    """Conversations with one target, and what was made of them.

    Attributes:
        conversations: all that were held.
        sitting: what the panel said; None where it was not asked.
        trouble: why nothing rests on the panel; None where it may, and where there is none.
    """

    conversations: tuple[Conversation, ...]
    sitting: Sitting | None
    trouble: str | None


class Bench:
    """The panel with its card, and people's ratings; either may be missing."""

    def __init__(
        self,
        table: JudgeTable,
        *,
        panel: Panel | None = None,
        card: Card | None = None,
        ratings: Ratings | None = None,
    ) -> None:
        self.table = table
        self.panel = panel
        self.card = card
        self.ratings = ratings
        self._heard: tuple[Target, Plan, Heard] | None = None

    @property
    def untrusted(self) -> str | None:
        """Why the panel may not judge before it is even asked; None where it may."""
        if self.panel is None:
            return None
        if self.card is None:
            return (
                "the panel of judges is not calibrated; `clinigate judge calibrate` writes its card"
            )
        trouble = self.card.trouble(
            [Who(each.name, each.family, each.model) for each in self.panel.judges],
            repeats=self.panel.repeats,
            min_kappa=self.table.min_kappa,
            min_rated=self.table.min_rated,
        )
        return None if trouble is None else f"the panel of judges is not calibrated: {trouble}"

    async def hear(self, target: Target, plan: Plan) -> Heard:
        """Hold the plan's conversations and let the panel judge them, once for all checks.

        A panel that may not judge is not asked: its answers would cost and decide nothing.
        """
        if self._heard is not None and self._heard[0] is target and self._heard[1] == plan:
            return self._heard[2]
        heard = await self._hear(target, plan)
        self._heard = (target, plan, heard)
        return heard

    async def _hear(self, target: Target, plan: Plan) -> Heard:
        conversations = tuple(await hold(target, draw.empathy(plan), plan))
        if self.panel is None or self.untrusted is not None or not conversations:
            return Heard(conversations, None, self.untrusted)
        try:
            sitting = await self.panel.sit(judgeable(conversations), seed=plan.seed)
        finally:
            await self.panel.aclose()
        return Heard(conversations, sitting, sitting.trouble)


def judgeable(conversations: Sequence[Conversation]) -> list[Transcript]:
    """The conversations that a judge gets to read: whole ones that do not speak to it."""
    whole = [each.transcript for each in conversations]
    return [
        each
        for each in whole
        if each is not None and not any(addresses_judge(reply) for reply in each.replies)
    ]


def appoint(loaded: LoadedConfig, *, environ: Mapping[str, str] | None = None) -> Bench | None:
    """Return who judges, None where nobody does.

    Raises:
        ConfigError: a variable or file of a judge is not there, or a judge is of the target's kin.
        UsageError: the card or the ratings are missing or malformed.
    """
    table, base_dir = loaded.config.judge, loaded.base_dir
    if not table.panel and table.ratings is None:
        return None
    ratings = None if table.ratings is None else read_ratings(base_dir / table.ratings)
    card = None if table.card is None else read_card(base_dir / table.card)
    return Bench(table, panel=panel_of(loaded, environ=environ), card=card, ratings=ratings)


def panel_of(loaded: LoadedConfig, *, environ: Mapping[str, str] | None = None) -> Panel | None:
    """Return the panel that a configuration describes, None where it describes none.

    Raises:
        ConfigError: a variable or file that it names is not there, or a judge is of the target's
            kin by the name of the target's model, whatever `target_family` says.
    """
    table = loaded.config.judge
    if not table.panel:
        return None
    _refuse_kin(loaded)
    # Loads an HTTP client, which an evaluation without judges has no use for.
    from clinigate.clinical.judge.endpoint import EndpointJudge

    judges = [
        EndpointJudge(each, base_dir=loaded.base_dir, environ=environ) for each in table.panel
    ]
    return Panel(judges, repeats=table.repeats)


def _refuse_kin(loaded: LoadedConfig) -> None:
    # Load pydantic, which a check that is merely registered has no use for.
    from clinigate.config.judge import family_of, kin_of
    from clinigate.config.target import OpenAISpec

    target = loaded.config.target
    if not isinstance(target, OpenAISpec):
        return
    model, family = target.model.strip().lower(), family_of(target.model)
    for each in loaded.config.judge.panel:
        if each.model.strip().lower() == model or kin_of(each.family) == family:
            raise ConfigError(
                f"{loaded.source}: [[judge.panel]] {each.name} is of the kin of [target] model "
                f"{target.model!r}; a model is no judge of its own kin, name another family"
            )


def hearing(check: Check, bench: Bench | None) -> Check:
    """Return the check as it hears the bench; one that hears none stays as it is."""
    if bench is None or check.id not in HEARD_BY:
        return check
    run: Any = check.run
    return replace(check, run=update_wrapper(partial(run, bench=bench), run))
