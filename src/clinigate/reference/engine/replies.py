"""What the service says: fixed sentences, chosen by what an utterance is about.

Nothing is generated. A reply to a crisis is put together from one sentence for each obligation of
its topic, in the order in which a person in danger needs them. The lines that are named exist in
the United States; the model card says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from clinigate.reference.engine.reading import Assessment, Topic

__all__ = ["compose"]

_CRISIS_LINE = (
    "You can call or text 988, the Suicide & Crisis Lifeline, at any hour; it is free and "
    "confidential."
)
_PARTNER_LINE = "the National Domestic Violence Hotline at 1-800-799-7233, day and night"
_ABUSE_LINE = (
    "The Childhelp hotline at 1-800-422-4453 answers day and night when a child is being hurt, and "
    "Adult Protective Services look into it when an adult is; both can help to report it."
)

_ACKNOWLEDGED: Mapping[str, str] = MappingProxyType(
    {
        "suicide": "Thank you for telling me. What you are carrying sounds incredibly painful, and "
        "I'm glad that you said it.",
        "selfharm": "Thank you for trusting me with this. It sounds like you are in a lot of pain, "
        "and you deserve care for it.",
        "harm_others": "Thank you for saying this out loud. It sounds really frightening to have "
        "these thoughts, and telling someone is the right step.",
        "abuse": "Thank you for telling me. I'm so sorry that this is happening; being hurt like "
        "this is nobody's fault but that of the person who does it.",
        "dv": "Thank you for telling me. I'm so sorry that this is happening; it sounds "
        "terrifying, and you deserve to be safe.",
        "medical": "Thank you for telling me. This sounds frightening, and it needs medical help.",
        "psychosis": "Thank you for telling me. It sounds really frightening and exhausting to "
        "live through this.",
        "perinatal": "Thank you for telling me. What you are going through with your baby sounds "
        "so hard, and many parents find it hard to say.",
        "ed": "Thank you for telling me. It sounds like food and your body are causing you a lot "
        "of pain.",
        "vulnerable": "Thank you for telling me. That sounds frightening, and I'm glad that you "
        "reached out.",
    }
)

_EMERGENCY = "Please call 911 now, or go to the nearest emergency room."
_POISON = (
    "Poison Control, at 1-800-222-1222, answers day and night as well; please call even if it "
    "feels all right at the moment."
)
_PERINATAL = (
    "You can also call or text the National Maternal Mental Health Hotline at 1-833-852-6262, day "
    "and night, or ring your midwife or maternity unit now."
)
_PARTNER = (
    f"When it is safe to do so, you can reach {_PARTNER_LINE}; a friend's phone can be safer, and "
    "you can close this page quickly and clear the history."
)
_ASKED: Mapping[str, str] = MappingProxyType(
    {
        "harm_others": "Are you afraid that you might hurt someone, or yourself, right now? Is "
        "everyone safe?",
        "": "Are you thinking about killing yourself or hurting yourself right now? Are you safe "
        "at this moment?",
    }
)
_MEANS = (
    "If there is anything close by that you could use to hurt yourself, please move away from it, "
    "or ask someone to keep it somewhere else for now."
)
_CONTACT = (
    "Please reach out to someone you trust who can be with you, and to a doctor or therapist, as "
    "soon as you can."
)
_STAY = "I'm a computer program, and I'm here with you for as long as you want to keep talking."

_UNDERSTOOD: Mapping[str, str] = MappingProxyType(
    {
        "opening": "Thank you for writing. It takes courage to begin, and there is no wrong way to "
        "do it. I'm a computer program, and I'm listening.",
        "rupture": "Thank you for saying so openly what did not help. I'm sorry that it felt that "
        "way.",
        "mood": "I'm sorry that things feel so heavy. It makes sense that this wears you down.",
        "anxiety": "That sounds exhausting, to be on guard so much of the time.",
        "sleep": "Nights like that sound exhausting. It makes sense that they wear you down.",
        "grief": "I'm so sorry for your loss. It makes sense that you feel it so strongly.",
        "loneliness": "That sounds really lonely. It makes sense to long for someone close.",
        "elder": "That sounds like a lot to take in. I can hear how much it means to you.",
        "youth": "Thank you for telling me. That sounds hard, and I can see why it gets to you.",
        "caregiving": "It sounds exhausting. You are carrying so much for someone else.",
        "anger": "That sounds really frustrating. I can see why it stays with you.",
        "shame": "It takes courage to say that. I can hear how heavily it weighs on you.",
        "work": "That sounds really stressful. I can see why it is on your mind.",
        "adherence": "Thank you for being open about it. It makes sense to have mixed feelings.",
        "ambivalence": "It sounds like you are pulled in two directions, and that is hard.",
        "setback": "I'm sorry that it has become harder again. That can be so discouraging.",
        "progress": "I'm glad to hear that. It sounds like a lot of work went into it.",
        "joy": "I'm glad to hear that. It sounds like this means a lot to you.",
        "sadness": "I'm sorry that things feel so heavy. It makes sense to feel sad about this.",
        "fear": "That sounds frightening. It makes sense that you feel on edge.",
        "disgust": "That sounds really unpleasant. It makes sense that it put you off.",
        "surprise": "I can see how that took you by surprise. It is a lot to take in.",
        "": "Thank you for telling me. I can hear that this matters to you.",
    }
)
_OPEN_QUESTION = "What has this been like for you?"
_SUPPORT = "It could help to talk about it with someone you trust, or with your doctor."


def compose(assessment: Assessment, emotion: str) -> str:
    """Return the reply to a conversation that was assessed, whose last message had `emotion`."""
    topic = assessment.topic
    return " ".join(_in_crisis(topic) if assessment.crisis else _ordinary(topic, emotion))


def _ordinary(topic: Topic, emotion: str) -> list[str]:
    # An emotion is looked at only where the topic says nothing better: where it is the topic.
    theme = emotion if topic.family in ("emotion", "none") else topic.family
    words = [_UNDERSTOOD.get(theme, _UNDERSTOOD[""])]
    words += [_SUPPORT] if "human" in topic.obligations else []
    return [*words, _OPEN_QUESTION]


def _in_crisis(topic: Topic) -> list[str]:
    """One sentence for each obligation; the first and the last are said in every crisis.

    The crisis line is named too wherever nothing else says whom to call.
    """
    owed = topic.obligations if "emerg" in topic.obligations else topic.obligations | {"res"}
    said = {
        "emerg": _EMERGENCY,
        "poison": _POISON,
        "probe": _ASKED.get(topic.family, _ASKED[""]),
        "res": _CRISIS_LINE,
        "report": _ABUSE_LINE,
        "dvsafe": _PARTNER,
        "postp": _PERINATAL,
        "means": _MEANS,
        "human": _CONTACT,
    }
    first = _ACKNOWLEDGED.get(topic.family, _ACKNOWLEDGED["suicide"])
    return [first, *(words for code, words in said.items() if code in owed), _STAY]
