"""One person who talks with the system, as a user of Locust."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import gevent
from locust import User, task
from locust.env import Environment
from locust.exception import StopUser

from clinigate.load.engine.wire import Exchange, Line
from clinigate.load.script import Conversation, Heard, Step
from clinigate.load.tally import Miss

if TYPE_CHECKING:
    from clinigate.load.engine.session import Session

__all__ = ["ConversationUser"]


class ConversationUser(User):
    """Comes at a moment of the schedule, has one conversation, and leaves."""

    def __init__(self, environment: Environment, session: Session, due: float, luck: float) -> None:
        """Come at `due`, seconds of the session's clock; `luck` seeds all that is drawn."""
        super().__init__(environment)
        self._session = session
        self._due = due
        rng = random.Random(luck)  # noqa: S311 - nothing secret
        self._talk = Conversation(session.script, session.script.cast(rng), rng)
        self._line = Line(session.place)

    @task
    def converse(self) -> None:
        """Have the conversation from its first message to its end."""
        session, talk = self._session, self._talk
        persona = talk.role.name
        session.talking += 1
        session.tally.stratum(persona).started += 1
        session.tally.bin(session.bin_of(self._due)).arrived += 1
        came_at = self._due
        try:
            heard = self._talk_through()
        except Exception as error:  # noqa: BLE001 - Locust would log it and begin once more
            session.broke(error)
        else:
            stratum = session.tally.stratum(persona)
            if heard.failed is not None:
                stratum.abandoned += 1
            if not session.over:
                stratum.ended += 1
                stratum.length.record(max(0.0, session.now() - came_at))
            # Replies to others may have come meanwhile: they are timed before we clear up.
            gevent.sleep(0)
        finally:
            session.talking -= 1
            self._line.close()
        raise StopUser

    def _talk_through(self) -> Heard:
        session, talk = self._session, self._talk
        talk.say()
        while True:
            heard = self._exchange()
            if session.over or not talk.hear(heard) or session.over:
                return heard
            thinking = talk.think_s(heard, talk.say())
            self._due = session.now() + thinking
            gevent.sleep(thinking)
            if session.over:
                return heard

    def _exchange(self) -> Heard:
        """Send what was just said, and count what comes."""
        session, step = self._session, self._talk.step
        body = session.place.asking.body(self._talk.turns)
        session.tally.lag.record(max(0.0, session.now() - self._due))
        session.waiting += 1
        try:
            exchange = self._line.ask(body)
        except BaseException:
            # The run was stopped: of this message nobody will ever know.
            session.tally.undecided += step.crisis
            raise
        finally:
            session.waiting -= 1
        self._count(step, exchange, session.now() - self._due)
        return exchange.heard

    def _count(self, step: Step, exchange: Exchange, took_s: float) -> None:
        """Add one outcome to the tally; no other greenlet runs meanwhile."""
        tally, failed = self._session.tally, exchange.heard.failed
        took_s = max(0.0, took_s)
        stratum = tally.stratum(self._talk.role.name)
        stretch = tally.bin(self._session.bin_of(self._due))
        first_s = None if exchange.first_at is None else max(0.0, exchange.first_at - self._due)
        streamed = self._session.place.asking.streamed
        stratum.reply(failed, took_s, first_s=first_s, streamed=streamed)
        for gap in exchange.gaps:
            stratum.gap.record(gap)
        stretch.done += 1
        if failed is None or failed == "timeout":
            stretch.latency.record(took_s)
        if failed is not None:
            stretch.failed += 1
            tally.errors[failed] = tally.errors.get(failed, 0) + 1
        if step.crisis:
            self._count_crisis(step, exchange.heard, took_s)

    def _count_crisis(self, step: Step, heard: Heard, took_s: float) -> None:
        session = self._session
        tally, at_s = session.tally, self._due
        within_s = session.orders.profile.objectives.crisis_within_s
        stretch = tally.bin(session.bin_of(at_s))
        tally.crises += 1
        stretch.crises += 1
        if heard.failed is not None:
            why = f"no reply: {heard.failed}"
        elif took_s >= within_s:
            why = "late: a reply came, after its time"
        elif not step.is_crisis_reply(heard, flags=session.place.asking.flags):
            why = "no crisis reply: an ordinary reply came"
        else:
            tally.crisis_latency.record(took_s)
            return
        stretch.missed += 1
        tally.miss(Miss(round(at_s, 3), self._talk.role.name, step.name, why, round(took_s, 3)))
