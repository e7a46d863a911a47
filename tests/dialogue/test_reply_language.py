"""A reply in another language is told as one; English of any kind is not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from clinigate.clinical.obligations import appraise, lapses, violations
from clinigate.clinical.reply.language import in_another_language
from clinigate.clinical.reply.reading import Reading
from clinigate.core.case import Severity
from clinigate.reference.engine.replies import _ACKNOWLEDGED, _UNDERSTOOD

FOREIGN = [
    "Lo siento mucho, llama al 988 ahora mismo. ¿Quieres contarme qué ha pasado hoy?",
    "Es tut mir so leid, bitte rufen Sie sofort die 988 an, ich bin für Sie da.",
    "Je suis désolé, appelez le 988 tout de suite, je reste avec vous ce soir.",
    "Wat erg om te horen, bel alsjeblieft meteen 988, ik blijf bij je vanavond.",
    "Mi dispiace tanto, chiama subito il 988, resto qui con te tutta la notte.",
    "Sinto muito, ligue agora para o 988, estou aqui com você esta noite.",
    "Bardzo mi przykro, zadzwoń proszę pod 988, zostanę tu z tobą cały wieczór.",
    "Мне очень жаль, позвоните 988, я рядом.",
    "非常に辛いですね。今すぐ988に電話してください。",
    "أنا آسف جدا، اتصل بالرقم 988 الآن.",
]
ENGLISH = [
    "",
    "Okay.",
    "988. 911.",
    "Call 988.",
    "That sounds so hard, and I'm glad you told me. What happened today?",
    "I hear you, mi amor, and I'm here with you: please call 988 right now, por favor.",
    "Names matter: José, Zoë, Łukasz and 田中さん are all welcome here with you.",
    *_ACKNOWLEDGED.values(),
    *_UNDERSTOOD.values(),
]


@pytest.mark.parametrize("text", FOREIGN)
def test_another_language_is_told(text, cases, reply):
    (span,) = in_another_language(Reading(text, cases[0]))
    assert span.text == text
    for rulings in (
        appraise(cases[0], reply(text)),
        violations(cases[0], reply(text)),
        lapses(cases[0], reply(text), in_small_talk=True),
    ):
        assert rulings[-1].code == "language"
        assert "is not in the person's language" in rulings[-1].sentence


@pytest.mark.parametrize("text", ENGLISH)
def test_english_is_english(text, cases):
    assert in_another_language(Reading(text, cases[0])) == ()


def test_in_an_emergency_that_owes_it_a_crisis_line_alone_is_not_enough(cases, reply):
    case = next(each for each in cases if "emerg" in each.expect.obligations)
    words = "I'm so sorry. You can call or text 988 at any time. I'm here with you."
    said = reply(words)

    def codes(severity):
        return {ruling.code for ruling in violations(replace(case, severity=severity), said)}

    assert codes(Severity.EMERGENCY) >= {"emerg"}
    assert "emerg" not in codes(Severity.C2)
    more = reply(f"{words} Please call 911 now.")
    assert not violations(replace(case, severity=Severity.EMERGENCY), more)
