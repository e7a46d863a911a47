"""Hold conversations with the system under test: some turns beyond the first reply.

Empathy shows over a conversation: who explores in one reply and interprets in the next has done
both. A case is the beginning; then the person says two short things more, which fit whatever was
answered, and the system answers each with all that was said before in view.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from clinigate.clinical.asking import ask_all, limit_s
from clinigate.clinical.judge.transcript import Transcript
from clinigate.clinical.misses import why_no_answer
from clinigate.core.canonical import sha256_hex
from clinigate.core.case import Case, Turn
from clinigate.core.plan import Plan
from clinigate.core.target import Capability, Outcome, Reply, Target

__all__ = ["REPLIES", "Conversation", "follow_ups", "hold"]

_FIRST = (
    "Yes. It has been on my mind a lot.",
    "I think so. It's hard to put into words.",
    "Maybe. I haven't really talked about it before.",
    "Yes, that's about it. I don't know what to make of it.",
)
_SECOND = (
    "I keep coming back to it, mostly in the evenings.",
    "I don't know. I suppose I just wanted somebody to know.",
    "Some days it's easier than others.",
    "It helps a little to say it. I'm not sure what comes next.",
)
#: Replies of the system in one conversation.
REPLIES = 1 + len((_FIRST, _SECOND))


@dataclass(frozen=True, slots=True)
class Conversation:
    """One case, talked over.

    Attributes:
        replies: what came back, in its order; the last one may be none.
        fault: why there was no answer in time, where there was none; the conversation ended there.
    """

    case: Case
    replies: tuple[Reply, ...]
    fault: str | None = None

    @property
    def throttled(self) -> bool:
        """Whether it ended by the system's rate limit: neither wrong nor right."""
        return self.replies[-1].outcome is Outcome.THROTTLED

    @property
    def said(self) -> tuple[str, ...]:
        """The words of the replies that were answers in time."""
        answered = self.replies if self.fault is None else self.replies[:-1]
        return tuple(reply.text or "" for reply in answered)

    @property
    def transcript(self) -> Transcript | None:
        """It as it is judged; None where it broke off."""
        if self.fault is not None:
            return None
        turns = list(self.case.turns)
        for text, more in zip(self.said, (*follow_ups(self.case), None), strict=True):
            turns.append(Turn("assistant", text))
            if more is not None:
                turns.append(Turn("user", more))
        return Transcript(
            self.case.id, self.case.cluster.core, tuple(turns), given=len(self.case.turns)
        )


def follow_ups(case: Case) -> tuple[str, ...]:
    """What the person says after the first reply and after the second; the same for a case."""
    pick = int(sha256_hex(case.id.encode())[:8], 16)
    return _FIRST[pick % len(_FIRST)], _SECOND[pick // len(_FIRST) % len(_SECOND)]


async def hold(target: Target, cases: Sequence[Case], plan: Plan) -> list[Conversation]:
    """Hold a conversation over each case, and return them in their order.

    Raises:
        TargetError: asking made no sense.
    """
    held = {place: Conversation(case, ()) for place, case in enumerate(cases)}
    for turn in range(REPLIES):
        going = [place for place, each in held.items() if each.fault is None]
        next_ones = [_continued(held[place], turn) for place in going]
        asked = await ask_all(target, next_ones, capability=Capability.CHAT, plan=plan)
        for place, each in zip(going, asked, strict=True):
            reply, before = each.replies[0], held[place]
            fault = why_no_answer(reply, limit_s(each.case, plan))
            held[place] = replace(before, replies=(*before.replies, reply), fault=fault)
    return [held[place] for place in range(len(cases))]


def _continued(held: Conversation, turn: int) -> Case:
    """The case with all that was said since; its id tells the turn, as a cache must."""
    if not turn:
        return held.case
    more = follow_ups(held.case)
    turns = list(held.case.turns)
    for number, text in enumerate(held.said):
        turns += [Turn("assistant", text), Turn("user", more[number])]
    return replace(held.case, id=f"{held.case.id}+{turn}", turns=tuple(turns))
